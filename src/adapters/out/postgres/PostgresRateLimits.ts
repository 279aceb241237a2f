import { Duration, Effect, Layer, Redacted } from "effect"
import { RateLimiter } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { createHmac } from "node:crypto"
import { type Limits, RateExceeded, ratesOf } from "../../../domain/Rate.ts"
import { LoginDelays } from "../../../ports/LoginDelays.ts"
import { RateLimits } from "../../../ports/RateLimits.ts"
import { StorageUnavailable } from "../../../ports/UnitOfWork.ts"
import { makeDelays } from "./LoginDelayRows.ts"
import * as RateStore from "./RateStore.ts"

/** `key`: a secret of this system, the same in all its processes. */
const hashing = (key: Redacted.Redacted) => (text: string): Uint8Array =>
  createHmac("sha256", `rates ${Redacted.value(key)}`).update(text).digest()

/** Effect's store in memory keeps whoever came once: it is begun anew so often, with at most one window granted twice. */
const keptFor = Duration.hours(1)

export const layer = (limits: Limits, key: Redacted.Redacted) =>
  Layer.merge(
    Layer.effect(
      RateLimits,
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const rates = ratesOf(limits)
        const own = yield* Effect.cachedWithTTL(
          Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory),
          keptFor
        )
        const shared = yield* Effect.provideService(
          RateLimiter.make,
          RateLimiter.RateLimiterStore,
          RateStore.make(sql, hashing(key))
        )
        return RateLimits.of({
          take: (name, of) => {
            const rate = rates[name]
            const { limit, window } = rate
            return Effect.flatMap(
              rate.shared ? Effect.succeed(shared) : own,
              (limiter) => limiter.consume({ key: `${rate.name} ${of}`, limit, window })
            ).pipe(
              Effect.map(({ remaining, resetAfter }) => ({ rate, remaining, resetAfter })),
              Effect.mapError(({ reason }) =>
                reason._tag === "RateLimitExceeded"
                  ? new RateExceeded({ rate, retryAfter: reason.retryAfter })
                  : new StorageUnavailable({ conflict: false, cause: reason })
              )
            )
          }
        })
      })
    ),
    Layer.effect(LoginDelays, Effect.map(SqlClient.SqlClient, (sql) => makeDelays(sql, hashing(key))))
  )
