import { Array as Arr, Duration, Effect, Layer, Result, Stream } from "effect"
import type { SqlError } from "effect/sql"
import { hostname } from "node:os"
import { EventId, Incarnation } from "../../../domain/Ids.ts"
import type { HandlerName } from "../../../domain/Subscription.ts"
import { type Attempt, DeliveryStore, type UndecodableDelivery } from "../../../ports/DeliveryStore.ts"
import type { Delivery } from "../../../ports/EventBus.ts"
import { DeliverySql, HeartbeatSql } from "./Clients.ts"
import * as EventRow from "./EventRow.ts"
import { orUnavailable } from "./Faults.ts"

/** Everybody listens on it and looks into the table when it rings; it carries nothing. */
const channel = "ams_delivery"

/** Own rows this old that are not in memory were lost on their way there (COMMIT's answer was). */
const strayAfter = Duration.seconds(5)

/** Claims of as many rows or more use two connections. */
const worthSplitting = 1000

interface ClaimedRow {
  readonly eventId: string
  readonly handler: HandlerName
  readonly lease: number
  readonly attempts: number
}

const keys = (deliveries: ReadonlyArray<Delivery>) => ({
  ids: deliveries.map((delivery) => delivery.event.id),
  handlers: deliveries.map((delivery) => delivery.handler),
  leases: deliveries.map((delivery) => delivery.lease),
  owners: deliveries.map((delivery) => delivery.owner)
})

export const layer = Layer.effect(
  DeliveryStore,
  Effect.gen(function*() {
    const sql = yield* DeliverySql
    // A heartbeat must not wait behind the work whose health it shows.
    const alive = yield* HeartbeatSql
    const events = sql.literal(EventRow.columns)

    const asDelivery = (self: Incarnation, row: ClaimedRow): Result.Result<Delivery, UndecodableDelivery> => {
      const held = { handler: row.handler, owner: self, lease: row.lease }
      return Result.mapBoth(EventRow.decode(row), {
        onSuccess: (event) => ({ ...held, event, attempts: row.attempts }),
        onFailure: (error) => ({ ...held, event: { id: EventId.make(row.eventId) }, error })
      })
    }

    const noted = (attempt: Attempt) =>
      sql`jsonb_build_array(jsonb_build_object('number', ${attempt.number}::int, 'at', now(),
        'class', ${attempt.class}::text, 'rule', ${attempt.rule}::text, 'error', ${attempt.error}::text))`

    /** These rows become ours, unless somebody is faster. */
    const take = (self: Incarnation, picked: ReadonlyArray<Pick<ClaimedRow, "eventId" | "handler">>) =>
      picked.length === 0 ? Effect.succeed([]) : sql<ClaimedRow>`
        with taken as (
          update event_delivery d
          set owner = ${self}, lease = d.lease + 1, claimed_at = now(),
            takeovers = d.takeovers + case when d.owner is null or d.owner = ${self} then 0 else 1 end
          from (
            select d.event_id, d.handler
            from unnest(${picked.map((row) => row.eventId)}::uuid[], ${picked.map((row) => row.handler)}::text[])
              as k(event_id, handler)
            join event_delivery d on d.event_id = k.event_id and d.handler = k.handler
            for update of d skip locked
          ) k
          where d.event_id = k.event_id and d.handler = k.handler
          returning d.event_id, d.handler, d.lease, d.attempts
        )
        select t.event_id as "eventId", t.handler, t.lease, t.attempts, ${events}
        from taken t join event e on e.id = t.event_id`

    /** The oldest due rows of one handler that nobody owns. */
    const claimWaiting = (self: Incarnation, handler: HandlerName, places: number) =>
      sql<ClaimedRow>`
        with picked as (
          select event_id from event_delivery
          where handler = ${handler} and owner is null and next_attempt_at <= now()
          order by event_id limit ${places} for update skip locked
        ), taken as (
          update event_delivery d set owner = ${self}, lease = d.lease + 1, claimed_at = now()
          from picked where d.event_id = picked.event_id and d.handler = ${handler}
          returning d.event_id, d.handler, d.lease, d.attempts
        )
        select t.event_id as "eventId", t.handler, t.lease, t.attempts, ${events}
        from taken t join event e on e.id = t.event_id order by t.event_id`

    /** Rows of processes that are gone, and old ones of our own. */
    const orphans = (self: Incarnation, handlers: ReadonlyArray<HandlerName>, limit: number) =>
      sql<{ readonly eventId: string; readonly handler: HandlerName; readonly own: boolean }>`
        select d.event_id as "eventId", d.handler, d.owner = ${self} as own from event_delivery d
        where d.handler = any(${handlers}) and d.owner is not null and (
          (d.owner = ${self} and d.claimed_at < now() - ${`${Duration.toMillis(strayAfter)} milliseconds`}::interval)
          or not exists (select from node n where n.incarnation = d.owner)
        )
        order by d.event_id limit ${limit}`

    return DeliveryStore.of({
      join: (incarnation) =>
        orUnavailable(alive`
          insert into node (incarnation, host, pid) values (${incarnation}, ${hostname()}, ${process.pid})
          on conflict (incarnation) do update set heartbeat_at = now()`),
      beat: (incarnation) =>
        orUnavailable(alive`update node set heartbeat_at = now() where incarnation = ${incarnation} returning 1`).pipe(
          Effect.map((rows) => rows.length === 1)
        ),
      bury: (self, silentFor) =>
        orUnavailable(alive`
          delete from node where incarnation <> ${self}
            and heartbeat_at < now() - ${`${Duration.toMillis(silentFor)} milliseconds`}::interval
          returning 1`).pipe(Effect.map((rows) => rows.length)),
      leave: (incarnation) =>
        orUnavailable(sql`
          with given as (
            update event_delivery set owner = null, next_attempt_at = least(next_attempt_at, now())
            where owner = ${incarnation} returning 1
          ), left_node as (delete from node where incarnation = ${incarnation})
          select 1 from given`).pipe(Effect.map((rows) => rows.length)),
      claim: Effect.fnUntraced(function*(self, room, holds) {
        const rows: Array<ClaimedRow> = []
        const withRoom = room.filter((one) => one.places > 0)
        // Much at once is two statements side by side: what they take does not overlap.
        const claims = withRoom.flatMap(({ handler, places }) =>
          places < worthSplitting
            ? [claimWaiting(self, handler, places)]
            : [claimWaiting(self, handler, Math.ceil(places / 2)), claimWaiting(self, handler, Math.floor(places / 2))]
        )
        for (const claimed of yield* orUnavailable(Effect.all(claims, { concurrency: 2 }))) rows.push(...claimed)
        if (withRoom.length > 0) {
          const found = yield* orUnavailable(orphans(self, withRoom.map((one) => one.handler), 1000))
          const strays = found.filter((row) => !row.own || !holds(row.eventId, row.handler))
          rows.push(...(yield* orUnavailable(take(self, strays))))
        }
        const [deliveries, undecodable] = Arr.partition(rows, (row) => asDelivery(self, row))
        return { deliveries, undecodable }
      }),
      complete: (deliveries) => {
        const { handlers, ids, leases, owners } = keys(deliveries)
        return orUnavailable(sql`
          with done as (
            delete from event_delivery d
            using unnest(${ids}::uuid[], ${handlers}::text[], ${leases}::int[], ${owners}::uuid[])
              as k(event_id, handler, lease, owner)
            where d.event_id = k.event_id and d.handler = k.handler and d.lease = k.lease and d.owner = k.owner
            returning d.event_id, d.handler
          )
          update failed_event f set status = 'RESOLVED', resolved_at = now()
          from done where f.status = 'REPLAYING' and f.event_id = done.event_id and f.handler = done.handler`)
      },
      postpone: ({ event, handler, lease, owner }, attempt, delay, stay) =>
        orUnavailable(sql`
          update event_delivery
          set attempts = ${attempt.number}, history = history || ${noted(attempt)},
            next_attempt_at = now() + ${`${Math.ceil(Duration.toMillis(delay))} milliseconds`}::interval,
            owner = case when ${stay} then owner end, claimed_at = now()
          where event_id = ${event.id} and handler = ${handler} and owner = ${owner} and lease = ${lease}`),
      park: ({ event, handler, lease, owner }, id, attempt) =>
        orUnavailable(sql`
          with gone as (
            delete from event_delivery
            where event_id = ${event.id} and handler = ${handler} and owner = ${owner} and lease = ${lease}
            returning event_id, handler, academy_id, history || ${noted(attempt)} as history
          )
          insert into failed_event (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint,
            attempts, first_failed_at, last_failed_at, status, traceparent)
          select ${id}, g.event_id, g.handler, g.academy_id, e.type, ${attempt.class}, ${attempt.rule}, ${attempt.error},
            g.handler || ':' || ${attempt.rule}, g.history, coalesce((g.history -> 0 ->> 'at')::timestamptz, now()), now(),
            'OPEN', e.traceparent
          from gone g join event e on e.id = g.event_id
          on conflict (event_id, handler) do update set
            class = excluded.class, rule = excluded.rule, error = excluded.error, fingerprint = excluded.fingerprint,
            attempts = failed_event.attempts || excluded.attempts, last_failed_at = excluded.last_failed_at, status = 'OPEN'`),
      announce: orUnavailable(sql`select pg_notify(${channel}, '')`),
      announcements: Stream.unwrap(Effect.map(alive.listen(channel), Stream.fromQueue)).pipe(
        Stream.map(() => undefined),
        Stream.catch((error: SqlError.SqlError) => Stream.fromEffect(orUnavailable(Effect.fail(error))))
      ),
      backlog: orUnavailable(sql<{ handler: string; open: number; oldest: number }>`
        select handler, count(*)::int as open,
          greatest(0, extract(epoch from now() - min(uuid_extract_timestamp(event_id))))::float8 as oldest
        from event_delivery group by handler order by handler`).pipe(
        Effect.map((rows) => rows.map((row) => ({ handler: row.handler, open: row.open, oldestSeconds: row.oldest })))
      ),
      nodes: orUnavailable(sql<{ incarnation: string; host: string; pid: number; startedAt: Date; silent: number }>`
        select incarnation, host, pid, started_at as "startedAt",
          extract(epoch from now() - heartbeat_at)::float8 as silent
        from node order by started_at`).pipe(
        Effect.map((rows) =>
          rows.map((row) => ({
            incarnation: Incarnation.make(row.incarnation),
            host: row.host,
            pid: row.pid,
            startedAt: row.startedAt,
            silentSeconds: row.silent
          }))
        )
      )
    })
  })
)
