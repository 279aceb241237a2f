/** Rates in PostgreSQL, as two processes take from them; and whoever fails to log in, slowed down by both. */
import { assert, it, layer } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Clients from "../../../../src/adapters/out/postgres/Clients.ts"
import * as RateLimitsOf from "../../../../src/adapters/out/postgres/PostgresRateLimits.ts"
import { RateExceeded } from "../../../../src/domain/Rate.ts"
import { LoginDelays } from "../../../../src/ports/LoginDelays.ts"
import { RateLimits } from "../../../../src/ports/RateLimits.ts"
import { StorageUnavailable } from "../../../../src/ports/UnitOfWork.ts"
import { testSettings } from "../../../support/app.ts"
import { freshDatabaseUrl } from "../../../support/postgres.ts"

const limits = { member: 3, address: 40, codes: { address: 5, academy: 5, all: 5 } }
const key = Redacted.make("a key")

/** Another process of the same system. */
const process = (url: Redacted.Redacted, limitsOf = limits) =>
  Layer.provideMerge(RateLimitsOf.layer(limitsOf, key), Clients.layer({ ...testSettings, url }))

const take = (...asked: Parameters<RateLimits["Service"]["take"]>) =>
  Effect.flatMap(RateLimits, (rates) => rates.take(...asked))

const isExceeded = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RateExceeded

it.live("grants what the rate says and not one more, however many ask at once at however many processes", () =>
  Effect.scoped(Effect.gen(function*() {
    const { url } = yield* freshDatabaseUrl()
    const [one, other] = [yield* Layer.build(process(url)), yield* Layer.build(process(url))]
    const exits = yield* Effect.forEach(
      Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : other)),
      (context) => Effect.exit(Effect.provideContext(take("ADDRESS", "203.0.113.7"), context)),
      { concurrency: "unbounded" }
    )
    assert.lengthOf(exits.filter(Exit.isSuccess), 40)
    assert.lengthOf(exits.filter(isExceeded), 60)
    // Another address has its own.
    yield* Effect.provideContext(take("ADDRESS", "203.0.113.8"), other)
    // Nobody reads there who called.
    const sql = SqlClient.SqlClient
    const rows = yield* Effect.provideContext(
      Effect.flatMap(sql, (sql) => sql`select encode(key, 'escape') as key from rate_counter`),
      one
    )
    assert.lengthOf(rows, 2)
    assert.notInclude(JSON.stringify(rows), "203.0.113")
  })))

layer(Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => process(url))))("a rate", (it) => {
  it.effect("says what is left and when it is whole again", () =>
    Effect.gen(function*() {
      const first = yield* take("CODE_MINUTE", "+821012345678")
      assert.strictEqual(first.remaining, 2)
      assert.closeTo(Duration.toMillis(first.resetAfter), 20_000, 500)
      yield* take("CODE_MINUTE", "+821012345678")
      yield* take("CODE_MINUTE", "+821012345678")
      const refused = yield* Effect.flip(take("CODE_MINUTE", "+821012345678"))
      assert.instanceOf(refused, RateExceeded)
      if (refused instanceof RateExceeded) assert.closeTo(Duration.toMillis(refused.retryAfter), 60_000, 1_000)
      // Asking in vain makes it no longer.
      const again = yield* Effect.flip(take("CODE_MINUTE", "+821012345678"))
      if (again instanceof RateExceeded) assert.isAtMost(Duration.toMillis(again.retryAfter), 60_000)
      const sql = yield* SqlClient.SqlClient
      yield* sql`update rate_counter set expires_at = now() - interval '1 millisecond'`
      assert.strictEqual((yield* take("CODE_MINUTE", "+821012345678")).remaining, 2)
    }))

  it.effect("of a member is counted by each process alone, without the database", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`delete from rate_counter`
      assert.strictEqual((yield* take("MEMBER", "m")).remaining, 2)
      assert.lengthOf(yield* sql`select from rate_counter`, 0)
    }))

  it.effect("slows down who fails, and nobody else, until it succeeds", () =>
    Effect.gen(function*() {
      const delays = yield* LoginDelays
      const now = DateTime.makeUnsafe("2026-03-02T07:00:00Z")
      const waits = (key: string, seconds = 0) =>
        Effect.map(delays.waitFor(key, DateTime.add(now, { seconds })), Duration.toSeconds)
      for (let count = 0; count < 5; count++) {
        assert.strictEqual(yield* waits("here me"), 0)
        yield* delays.failed("here me", now)
      }
      assert.strictEqual(yield* waits("here me"), 30)
      assert.strictEqual(yield* waits("there me"), 0)
      yield* delays.failed("here me", DateTime.add(now, { seconds: 30 }))
      assert.strictEqual(yield* waits("here me", 30), 60)
      yield* delays.succeeded("here me")
      assert.strictEqual(yield* waits("here me"), 0)
      yield* delays.failed("here me", now)
      // After a day the old ones are forgotten.
      yield* delays.failed("here me", DateTime.add(now, { days: 1 }))
      assert.strictEqual(yield* waits("here me", 86_400), 0)
    }))
})

it.live("that cannot be counted is refused", () =>
  Effect.scoped(Effect.gen(function*() {
    // Nobody listens there.
    const gone = Redacted.make("postgres://ams@127.0.0.1:1/ams")
    const context = yield* Layer.build(process(gone))
    const refused = yield* Effect.flip(Effect.provideContext(take("CODE_ALL", ""), context))
    assert.instanceOf(refused, StorageUnavailable)
    yield* Effect.provideContext(take("MEMBER", "m"), context)
  })))
