import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { forgottenAfter } from "../../../domain/LoginDelay.ts"
import { Retention } from "../../../ports/Retention.ts"
import { orUnavailable } from "./Faults.ts"

const interval = (duration: Duration.Duration) => `${Math.ceil(Duration.toMillis(duration))} milliseconds`

/** Bytes; less is not worth the lock. */
const worthEmptying = 1024 * 1024

export const layer = Layer.effect(
  Retention,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** Days of events that are old enough and that nothing open names, oldest first. */
    const droppable = (olderThan: Duration.Duration) =>
      sql<{ name: string; detached: boolean }>`
        select name, detached from old_event_partitions(now() - ${interval(olderThan)}::interval) order by name`

    return Retention.of({
      makePartitions: (daysAhead) =>
        orUnavailable(sql<{ made: number }>`select make_event_partitions(${daysAhead}) as made`).pipe(
          Effect.map(([row]) => row?.made ?? 0)
        ),
      dropPartitions: Effect.fn("Retention.dropPartitions")(function*(olderThan) {
        const dropped: Array<string> = []
        for (const { detached, name } of yield* orUnavailable(droppable(olderThan))) {
          // Concurrently: nobody who writes events waits. One that was interrupted between the two is only dropped.
          if (!detached) yield* orUnavailable(sql`alter table event detach partition ${sql(name)} concurrently`)
          yield* orUnavailable(sql`drop table ${sql(name)}`)
          dropped.push(name)
        }
        return dropped
      }),
      deleteFailedEvents: (resolvedFor, limit) =>
        orUnavailable(sql`
          delete from failed_event where id in (
            select id from failed_event
            where resolved_at < now() - ${interval(resolvedFor)}::interval and status in ('RESOLVED', 'DISCARDED')
            order by resolved_at limit ${limit}
          ) returning 1`).pipe(Effect.map((rows) => rows.length)),
      deleteAccess: ({ logins, verifications }, limit) =>
        orUnavailable(Effect.gen(function*() {
          yield* sql`delete from rate_counter where expires_at < now()`
          yield* sql`delete from login_delay where failed_at < now() - ${interval(forgottenAfter)}::interval`
          yield* sql`delete from phone_verification where id in (
            select id from phone_verification where created_at < now() - ${interval(verifications)}::interval
            order by created_at limit ${limit})`
          const gone = yield* sql`
            delete from login_session where id in (
              select id from login_session
              where expires_at < now() - ${interval(logins)}::interval or ended_at < now() - ${
            interval(logins)
          }::interval
              order by expires_at limit ${limit}
            ) returning 1`
          return gone.length
        })),
      deleteAnswers: (limit) =>
        orUnavailable(sql`
          delete from idempotency_key where (member_id, key) in (
            select member_id, key from idempotency_key where created_at <= now() - interval '24 hours'
            order by created_at limit ${limit}
          ) returning 1`).pipe(Effect.map((rows) => rows.length)),
      emptyDeliveries: orUnavailable(
        sql<{ freed: number }>`select empty_deliveries(${BigInt(worthEmptying)})::float8 as freed`
      ).pipe(Effect.map(([row]) => row?.freed ?? 0))
    })
  })
)
