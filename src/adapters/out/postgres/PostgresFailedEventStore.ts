import { Effect, Layer, Option, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import type { AcademyId, FailedEventId } from "../../../domain/Ids.ts"
import { FailedEvent, FailedEventStore, type Operator } from "../../../ports/FailedEventStore.ts"
import { orUnavailable } from "./Faults.ts"

const decode = Schema.decodeUnknownSync(Schema.Array(FailedEvent))

export const layer = Layer.effect(
  FailedEventStore,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const random = yield* SecureRandom.SecureRandom

    const columns = sql.literal(
      `id, event_id as "eventId", event_type as "eventType", handler, academy_id as "academyId",
      class, rule, error, fingerprint, attempts, first_failed_at as "firstFailedAt", last_failed_at as "lastFailedAt",
      status, replays, reason`
    )
    const of = (academyId: AcademyId | null) => academyId === null ? sql`true` : sql`academy_id = ${academyId}`

    /** What an operator did, in the same statement that did it: `changed` is the row, if it was as expected. */
    const audit = (by: Operator, entry: string, action: string, id: FailedEventId, reason: string | null) =>
      sql`insert into audit_entry (id, academy_id, actor_id, channel, action, subject, reason)
        select ${entry}::uuid, academy_id, ${by.actorId}::uuid, ${by.channel}, ${action}, ${`failed_event/${id}`},
          ${reason}::text from changed`

    return FailedEventStore.of({
      list: ({ academyId, after, handler, limit, status }) =>
        orUnavailable(sql`
          select ${columns} from failed_event
          where ${of(academyId)} and ${status === undefined ? sql`true` : sql`status = ${status}`}
            and ${handler === undefined ? sql`true` : sql`handler = ${handler}`}
            and ${after === undefined ? sql`true` : sql`id < ${after}`}
          order by id desc limit ${limit}`).pipe(Effect.map((rows) => decode(rows))),
      find: (academyId, id) =>
        orUnavailable(sql`select ${columns} from failed_event where id = ${id} and ${of(academyId)}`).pipe(
          Effect.map((rows) => Option.fromUndefinedOr(decode(rows)[0]))
        ),
      replay: Effect.fn("FailedEventStore.replay")(function*(by, id) {
        const entry = yield* random.uuidV7()
        const rows = yield* orUnavailable(sql`
          with changed as (
            update failed_event set status = 'REPLAYING', replays = replays + 1
            where id = ${id} and status = 'OPEN' and ${of(by.academyId)}
            returning event_id, handler, academy_id
          ), again as (
            insert into event_delivery (event_id, handler, academy_id) select event_id, handler, academy_id from changed
          ), audited as (${audit(by, entry, "failed-event.replay", id, null)})
          select 1 from changed`)
        return rows.length === 1
      }),
      discard: Effect.fn("FailedEventStore.discard")(function*(by, id, reason) {
        const entry = yield* random.uuidV7()
        const rows = yield* orUnavailable(sql`
          with changed as (
            update failed_event set status = 'DISCARDED', reason = ${reason}, resolved_at = now()
            where id = ${id} and status = 'OPEN' and ${of(by.academyId)}
            returning academy_id
          ), audited as (${audit(by, entry, "failed-event.discard", id, reason)})
          select 1 from changed`)
        return rows.length === 1
      }),
      countOpen: orUnavailable(sql<{ open: number }>`
        select count(*)::int as open from failed_event where status = 'OPEN'`).pipe(
        Effect.map(([row]) => row?.open ?? 0)
      )
    })
  })
)
