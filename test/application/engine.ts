/** The delivery engine on tables in memory and on the test's clock. */
import { Clock, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as LocalEventBus from "../../src/adapters/out/broker/LocalEventBus.ts"
import * as Delivery from "../../src/application/events/Delivery.ts"
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import { type Alert, Alerts } from "../../src/ports/Alerts.ts"
import { EventBus } from "../../src/ports/EventBus.ts"
import {
  allDone,
  type EventHandler,
  type FailureClass,
  type Failures,
  HandlerFailure
} from "../../src/ports/EventHandler.ts"
import { requested } from "../support/events.ts"
import * as MemoryDeliveryStore from "../support/MemoryDeliveryStore.ts"

/** What operators were told. */
export class Told extends Context.Service<Told, ReadonlyArray<Alert>>()("ams/test/Told") {}

const alerts = Layer.effectContext(Effect.sync(() => {
  const told: Array<Alert> = []
  return Context.make(Alerts, Alerts.of({ raise: (alert) => Effect.sync(() => void told.push(alert)) })).pipe(
    Context.add(Told, told)
  )
}))

/** New tables for each test. */
export const onTables = Effect.provide(
  Layer.mergeAll(MemoryDeliveryStore.layer, SecureRandom.layerWebCrypto, alerts)
)

type Handle = (events: ReadonlyArray<DomainEvent>, call: number) => Effect.Effect<Failures | void, HandlerFailure>

/** A handler that notes what it is given, and when. */
export const handler = (name: HandlerName, handle: Handle = () => Effect.void) => {
  const calls: Array<{ readonly at: number; readonly events: ReadonlyArray<DomainEvent["id"]> }> = []
  const made: EventHandler = {
    name,
    handle: (events) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        calls.push({ at, events: events.map(({ id }) => id) })
        return Effect.map(handle(events, calls.length), (failures) => failures ?? allDone)
      })
  }
  return { ...made, calls }
}

/** All events that it was given, in order. */
export const handled = (one: ReturnType<typeof handler>) => one.calls.flatMap(({ events }) => events)

export const failing = (kind: FailureClass, retryAfter?: Duration.Duration) =>
  Effect.fail(
    new HandlerFailure({
      class: kind,
      rule: `test-${kind}`,
      message: "no",
      ...(retryAfter === undefined ? {} : { retryAfter })
    })
  )

/** A process with these handlers; closed at the end of the test, or before. */
export const start = Effect.fnUntraced(function*(...handlers: ReadonlyArray<EventHandler>) {
  const tables = yield* MemoryDeliveryStore.Tables
  const scope = yield* Scope.make()
  const layer = Delivery.layer(Effect.succeed(handlers)).pipe(
    Layer.provideMerge(LocalEventBus.layer(handlers.map(({ name }) => name)))
  )
  const bus = Context.get(yield* Layer.buildWithScope(layer, scope), EventBus)
  /** Closes it and lets the time pass that this takes. */
  const close = Effect.gen(function*() {
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    while (closing.pollUnsafe() === undefined) yield* TestClock.adjust("20 millis")
    yield* Fiber.join(closing)
  })
  yield* Effect.addFinalizer(() => close)
  return {
    bus,
    close,
    /** What a unit of work does, seen from here: reserve, insert, commit, take. Other processes' handlers are left out. */
    publish: (events: ReadonlyArray<DomainEvent>) =>
      Effect.gen(function*() {
        const reservation = bus.reserve(events)
        const names = handlers.map(({ name }) => name)
        yield* tables.insert(reservation.deliveries.filter((one) => names.includes(one.handler)))
        reservation.take()
      })
  }
})

/** Statistics has one worker: what is published while it is busy with event 99 comes as one batch afterwards. */
export const batching = Effect.fnUntraced(function*(handle: Handle) {
  const gate = yield* Deferred.make<void>()
  const statistics = handler("Statistics", (events, call) => (call === 1 ? Deferred.await(gate) : handle(events, call)))
  const { bus, publish } = yield* start(statistics)
  yield* publish([requested(99)])
  yield* TestClock.adjust("1 millis")
  return {
    bus,
    batches: () => statistics.calls.slice(1).map(({ events }) => events),
    publish: (events: ReadonlyArray<DomainEvent>) =>
      publish(events).pipe(
        Effect.andThen(Deferred.succeed(gate, undefined)),
        Effect.andThen(TestClock.adjust("50 millis"))
      )
  }
})
