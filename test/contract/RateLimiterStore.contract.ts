/** What a store of Effect's rate limiter keeps to in fixed windows: Effect's own in memory, and the one in PostgreSQL. */
import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"

/** Lets time pass, as the store knows it. */
export class Passing extends Context.Service<Passing, {
  readonly pass: (duration: Duration.Duration) => Effect.Effect<void>
}>()("ams/test/Passing") {}

const window = Duration.minutes(1)
const limit = 5
const each = Duration.divideUnsafe(window, limit)

let keys = 0
const newKey = () => `key ${++keys}`

const consume = (key: string, changed: { readonly tokens?: number; readonly onExceeded?: "delay" } = {}) =>
  Effect.flatMap(RateLimiter.RateLimiter, (limiter) => limiter.consume({ key, limit, window, ...changed }))
const take = (key: string, tokens?: number) =>
  Effect.map(consume(key, tokens === undefined ? {} : { tokens }), ({ remaining }) => remaining)
/** How long whoever is refused has to wait; dies when it is not refused. */
const refused = (key: string, tokens?: number) =>
  Effect.flatMap(
    Effect.flip(take(key, tokens)),
    ({ reason }) => reason._tag === "RateLimitExceeded" ? Effect.succeed(reason.retryAfter) : Effect.die(reason)
  )
const use = (key: string, times: number) => Effect.replicateEffect(take(key), times)
const pass = (duration: Duration.Duration) => Effect.flatMap(Passing, ({ pass }) => pass(duration))

/** A store by a clock that goes on while it is asked is a little further than the test. */
const near = (actual: Duration.Duration, expected: Duration.Duration) =>
  assert.closeTo(Duration.toMillis(actual), Duration.toMillis(expected), 2_000)

export const keepsRates = <E>(name: string, store: Layer.Layer<RateLimiter.RateLimiterStore | Passing, E>) =>
  layer(RateLimiter.layer.pipe(Layer.provideMerge(store)))(name, (it) => {
    it.effect("grants the limit and not one more", () =>
      Effect.gen(function*() {
        const key = newKey()
        assert.deepStrictEqual(yield* use(key, limit), [4, 3, 2, 1, 0])
        near(yield* refused(key), window)
      }))

    it.effect("grants no more when they all ask at once", () =>
      Effect.gen(function*() {
        const key = newKey()
        const asked = Array.from({ length: 50 }, () => Effect.option(take(key)))
        const granted = (yield* Effect.all(asked, { concurrency: "unbounded" })).flatMap((one) =>
          one._tag === "Some" ? [one.value] : []
        )
        assert.deepStrictEqual(granted.toSorted(), [0, 1, 2, 3, 4])
      }))

    it.effect("counts each key by itself", () =>
      Effect.gen(function*() {
        const [one, other] = [newKey(), newKey()]
        yield* use(one, limit)
        assert.strictEqual(yield* take(other), 4)
      }))

    it.effect("grants the limit anew when the window is over, and not a moment before", () =>
      Effect.gen(function*() {
        const key = newKey()
        yield* use(key, limit)
        const wait = yield* refused(key)
        yield* pass(Duration.subtract(wait, Duration.seconds(5)))
        near(yield* refused(key), Duration.seconds(5))
        yield* pass(Duration.seconds(6))
        assert.deepStrictEqual(yield* use(key, limit), [4, 3, 2, 1, 0])
        yield* refused(key)
      }))

    it.effect("grows the window by its share with each one, so that who asks evenly is never refused", () =>
      Effect.gen(function*() {
        const key = newKey()
        assert.strictEqual(yield* take(key), 4)
        near((yield* consume(key)).resetAfter, Duration.times(each, 2))
        yield* pass(Duration.times(each, 3))
        for (let n = 0; n < 3 * limit; n++) {
          assert.strictEqual(yield* take(key), 4)
          yield* pass(Duration.sum(each, Duration.seconds(1)))
        }
      }))

    it.effect("neither counts who is refused nor lets them wait longer", () =>
      Effect.gen(function*() {
        const key = newKey()
        const store = yield* RateLimiter.RateLimiterStore
        yield* use(key, limit)
        yield* Effect.replicateEffect(refused(key), 30)
        const asked = { key, tokens: 1, refillRate: each, limit }
        const [count, ttl] = yield* store.fixedWindow(asked)
        assert.strictEqual(count, limit + 1)
        assert.isAtMost(ttl, Duration.toMillis(window))
      }))

    it.effect("takes several at once or none of them", () =>
      Effect.gen(function*() {
        const key = newKey()
        assert.strictEqual(yield* take(key, 3), 2)
        near(yield* refused(key, 3), Duration.times(each, 3))
        assert.strictEqual(yield* take(key, 2), 0)
      }))

    it.effect("lets who may not be refused wait for the window after", () =>
      Effect.gen(function*() {
        const key = newKey()
        const delays = yield* Effect.replicateEffect(consume(key, { onExceeded: "delay" }), 2 * limit + 1)
        assert.isTrue(delays.slice(0, limit).every(({ delay }) => Duration.isZero(delay)))
        for (const { delay } of delays.slice(limit, -1)) near(delay, window)
        const [last] = delays.slice(-1)
        near(last?.delay ?? Duration.zero, Duration.times(window, 2))
      }))
  })
