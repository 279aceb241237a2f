/** What happens to one batch of a handler: done, tried again, given back or parked, each event by itself. */
import { Array as Arr, Cause, Clock, Duration, Effect, FiberSet, Option, Queue, Result } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { Headers, HttpTraceContext } from "effect/http"
import type { Attempt } from "../../ports/DeliveryStore.ts"
import type { Delivery } from "../../ports/EventBus.ts"
import { type EventHandler, type Failures, HandlerFailure } from "../../ports/EventHandler.ts"
import { type Admission, type Circuit, judge } from "./Circuit.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import type { Engine } from "./Engine.ts"
import { errorOf, fingerprintOf, named } from "./Failure.ts"
import type { Gate } from "./Gate.ts"
import { aloneFrom, longestSleep, type RetryPolicy, waitAfter } from "./RetryPolicy.ts"
import { supervised, untilStored } from "./Supervision.ts"

/** Links of one span; a batch may have more events. */
const mostLinks = 32

/** Back to the requests that caused these events. */
const linksTo = (batch: ReadonlyArray<Delivery>) =>
  batch.slice(0, mostLinks).flatMap(({ event }) => {
    if (event.traceparent === null) return []
    const span = HttpTraceContext.w3c(Headers.fromInput({ traceparent: event.traceparent }))
    return Option.isSome(span) ? [{ span: span.value, attributes: { "messaging.message.id": event.id } }] : []
  })

const timedOut = (after: Duration.Duration) =>
  new HandlerFailure({ class: "transient", rule: "timeout", message: `no end within ${Duration.format(after)}` })

/** One call of the handler; whatever happens inside is a failure of this batch only. */
const call = (handler: EventHandler, policy: RetryPolicy, batch: NonEmptyReadonlyArray<Delivery>) =>
  Effect.suspend(() => handler.handle(Arr.map(batch, (delivery) => delivery.event))).pipe(
    Effect.timeoutOrElse({ duration: policy.timeout, orElse: () => Effect.fail(timedOut(policy.timeout)) }),
    // A defect is a mistake of ours about this event: it will not go away by itself.
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logError(`${handler.name} died`, defect),
        Effect.fail(new HandlerFailure({ class: "permanent", rule: "defect", message: named(defect), cause: defect }))
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
    Effect.withSpan(`process ${handler.name}`, {
      kind: "consumer",
      links: linksTo(batch),
      attributes: {
        "messaging.system": "ams",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": handler.name,
        "messaging.batch.message_count": batch.length
      }
    })
  )

export const makeWorker = (
  engine: Engine,
  handler: EventHandler,
  policy: RetryPolicy,
  circuit: Circuit,
  gate: Gate
): Effect.Effect<never> => {
  /** Counts the attempt: again in this process, again anywhere, or never again by itself. */
  const failed = Effect.fnUntraced(function*(delivery: Delivery, failure: HandlerFailure) {
    const number = delivery.attempts + 1
    const attempt: Attempt = { number, class: failure.class, rule: failure.rule, error: errorOf(failure) }
    const wait = yield* waitAfter(policy, number, failure)
    if (Option.isNone(wait)) {
      yield* engine.park(delivery, attempt, fingerprintOf(handler.name, failure))
      return engine.forget([delivery])
    }
    yield* Metrics.retried(handler.name, failure.class)
    const keep = Duration.isLessThanOrEqualTo(wait.value, longestSleep) && !engine.stopping
    yield* untilStored("postponing", engine.store.postpone(delivery, attempt, wait.value, keep))
    if (!keep) return engine.forget([delivery])
    yield* FiberSet.run(
      engine.sleepers,
      Effect.andThen(
        Effect.sleep(wait.value),
        Effect.sync(() => {
          if (delivery.owner === engine.bus.incarnation()) engine.offer([{ ...delivery, attempts: number }])
        })
      )
    )
  })

  /** Failed twice, or perhaps the death of two processes: alone. */
  const standsAlone = (one: Delivery) => one.attempts >= aloneFrom || engine.isSuspect(one)

  /** Does the circuit take the blame? Then the attempt is not spent, and others come before it next time. */
  const settled = (delivery: Delivery, failure: HandlerFailure, { probe }: Admission) => {
    if (failure.class === "account") return engine.giveBack([delivery], Duration.zero)
    return probe && failure.class !== "permanent" && !standsAlone(delivery)
      ? engine.giveBack([delivery], policy.most)
      : failed(delivery, failure)
  }

  const record = Effect.fnUntraced(
    function*(admission: Admission, batch: ReadonlyArray<Delivery>, began: number, outcome: HandlerFailure | Failures) {
      const took = Duration.millis((yield* Clock.currentTimeMillis) - began)
      const whole = "_tag" in outcome ? outcome : undefined
      yield* Metrics.handled(handler.name, took, whole?.rule ?? "")
      const verdict = judge(policy, took, outcome)
      // One that fails again and again is its own trouble, as long as others do not say otherwise.
      const own = verdict === "failing" && !admission.probe && batch.every(standsAlone)
      const changed = yield* admission.record(own ? "nothing" : verdict)
      if (Option.isNone(changed)) return
      const cause = whole ?? ("_tag" in outcome ? undefined : [...outcome.values()][0])
      yield* gate.changed(changed.value, cause?._tag === "HandlerFailure" ? cause.rule : "slow")
    }
  )

  const done = (batch: ReadonlyArray<Delivery>) =>
    Effect.andThen(
      Metrics.delivered(handler.name, batch),
      Effect.sync(() => Queue.offerAllUnsafe(engine.finished, batch))
    )

  const handle = (given: NonEmptyReadonlyArray<Delivery>): Effect.Effect<void> =>
    Effect.gen(function*() {
      const batch = yield* engine.stillOurs(given)
      if (!Arr.isReadonlyArrayNonEmpty(batch)) return
      // It may have slept until its next attempt, or stood behind others of its batch, when the handler was paused.
      if (gate.isPaused()) return yield* engine.giveBack(batch, Duration.zero)
      const admitted = yield* circuit.admit
      if (Option.isNone(admitted)) return yield* engine.giveBack(batch, Duration.zero)
      const admission = admitted.value
      const began = yield* Clock.currentTimeMillis
      const outcome = yield* Effect.match(engine.during(batch[0], call(handler, policy, batch)), {
        onSuccess: (failures): HandlerFailure | Failures => failures,
        onFailure: (failure): HandlerFailure | Failures => failure
      })
      yield* record(admission, batch, began, outcome)
      if ("_tag" in outcome) {
        // Whose fault it is shows when each event stands alone; what time heals is tried again together.
        return batch.length > 1 && outcome.class === "permanent"
          ? yield* Effect.forEach(batch, (one) => handle([one]), { discard: true })
          : yield* Effect.forEach(batch, (one) => settled(one, outcome, admission), { discard: true, concurrency: 8 })
      }
      const [well, ill] = Arr.partition(batch, (one) => {
        const failure = outcome.get(one.event.id)
        return failure === undefined ? Result.succeed(one) : Result.fail([one, failure] as const)
      })
      yield* done(well)
      yield* Effect.forEach(
        ill,
        ([one, failure]) =>
          failure._tag === "NotYet" ? engine.giveBack([one], failure.after) : settled(one, failure, admission),
        { discard: true }
      )
    })

  return supervised(
    handler.name,
    Effect.flatMap(engine.bus.take(handler.name, policy.batch), (batch) => {
      if (engine.stopping) return Effect.never
      engine.inHand++
      const together = batch.filter((one) => !standsAlone(one))
      return Effect.forEach(
        [...(Arr.isArrayNonEmpty(together) ? [together] : []), ...batch.filter(standsAlone).map((one) => Arr.of(one))],
        handle,
        { discard: true }
      ).pipe(Effect.ensuring(Effect.sync(() => engine.inHand--)))
    })
  )
}
