/** Turns at a provider: its rate limit, kept before it has to refuse. */
import { Effect } from "effect"
import { RateLimiter } from "effect/persistence"

/** By `key`, as an account: waits until one of `perSecond` calls of this process in a second is free. A second may be saved up. */
export const make = Effect.fnUntraced(
  function*(perSecond: number) {
    const limiter = yield* RateLimiter.make
    // Nothing to fail with: the counter is in memory, and whoever comes too early waits.
    return (key: string) =>
      Effect.orDie(
        RateLimiter.sleep(limiter, { key, algorithm: "token-bucket", limit: perSecond, window: "1 second" })
      )
  },
  Effect.provide(RateLimiter.layerStoreMemory)
)
