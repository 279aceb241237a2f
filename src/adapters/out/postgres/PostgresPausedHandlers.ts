import { Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { MemberId } from "../../../domain/Ids.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import type { Operator } from "../../../ports/FailedEventStore.ts"
import { PausedHandlers } from "../../../ports/PausedHandlers.ts"
import { orUnavailable } from "./Faults.ts"

const decode = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  handler: HandlerName,
  reason: Schema.String,
  pausedBy: Schema.NullOr(MemberId),
  pausedAt: Schema.Date
})))

/** The bell of all processes, see `DeliveryStore.announce`. */
const channel = "ams_delivery"

export const layer = Layer.effect(
  PausedHandlers,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const random = yield* SecureRandom.SecureRandom

    /** For the whole system, so of no academy, whichever the operator has named. */
    const audit = (by: Operator, entry: string, action: string, handler: HandlerName, reason: string | null) =>
      sql`insert into audit_entry (id, actor_id, channel, action, subject, reason)
        select ${entry}::uuid, ${by.actorId}::uuid, ${by.channel}, ${action}, ${`handler/${handler}`}, ${reason}::text
        from changed`

    return PausedHandlers.of({
      // A handler that no version of AMS has cannot be paused.
      list: orUnavailable(sql`
        select handler, reason, paused_by as "pausedBy", paused_at as "pausedAt" from paused_handler order by handler`)
        .pipe(
          Effect.map((rows) => decode(rows.filter(({ handler }) => Schema.is(HandlerName)(handler))))
        ),
      pause: Effect.fn("PausedHandlers.pause")(function*(by, handler, reason) {
        const entry = yield* random.uuidV7()
        const rows = yield* orUnavailable(sql`
          with changed as (
            insert into paused_handler (handler, reason, paused_by) values (${handler}, ${reason}, ${by.actorId}::uuid)
            on conflict do nothing returning 1
          ), audited as (${audit(by, entry, "handler.pause", handler, reason)})
          select pg_notify(${channel}, '') from changed`)
        return rows.length === 1
      }),
      resume: Effect.fn("PausedHandlers.resume")(function*(by, handler) {
        const entry = yield* random.uuidV7()
        const rows = yield* orUnavailable(sql`
          with changed as (delete from paused_handler where handler = ${handler} returning 1),
          audited as (${audit(by, entry, "handler.resume", handler, null)})
          select pg_notify(${channel}, '') from changed`)
        return rows.length === 1
      })
    })
  })
)
