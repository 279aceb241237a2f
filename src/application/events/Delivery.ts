/**
 * Brings each committed event to its handlers, at least once, until it is done or parked.
 *
 * ```
 *  COMMIT ──▶ place in memory ─┐                 ┌─ done ───────▶ row deleted (batched)
 *                              ├─▶ handler ──────┼─ transient ──▶ again: asleep (≤ 1 s) or next_attempt_at
 *  table ──▶ poll (1 s, bell) ─┘                 └─ permanent ──▶ failed_event
 *            also: rows of the dead              attempts used up ▲
 * ```
 */
import { Array as Arr, Cause, Clock, Duration, Effect, FiberSet, Layer, Option, Queue, Schedule, Stream } from "effect"
import { Latch } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SecureRandom } from "effect/crypto"
import { FailedEventId, Incarnation } from "../../domain/Ids.ts"
import type { HandlerName } from "../../domain/Subscription.ts"
import { type Attempt, DeliveryStore } from "../../ports/DeliveryStore.ts"
import { type Delivery as Held, EventBus } from "../../ports/EventBus.ts"
import { type EventHandler, HandlerFailure } from "../../ports/EventHandler.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import { longestSleep, policies, type RetryPolicy, waitAfter } from "./RetryPolicy.ts"

/** A node shows that it lives this often. */
const heartbeatEvery = Duration.seconds(2)
/** A node silent for this long is dead; whoever buries it must itself have been heard for as long. */
const deadAfter = Duration.seconds(8)
/** The table is looked into at least this often. */
const pollEvery = Duration.seconds(1)
/** Rows that one look takes for one handler, at most; `bench/drain.ts` gains nothing beyond. */
const claimAtOnce = 4000
/** At most one announcement in this time. */
const announceEvery = Duration.millis(5)
/** Finished deliveries are deleted together, at most this long after. */
const completeWithin = Duration.millis(10)
/** Handlers have this long to end what they do when the process stops. */
const drainWithin = Duration.seconds(12)

/** The database will be back: waits 100 ms to 5 s, for ever. */
const untilStored = <A, R>(what: string, effect: Effect.Effect<A, StorageUnavailable, R>): Effect.Effect<A, never, R> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning(`${what}: the database does not answer, trying again`, error.cause)),
    Effect.retry(
      Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)
    ),
    Effect.orDie
  )

/** A background loop: what kills a round is logged, and the next round begins. */
const supervised = <R>(name: string, round: Effect.Effect<void, never, R>): Effect.Effect<never, never, R> =>
  round.pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.andThen(Effect.logError(`${name} failed, going on`, cause), Effect.sleep("1 second"))
    ),
    Effect.forever
  )

const make = Effect.fnUntraced(function*(handlers: ReadonlyArray<EventHandler>) {
  const bus = yield* EventBus
  const store = yield* DeliveryStore
  const random = yield* SecureRandom.SecureRandom
  const finished = yield* Queue.unbounded<Held>()
  const bell = Latch.makeUnsafe(false)
  let inHand = 0
  let stopping = false

  // ---- what happens to one batch

  const park = Effect.fnUntraced(function*(
    delivery: Parameters<typeof store.park>[0] & { readonly handler: HandlerName },
    attempt: Attempt
  ) {
    yield* Effect.logError("event parked in the failed-event store", {
      ...attempt,
      event: delivery.event.id,
      handler: delivery.handler
    })
    yield* Metrics.parked(delivery.handler, attempt.class)
    yield* untilStored("parking", store.park(delivery, FailedEventId.make(yield* random.uuidV7()), attempt))
  })

  const failed = Effect.fnUntraced(function*(delivery: Held, policy: RetryPolicy, failure: HandlerFailure) {
    const number = delivery.attempts + 1
    const attempt: Attempt = { number, class: failure.class, rule: failure.rule, error: failure.message }
    const wait = yield* waitAfter(policy, number, failure)
    if (Option.isNone(wait)) {
      yield* park(delivery, attempt)
      return bus.forget([delivery])
    }
    yield* Metrics.retried(delivery.handler, failure.class)
    const keep = Duration.isLessThanOrEqualTo(wait.value, longestSleep) && !stopping
    yield* untilStored("postponing", store.postpone(delivery, attempt, wait.value, keep))
    if (!keep) return bus.forget([delivery])
    yield* FiberSet.run(
      sleepers,
      Effect.andThen(
        Effect.sleep(wait.value),
        Effect.sync(() => {
          if (delivery.owner === bus.incarnation()) bus.offer([{ ...delivery, attempts: number }])
        })
      )
    )
  })

  const attempt = (handler: EventHandler, policy: RetryPolicy, batch: NonEmptyReadonlyArray<Held>) =>
    Effect.suspend(() => handler.handle(Arr.map(batch, (delivery) => delivery.event))).pipe(
      Effect.timeoutOrElse({
        duration: policy.timeout,
        orElse: () =>
          Effect.fail(
            new HandlerFailure({
              class: "transient",
              rule: "timeout",
              message: `no end within ${Duration.format(policy.timeout)}`
            })
          )
      }),
      // A defect is a mistake of ours about this event: it will not go away by itself.
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Effect.logError(`${handler.name} died`, defect),
          Effect.fail(new HandlerFailure({ class: "permanent", rule: "defect", message: describe(defect) }))
        )
      ),
      // An interruption of our own passes by here; this one came from inside the handler.
      Effect.catchCauseIf(
        Cause.hasInterruptsOnly,
        () =>
          Effect.fail(
            new HandlerFailure({ class: "transient", rule: "interrupted", message: "interrupted from inside" })
          )
      ),
      Effect.withSpan(`deliver ${handler.name}`, { attributes: { "messaging.batch.message_count": batch.length } })
    )

  const process = (
    handler: EventHandler,
    policy: RetryPolicy,
    batch: NonEmptyReadonlyArray<Held>
  ): Effect.Effect<void> =>
    attempt(handler, policy, batch).pipe(
      Effect.matchEffect({
        onSuccess: () =>
          Effect.andThen(
            Metrics.delivered(handler.name, batch),
            Effect.sync(() => Queue.offerAllUnsafe(finished, batch))
          ),
        onFailure: (failure) =>
          // Whose fault it is shows when each event stands alone; what time heals is tried again together.
          batch.length > 1 && failure.class !== "transient"
            ? Effect.forEach(batch, (one) => process(handler, policy, [one]), { discard: true })
            : Effect.forEach(batch, (one) => failed(one, policy, failure), { discard: true, concurrency: 8 })
      })
    )

  const worker = (handler: EventHandler) => {
    const policy = policies[handler.name]
    return supervised(
      handler.name,
      Effect.flatMap(bus.take(handler.name, policy.batch), (batch) => {
        if (stopping) return Effect.never
        inHand++
        return Effect.ensuring(
          process(handler, policy, batch),
          Effect.sync(() => inHand--)
        )
      })
    )
  }

  // ---- the table

  /** Handlers for which the last claim found as much as it had room for: there may be more. */
  const hungry = new Set<HandlerName>()

  const poll = Effect.gen(function*() {
    const room = handlers.map(({ name }) => ({ handler: name, places: Math.min(bus.room(name), claimAtOnce) }))
    const self = bus.incarnation()
    const { deliveries, undecodable } = yield* store.claim(self, room, bus.holds)
    if (self === bus.incarnation()) bus.offer(deliveries)
    hungry.clear()
    for (const { handler, places } of room) {
      if (places === 0 || deliveries.filter((one) => one.handler === handler).length >= places) hungry.add(handler)
    }
    for (const one of undecodable) {
      yield* park(one, { number: 1, class: "permanent", rule: "decode", error: one.error })
    }
    yield* Effect.timeoutOption(bell.await, pollEvery)
    bell.closeUnsafe()
  }).pipe(
    Effect.catch((error) =>
      Effect.andThen(Effect.logWarning("poll: the database does not answer", error.cause), Effect.sleep(pollEvery))
    )
  )

  const complete = Effect.flatMap(Queue.take(finished), (first) =>
    Effect.gen(function*() {
      yield* Effect.sleep(completeWithin)
      const more = yield* Queue.clear(finished)
      const done = [first, ...more]
      yield* untilStored("completing", store.complete(done))
      bus.forget(done)
      for (const handler of hungry) if (bus.room(handler) >= claimAtOnce) bell.openUnsafe()
    }))

  const listen = Stream.runForEach(store.announcements, () => Effect.sync(() => bell.openUnsafe())).pipe(
    Effect.catch((error) => Effect.logWarning("LISTEN was lost, listening again", error.cause)),
    Effect.andThen(Effect.sync(() => bell.openUnsafe())),
    Effect.andThen(Effect.sleep("500 millis"))
  )

  const announce = Effect.andThen(
    bus.unowned,
    Effect.andThen(Effect.ignore(store.announce), Effect.sleep(announceEvery))
  )

  // ---- being alive

  let heardSince = yield* Clock.currentTimeMillis
  let heardAt = heardSince
  const beat = Effect.gen(function*() {
    const self = bus.incarnation()
    const alive = yield* store.beat(self).pipe(
      Effect.timeout(heartbeatEvery),
      Effect.catch((error) => Effect.as(Effect.logWarning("heartbeat: the database does not answer", error), undefined))
    )
    const now = yield* Clock.currentTimeMillis
    const late = now - heardAt >= Duration.toMillis(deadAfter)
    if (alive === false || (alive === true && late)) {
      const next = Incarnation.make(yield* random.uuidV7())
      yield* Effect.logWarning("others may have taken this process for dead: going on as another incarnation", { next })
      yield* untilStored("joining", store.join(next))
      bus.restart(next)
      heardSince = heardAt = yield* Clock.currentTimeMillis
    } else if (alive === true) heardAt = now
    // After an outage everybody looks silent: wait until the others had time to be heard.
    else heardSince = now
    if (now - heardSince >= Duration.toMillis(deadAfter) && alive === true && !late) {
      const buried = yield* Effect.orElseSucceed(store.bury(self, deadAfter), () => 0)
      if (buried > 0) {
        yield* Effect.logWarning(`${buried} silent process(es) taken for dead: their deliveries are taken over`)
        bell.openUnsafe()
      }
    }
    yield* Effect.sleep(heartbeatEvery)
  })

  // ---- life of the engine: made in this order, ended in the opposite one

  yield* untilStored("joining", store.join(bus.incarnation()))
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      const given = yield* store.leave(bus.incarnation())
      if (given === 0) return
      yield* store.announce
      yield* Effect.logInfo(`deliveries stopped, ${given} given back`)
    }).pipe(
      Effect.timeout("2 seconds"),
      Effect.catch((error) => Effect.logWarning("could not give deliveries back; others take them over in 10 s", error))
    )
  )
  const sleepers = yield* FiberSet.make<void, never>()
  const loops = yield* FiberSet.make<never, never>()
  yield* Effect.forEach(
    [
      supervised("heartbeat", beat),
      supervised("completer", complete),
      supervised("poll", poll),
      supervised("listener", listen),
      supervised("announcer", announce),
      ...handlers.flatMap((handler) => Arr.makeBy(policies[handler.name].concurrency, () => worker(handler)))
    ],
    (loop) => FiberSet.run(loops, loop),
    { discard: true }
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      stopping = true
      bus.close()
      const idle = Effect.gen(function*() {
        return inHand === 0 && (yield* Queue.size(finished)) === 0
      })
      yield* Effect.repeat(idle, { until: (is) => is, schedule: Schedule.spaced("20 millis") }).pipe(
        Effect.andThen(Effect.sleep(Duration.times(completeWithin, 3))),
        Effect.interruptible,
        Effect.timeoutOption(drainWithin)
      )
    })
  )
})

const describe = (defect: unknown) => (defect instanceof Error ? `${defect.name}: ${defect.message}` : String(defect))

/** Runs the engine with these handlers for as long as the layer lives. */
export const layer = <E, R>(handlers: Effect.Effect<ReadonlyArray<EventHandler>, E, R>) =>
  Layer.effectDiscard(Effect.flatMap(handlers, make))
