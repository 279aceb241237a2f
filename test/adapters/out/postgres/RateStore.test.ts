import { Context, Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as RateStore from "../../../../src/adapters/out/postgres/RateStore.ts"
import { keepsRates, Passing } from "../../../contract/RateLimiterStore.contract.ts"
import { freshDatabase } from "../../../support/postgres.ts"

/** By the database's clock: what lies there grows older. */
const postgres = Layer.effectContext(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const passing = Passing.of({
    pass: (duration) =>
      Effect.orDie(sql`update rate_counter set expires_at = expires_at
        - ${`${Duration.toMillis(duration)} milliseconds`}::interval`)
  })
  const store = RateStore.make(sql, (key) => Buffer.from(key))
  return Context.make(RateLimiter.RateLimiterStore, store).pipe(Context.add(Passing, passing))
})).pipe(Layer.provide(freshDatabase))

const memory = Layer.merge(
  RateLimiter.layerStoreMemory,
  Layer.succeed(Passing, Passing.of({ pass: TestClock.adjust }))
)

keepsRates("a store in PostgreSQL", postgres)
keepsRates("Effect's store in memory", memory)
