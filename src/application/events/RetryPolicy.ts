/**
 * How long each effect may take and how often it is tried: the one table.
 *
 * A wait grows by doubling from `first` to `most`, each one 80 to 120 % of that. `Retry-After` wins over it.
 */
import { Duration, Effect, Option, Pull, Schedule } from "effect"
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
}

/** Figures of the design's table "Failing"; batch and concurrency from `bench/`. */
export const policies: Readonly<Record<HandlerName, RetryPolicy>> = {
  ReadModelSync: {
    timeout: Duration.seconds(5),
    retries: 5,
    first: Duration.millis(100),
    most: Duration.seconds(5),
    batch: 200,
    concurrency: 2
  },
  Statistics: {
    timeout: Duration.seconds(5),
    retries: 5,
    first: Duration.millis(100),
    most: Duration.seconds(5),
    batch: 200,
    concurrency: 1
  },
  Notifications: {
    timeout: Duration.seconds(5),
    retries: 5,
    first: Duration.millis(100),
    most: Duration.seconds(5),
    // As many as one confirmed list may have, so that siblings share a message.
    batch: 500,
    concurrency: 1
  },
  // A notification provider: one message a call.
  SendMessage: {
    timeout: Duration.seconds(5),
    retries: 3,
    first: Duration.millis(500),
    most: Duration.seconds(3),
    batch: 1,
    concurrency: 8
  }
}

/** Waits longer than this are the row's `next_attempt_at`, not a sleeping fiber. */
export const longestSleep = Duration.seconds(1)

export const schedule = (policy: RetryPolicy): Schedule.Schedule<unknown> =>
  Schedule.min([Schedule.exponential(policy.first), Schedule.spaced(policy.most)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: policy.retries })
  )

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
  const step = yield* Schedule.toStep(schedule(policy))
  const walk: Effect.Effect<Option.Option<Duration.Duration>> = Effect.gen(function*() {
    let wait = Duration.zero
    for (let number = 1; number <= attempt; number++) wait = (yield* step(0, undefined))[1]
    return Option.some(wait)
  }).pipe(Pull.catchDone(() => Effect.succeedNone))
  const wait = yield* walk
  return Option.map(wait, (scheduled) => failure.retryAfter ?? scheduled)
})
