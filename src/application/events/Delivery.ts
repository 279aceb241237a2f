/**
 * Brings each committed event to its handlers, at least once, until it is done or parked.
 *
 * ```
 *  COMMIT ──▶ place in memory ─┐                 ┌─ done ───────▶ row deleted (batched)
 *                              ├─▶ handler ──────┼─ transient ──▶ again: asleep (≤ 1 s) or next_attempt_at
 *  table ──▶ poll (1 s, bell) ─┘                 ├─ permanent ──▶ failed_event
 *            also: rows of the dead              │  attempts used up ▲
 *                                                └─ circuit open, paused, stopping ──▶ back to the table
 * ```
 */
import { Array as Arr, Duration, Effect, FiberSet, Latch, Layer, Queue, Schedule, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { CircuitBreaker } from "effect/persistence"
import type { HandlerName } from "../../domain/Subscription.ts"
import { Alerts } from "../../ports/Alerts.ts"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import { type Delivery, EventBus, type Lane } from "../../ports/EventBus.ts"
import type { EventHandler } from "../../ports/EventHandler.ts"
import { FailedEventStore } from "../../ports/FailedEventStore.ts"
import { PausedHandlers } from "../../ports/PausedHandlers.ts"
import { makeCircuit } from "./Circuit.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import { Engine } from "./Engine.ts"
import { type Gate, makeGate } from "./Gate.ts"
import { makeWorker } from "./Handling.ts"
import { join, makeHeartbeat } from "./Liveness.ts"
import { policyOf } from "./RetryPolicy.ts"
import { supervised, untilStored } from "./Supervision.ts"

/** The table is looked into at least this often. */
const pollEvery = Duration.seconds(1)
/** Rows that one look takes for one handler, at most; `bench/drain.ts` gains nothing beyond. */
const claimAtOnce = 4000
/** Of these one academy's, at most. */
const claimOfAcademy = 64
/** At most one announcement in this time. */
const announceEvery = Duration.millis(5)
/** Finished deliveries are deleted together, at most this long after. */
const completeWithin = Duration.millis(10)
/** Handlers have this long to end what they do when the process stops. */
const drainWithin = Duration.seconds(12)

/** Tells the others of what this process published and does not handle itself. */
const announce = (bus: EventBus["Service"], store: DeliveryStore["Service"]) =>
  Effect.andThen(bus.unowned, Effect.andThen(Effect.ignore(store.announce), Effect.sleep(announceEvery)))

/** Looks into the table: what there is room for, what the dead left, who is paused. */
const makePoll = (
  engine: Engine,
  pausedHandlers: PausedHandlers["Service"],
  gates: ReadonlyMap<HandlerName, Gate>
) => {
  const { bus, store } = engine
  /** Handlers and academies of which the last look left some: it pays to look again as soon as there is room. */
  const more = new Map<HandlerName, { readonly any: boolean; readonly lanes: ReadonlyArray<Lane> }>()

  const roomOf = (handler: HandlerName) => {
    const { full, places } = bus.room(handler)
    return { handler, full, places: Math.min(places, claimAtOnce), each: claimOfAcademy }
  }

  /** There is room again for what the last look left. */
  const isHungry = () => {
    for (const [handler, left] of more) {
      const { full, places } = bus.room(handler)
      if (places > 0 && left.lanes.some((lane) => !full.includes(lane))) return true
      if (left.any && places >= claimAtOnce) return true
    }
    return false
  }

  const look = Effect.gen(function*() {
    const paused = yield* pausedHandlers.list
    yield* Effect.forEach(gates, ([handler, gate]) => gate.pause(paused.some((one) => one.handler === handler)), {
      discard: true
    })
    const self = bus.incarnation()
    const rooms = [...gates.keys()].map(roomOf)
    const { crashed, deliveries, undecodable } = yield* store.claim(self, rooms, !engine.hasSuspect, bus.holds)
    if (self === bus.incarnation()) engine.offer(deliveries)
    more.clear()
    for (const { each, full, handler, places } of rooms) {
      const ofLane = Map.groupBy(
        deliveries.filter((one) => one.handler === handler),
        (one) => one.event.academyId
      )
      const claimed = Arr.reduce(ofLane.values(), 0, (sum, its) => sum + its.length)
      const lanes = [...ofLane].flatMap(([lane, its]) => (its.length >= each ? [lane] : []))
      bus.backlogged(handler, [...lanes, ...full])
      const any = places > 0 && claimed >= places
      if (any || lanes.length > 0 || full.length > 0) more.set(handler, { any, lanes: [...lanes, ...full] })
    }
    for (const one of undecodable) {
      const attempt = { number: 1, class: "permanent", rule: "decode", error: one.error } as const
      yield* engine.park(one, attempt, `${one.handler}:decode`)
    }
    for (const one of crashed) {
      const error = `${one.takeovers} processes died while they had it`
      const attempt = { number: one.attempts + 1, class: "permanent", rule: "crashed", error } as const
      yield* engine.park(one, attempt, `${one.handler}:crashed@${one.event.type}`)
    }
    yield* Metrics.held(bus.size())
  })

  const poll = look.pipe(
    Effect.catch((error) => Effect.logWarning("poll: the database does not answer", error.cause)),
    Effect.andThen(Effect.timeoutOption(engine.bell.await, pollEvery)),
    Effect.andThen(Effect.sync(() => engine.bell.closeUnsafe()))
  )
  return { poll, isHungry }
}

const make = Effect.fnUntraced(function*(handlers: ReadonlyArray<EventHandler>) {
  const sleepers = yield* FiberSet.make<void, never>()
  const engine = new Engine({
    bus: yield* EventBus,
    store: yield* DeliveryStore,
    failedEvents: yield* FailedEventStore,
    alerts: yield* Alerts,
    bell: Latch.makeUnsafe(false),
    finished: yield* Queue.unbounded<Delivery>(),
    sleepers
  }, yield* SecureRandom.SecureRandom)
  const { bus, store } = engine
  const gates = new Map(handlers.map(({ name }) => [name, makeGate(engine, name)]))
  const openCircuits = () => [...gates].flatMap(([handler, gate]) => (gate.isOpen() ? [handler] : []))
  const { isHungry, poll } = makePoll(engine, yield* PausedHandlers, gates)

  const workers = yield* Effect.forEach(handlers, (handler) =>
    Effect.gen(function*() {
      const policy = policyOf(handler.name)
      const circuit = yield* makeCircuit(handler.name, policy)
      const gate = gates.get(handler.name) ?? makeGate(engine, handler.name)
      return Arr.makeBy(policy.concurrency, () => makeWorker(engine, handler, policy, circuit, gate))
    }))

  const complete = Effect.flatMap(Queue.take(engine.finished), (first) =>
    Effect.gen(function*() {
      yield* Effect.sleep(completeWithin)
      const done = [first, ...(yield* Queue.clear(engine.finished))]
      yield* untilStored("completing", store.complete(done))
      engine.forget(done)
      if (isHungry()) engine.bell.openUnsafe()
    }))

  const listen = Stream.runForEach(store.announcements, () => Effect.sync(() => engine.bell.openUnsafe())).pipe(
    Effect.catch((error) => Effect.logWarning("LISTEN was lost, listening again", error.cause)),
    Effect.andThen(Effect.sync(() => engine.bell.openUnsafe())),
    Effect.andThen(Effect.sleep("500 millis"))
  )

  // ---- life of the engine: made in this order, ended in the opposite one

  yield* Metrics.startAtZero(handlers.map(({ name }) => name))
  engine.heardAt = yield* join(engine, bus.incarnation())
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
  const loops = yield* FiberSet.make<never, never>()
  yield* Effect.forEach(
    [
      supervised("heartbeat", yield* makeHeartbeat(engine, openCircuits)),
      supervised("completer", complete),
      supervised("poll", poll),
      supervised("listener", listen),
      supervised("announcer", announce(bus, store)),
      ...workers.flat()
    ],
    (loop) => FiberSet.run(loops, loop),
    { discard: true }
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      engine.stopping = true
      bus.close()
      const idle = Effect.gen(function*() {
        return engine.inHand === 0 && (yield* Queue.size(engine.finished)) === 0
      })
      yield* Effect.repeat(idle, { until: (is) => is, schedule: Schedule.spaced("20 millis") }).pipe(
        Effect.andThen(Effect.sleep(Duration.times(completeWithin, 3))),
        Effect.interruptible,
        Effect.timeoutOption(drainWithin)
      )
    })
  )
})

/** For a process that publishes and runs no handlers: those that do need not wait for their next look. */
export const layerAnnouncing = Layer.effectDiscard(Effect.gen(function*() {
  const bus = yield* EventBus
  const store = yield* DeliveryStore
  yield* Effect.forkScoped(supervised("announcer", announce(bus, store)))
}))

/** Runs the engine with these handlers for as long as the layer lives. */
export const layer = <E, R>(handlers: Effect.Effect<ReadonlyArray<EventHandler>, E, R>) =>
  Layer.effectDiscard(Effect.flatMap(handlers, make)).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
