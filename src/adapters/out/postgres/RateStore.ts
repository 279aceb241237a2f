/** Counters of Effect's `RateLimiter` in PostgreSQL: one statement a take, by the database's clock, for all processes. */
import { Duration, Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import type { SqlClient } from "effect/sql"
import { inTime } from "./Faults.ts"

/** A counter that cannot be reached quickly is no counter. */
const patience = Duration.seconds(2)

/** Fixed windows only: that is what the rates of AMS are. */
export const make = (
  sql: SqlClient.SqlClient,
  keyOf: (key: string) => Uint8Array
): RateLimiter.RateLimiterStore["Service"] => {
  const unavailable = (cause: unknown) =>
    new RateLimiter.RateLimiterError({
      reason: new RateLimiter.RateLimitStoreError({ message: "the counter cannot be reached", cause })
    })
  const unused = Effect.die(new Error("rates are counted in fixed windows"))

  return RateLimiter.RateLimiterStore.of({
    fixedWindow: ({ key, limit, refillRate, tokens }) => {
      const most = limit ?? 2 ** 31 - 1
      const grown = `${Duration.toMillis(refillRate) * tokens} milliseconds`
      return inTime(patience)(sql<{ count: number; ttl: number }>`
        insert into rate_counter as c (key, count, refused, expires_at)
        values (${keyOf(key)}, ${tokens}, false, now() + ${grown}::interval)
        on conflict (key) do update set
          count = case when c.expires_at <= now() then ${tokens} when c.count + ${tokens} > ${most} then c.count
            else c.count + ${tokens} end,
          refused = c.expires_at > now() and c.count + ${tokens} > ${most},
          expires_at = case when c.expires_at <= now() then now() + ${grown}::interval
            when c.count + ${tokens} > ${most} then c.expires_at else c.expires_at + ${grown}::interval end
        returning count + case when refused then ${tokens} else 0 end as count,
          (extract(epoch from expires_at - now()) * 1000)::float8 as ttl`).pipe(
        Effect.map(([row]) => [row?.count ?? 0, row?.ttl ?? 0] as const),
        Effect.mapError(unavailable)
      )
    },
    tokenBucket: () => unused,
    adaptiveConsume: () => unused,
    adaptiveFeedback: () => unused
  })
}
