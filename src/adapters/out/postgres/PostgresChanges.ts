/** Word from process to process by NOTIFY, outside of every transaction of anybody else's. */
import { Array as Arr, Effect, Layer, Stream } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Changes } from "../../../ports/Changes.ts"
import { HeartbeatSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"

/** Its payload: ids, parted by spaces. */
const channel = "ams_change"

/** A payload has at most 8,000 bytes, an id with its space 37. */
const idsAtOnce = 200

export const layer = Layer.effect(
  Changes,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const listening = yield* HeartbeatSql
    return Changes.of({
      announce: Effect.fn("Changes.announce")((ids) =>
        // NOTIFY holds one lock for the whole server until its commit is on disk, for which nobody has to wait here.
        orUnavailable(sql`
          select set_config('synchronous_commit', 'off', true), pg_notify(${channel}, payload)
          from unnest(${Arr.chunksOf(ids, idsAtOnce).map((some) => some.join(" "))}::text[]) as payload`).pipe(
          Effect.asVoid
        )
      ),
      announcements: Stream.unwrap(
        Effect.map(listening.listen(channel), (queue) =>
          Stream.concat(
            Stream.succeed<ReadonlyArray<string>>([]),
            Stream.map(Stream.fromQueue(queue), ({ payload }) => payload.split(" "))
          ))
      ).pipe(
        Stream.catch((error: SqlError.SqlError) => Stream.fromEffect(orUnavailable(Effect.fail(error))))
      )
    })
  })
)
