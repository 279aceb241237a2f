/** The way of deliveries through one table instead of four: inserted, half of them claimed, all deleted. */
import { Client } from "pg"
import { query } from "./support.ts"

/** Of ten academies. */
const insert = `insert into one_table (event_id, handler, slot, academy_id, owner)
  select uuidv7(), 'ReadModelSync', 0, ('00000000-0000-7000-8000-' || lpad((n % 10)::text, 12, '0'))::uuid,
    case when n % 2 = 0 then $2::uuid end
  from generate_series(1, $1::int) n returning event_id`

const claim = `with lanes as materialized (
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid as lane from generate_series(0, 9) n
  ), picked as materialized (
    select p.* from lanes cross join lateral (
      select d.event_id from one_table d
      where d.handler = 'ReadModelSync' and d.owner is null and d.takeovers < 2 and d.lane = lanes.lane
        and d.next_attempt_at <= now()
      order by d.next_attempt_at, d.event_id limit 64 for update skip locked) p
  )
  update one_table d set owner = $1, lease = d.lease + 1, claimed_at = now() from picked
  where d.event_id = picked.event_id and d.handler = 'ReadModelSync' and d.slot = 0`

/** So many every 100 ms. `claims`: how long each claim took, in ms. */
export const startCopy = async (url: string, rows: number) => {
  await query(
    url,
    `create table one_table (like event_delivery_0 including defaults including generated including indexes)
      with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)`
  )
  const client = new Client(url)
  await client.connect()
  for (const way of ["seqscan", "hashjoin", "mergejoin"]) await client.query(`set enable_${way} = off`)
  const owner = crypto.randomUUID()
  const claims: Array<number> = []
  const end = new AbortController()
  const loop = (async () => {
    while (!end.signal.aborted) {
      const next = performance.now() + 100
      const { rows: made } = await client.query({ name: "insert", text: insert, values: [rows, owner] })
      const began = performance.now()
      await client.query({ name: "claim", text: claim, values: [owner] })
      claims.push(performance.now() - began)
      await client.query({
        name: "delete",
        text: "delete from one_table where event_id = any($1) and handler = 'ReadModelSync' and slot = 0",
        values: [made.map(({ event_id }) => event_id)]
      })
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())))
    }
  })()
  return {
    claims,
    stop: async () => {
      end.abort()
      await loop
      await client.end()
    }
  }
}
