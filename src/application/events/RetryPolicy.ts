/**
 * How long each effect may take, how often it is tried and when it is left alone: the one table.
 *
 * A wait grows by doubling from `first` to `most`, each one 80 to 120 % of that. `Retry-After` wins over it.
 */
import { Duration, Effect, Option, Pull, Schedule } from "effect"
import { CircuitBreaker } from "effect/persistence"
import type { HandlerName } from "../../domain/Subscription.ts"
import type { HandlerFailure } from "../../ports/EventHandler.ts"

export interface RetryPolicy {
  /** Of one attempt. */
  readonly timeout: Duration.Duration
  /** Attempts after the first one. */
  readonly retries: number
  readonly first: Duration.Duration
  readonly most: Duration.Duration
  /** Events handed over at once, at most. */
  readonly batch: number
  /** Batches at the same time, in one process. */
  readonly concurrency: number
  /** The circuit opens when this part of the last 20 calls failed, counted from 5 on. */
  readonly trip: CircuitBreaker.TripPolicy
  /** A call that took longer counts as failed. */
  readonly slow: Duration.Duration
  /** The circuit stays open this long at the most: 1 s at first, doubling while the probes fail. */
  readonly open: Duration.Duration
}

const trip = (threshold: number) => CircuitBreaker.rate({ threshold, size: 20, minimumCalls: 5 })

/** Of what is brought up to date in our own stores. */
const sync = {
  timeout: Duration.seconds(5),
  retries: 5,
  first: Duration.millis(100),
  most: Duration.seconds(5),
  trip: trip(0.4),
  slow: Duration.seconds(1),
  open: Duration.seconds(30)
}

/** A notification provider: one message at a time. Its calls have time-outs of their own, 5 s each (FCM 10 s). */
const provider: RetryPolicy = {
  // SOLAPI takes three calls for a message; this is for what hangs all the same.
  timeout: Duration.seconds(20),
  retries: 3,
  first: Duration.millis(500),
  most: Duration.seconds(3),
  trip: trip(0.6),
  slow: Duration.seconds(3),
  open: Duration.seconds(60),
  batch: 1,
  // At 100 ms a call some 100 messages a second.
  concurrency: 32
}

/** Figures of the design's table "Failing"; batch and concurrency from `bench/`. Senders of messages have one row. */
const policies = {
  ReadModelSync: { ...sync, batch: 200, concurrency: 2 },
  Statistics: { ...sync, batch: 200, concurrency: 1 },
  // As many as one confirmed list may have, so that siblings share a message.
  // Planning asks nobody but our own database, so being slow says nothing about another side: it may take its time-out.
  Notifications: { ...sync, slow: sync.timeout, batch: 500, concurrency: 1 }
} as const satisfies Record<string, RetryPolicy>

export const policyOf = (handler: HandlerName): RetryPolicy =>
  handler === "ReadModelSync" || handler === "Statistics" || handler === "Notifications" ? policies[handler] : provider

/** Waits longer than this are the row's `next_attempt_at`, not a sleeping fiber. */
export const longestSleep = Duration.seconds(1)

/** From so many failed attempts on an event is handled alone: whoever makes a batch fail, fails alone then. */
export const aloneFrom = 2

const capped = (first: Duration.Duration, most: Duration.Duration) =>
  Schedule.min([Schedule.exponential(first), Schedule.spaced(most)])

export const schedule = (policy: RetryPolicy): Schedule.Schedule<unknown> =>
  capped(policy.first, policy.most).pipe(Schedule.jittered, Schedule.upTo({ times: policy.retries }))

/** The schedule's wait with this number, from 1; none when it has ended before. */
const nth = (waits: Schedule.Schedule<unknown>, number: number) =>
  Effect.gen(function*() {
    const step = yield* Schedule.toStep(waits)
    let wait = Duration.zero
    for (let n = 1; n <= number; n++) wait = (yield* step(0, undefined))[1]
    return Option.some(wait)
  }).pipe(Pull.catchDone(() => Effect.succeedNone))

/**
 * The wait after the failed attempt with this number (from 1), or none when it is to be parked: the failure is not one
 * that time heals, or the attempts are used up.
 */
export const waitAfter = Effect.fnUntraced(function*(
  policy: RetryPolicy,
  attempt: number,
  failure: Pick<HandlerFailure, "class" | "retryAfter">
): Effect.fn.Return<Option.Option<Duration.Duration>> {
  // `unknown` is repeated as well: the handler looks before it does it again.
  if (failure.class === "permanent" || failure.class === "account") return Option.none()
  const wait = yield* nth(schedule(policy), attempt)
  return Option.map(wait, (scheduled) => failure.retryAfter ?? scheduled)
})

/** How long a circuit stays open that opens for this many-th time in a row, from 1. */
export const openFor = (policy: RetryPolicy, opening: number): Effect.Effect<Duration.Duration> =>
  Effect.map(nth(capped(Duration.seconds(1), policy.open), opening), Option.getOrElse(() => policy.open))
