import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { openFor, policyOf, type RetryPolicy, waitAfter } from "../../src/application/events/RetryPolicy.ts"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { handlersOf } from "../../src/domain/Subscription.ts"

const policy: RetryPolicy = {
  timeout: Duration.seconds(1),
  retries: 6,
  first: Duration.millis(100),
  most: Duration.seconds(1),
  batch: 1,
  concurrency: 1,
  trip: CircuitBreaker.consecutive(5),
  slow: Duration.seconds(1),
  open: Duration.seconds(30)
}
const transient = { class: "transient" } as const

/** Milliseconds of many draws of one wait. */
const drawn = (attempt: number, policy: RetryPolicy) =>
  Effect.map(
    Effect.replicateEffect(waitAfter(policy, attempt, transient), 200),
    (waits) => waits.map((wait) => Option.getOrNull(Option.map(wait, Duration.toMillis)))
  )

describe("the wait after a failed attempt", () => {
  it.effect.each([[1, 100], [2, 200], [3, 400], [4, 800], [5, 1000], [6, 1000]])(
    "number %j doubles, up to the most",
    ([attempt, middle]) =>
      Effect.gen(function*() {
        const waits = (yield* drawn(attempt ?? 0, policy)).map((wait) => wait ?? Infinity)
        expect(Math.min(...waits)).toBeGreaterThanOrEqual((middle ?? 0) * 0.8)
        expect(Math.max(...waits)).toBeLessThanOrEqual((middle ?? 0) * 1.2)
      })
  )

  it.effect("is spread over the whole range, so that not all try again at the same moment", () =>
    Effect.gen(function*() {
      const waits = (yield* drawn(1, policy)).map((wait) => wait ?? 0)
      expect(new Set(waits).size).toBeGreaterThan(100)
      expect(Math.min(...waits)).toBeLessThan(90)
      expect(Math.max(...waits)).toBeGreaterThan(110)
    }))

  it.effect("there is none after the last retry, whatever the other side wishes", () =>
    Effect.gen(function*() {
      for (const attempt of [policy.retries + 1, policy.retries + 2, 100]) {
        expect(yield* waitAfter(policy, attempt, transient)).toEqual(Option.none())
        expect(yield* waitAfter(policy, attempt, { ...transient, retryAfter: Duration.seconds(1) })).toEqual(
          Option.none()
        )
      }
      expect(yield* waitAfter({ ...policy, retries: 0 }, 1, transient)).toEqual(Option.none())
    }))

  it.effect("is the other side's own wish, longer or shorter", () =>
    Effect.gen(function*() {
      for (const retryAfter of [Duration.zero, Duration.millis(1), Duration.minutes(10)]) {
        expect(yield* waitAfter(policy, 3, { ...transient, retryAfter })).toEqual(Option.some(retryAfter))
      }
    }))

  it.effect.each(["permanent", "account"] as const)(
    "there is none for a %s failure, not even the first time",
    (kind) =>
      Effect.gen(function*() {
        expect(yield* waitAfter(policy, 1, { class: kind })).toEqual(Option.none())
        expect(yield* waitAfter(policy, 1, { class: kind, retryAfter: Duration.seconds(1) })).toEqual(Option.none())
      })
  )

  it.effect("there is one when nobody knows whether it happened: the handler looks first", () =>
    Effect.gen(function*() {
      expect(Option.isSome(yield* waitAfter(policy, 1, { class: "unknown" }))).toBe(true)
    }))
})

describe("the table", () => {
  it("has the figures of the design", () => {
    const figures = handlersOf([{ channel: NotificationChannel.make("SMS") }]).map((name) => {
      const { first, most, retries, timeout } = policyOf(name)
      return [name, Duration.toSeconds(timeout), retries, Duration.toMillis(first), Duration.toMillis(most)]
    })
    expect(figures).toEqual([
      ["ReadModelSync", 5, 5, 100, 5000],
      ["Statistics", 5, 5, 100, 5000],
      ["Notifications", 5, 5, 100, 5000],
      ["SendMessage:SMS", 20, 3, 500, 3000]
    ])
  })

  it("hands messages to a provider one at a time", () => {
    expect(policyOf("SendMessage:SMS").batch).toBe(1)
  })
})

it.effect("a circuit stays open for a second at first, and twice as long each time, up to its policy's figure", () =>
  Effect.gen(function*() {
    const openings = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 20], (opening) => openFor(policy, opening))
    expect(openings.map(Duration.toSeconds)).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  }))
