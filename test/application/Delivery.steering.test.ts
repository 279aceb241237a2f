import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Incarnation } from "../../src/domain/Ids.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import { DeliveryStore } from "../../src/ports/DeliveryStore.ts"
import type { Operator } from "../../src/ports/FailedEventStore.ts"
import { PausedHandlers } from "../../src/ports/PausedHandlers.ts"
import { academy, eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { handled, handler, onTables, start, Told } from "./engine.ts"

const operator: Operator = { actorId: null, channel: "CLI", academyId: null }
const ids = (events: ReadonlyArray<{ readonly id: string }>) => events.map(({ id }) => id)

describe("a paused handler", () => {
  it.effect("gets nothing in any process, not even after a restart, and all of it when it is resumed", () =>
    Effect.gen(function*() {
      const paused = yield* PausedHandlers
      const [one, other, later] = [handler("Statistics"), handler("Statistics"), handler("Statistics")]
      const neighbour = handler("ReadModelSync")
      const first = yield* start(one, neighbour)
      yield* start(other)
      const tables = yield* Tables
      yield* paused.pause(operator, "Statistics", "a wrong rate")
      yield* TestClock.adjust("1100 millis")
      yield* first.publish(several(10))
      yield* TestClock.adjust("5 seconds")
      yield* start(later)
      yield* TestClock.adjust("1 minute")
      expect([handled(one), handled(other), handled(later)]).toEqual([[], [], []])
      expect(handled(neighbour)).toEqual(ids(several(10)))
      expect(tables.open().map(({ attempts, owner }) => [attempts, owner])).toEqual(several(10).map(() => [0, null]))
      yield* paused.resume(operator, "Statistics")
      yield* TestClock.adjust("1500 millis")
      expect([...handled(one), ...handled(other), ...handled(later)].sort()).toEqual(ids(several(10)))
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("ends what it has in hand and gives back what waits", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const statistics = handler("Statistics", () => Deferred.await(gate))
      const { bus, publish } = yield* start(statistics)
      const tables = yield* Tables
      yield* publish([requested(0)])
      yield* TestClock.adjust("1 millis")
      yield* publish(several(5, 1))
      yield* (yield* PausedHandlers).pause(operator, "Statistics", "why not")
      yield* TestClock.adjust("1100 millis")
      expect(tables.open().map(({ owner }) => owner)).toEqual([bus.incarnation(), null, null, null, null, null])
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("1 second")
      expect(ids(tables.open().map(({ event }) => event))).toEqual(ids(several(5, 1)))
      expect(handled(statistics)).toEqual([eventId(0)])
    }).pipe(onTables))
})

describe("academies", () => {
  it.effect("with 10,000 events each do not hold up another's single one", () =>
    Effect.gen(function*() {
      const waits: Array<number> = []
      // A millisecond an event, so the bursts alone take 20 s.
      const statistics = handler("Statistics", (events) => Effect.sleep(events.length))
      yield* start(statistics)
      const tables = yield* Tables
      const burst = (one: number) =>
        several(10_000, one * 10_000).map((event) => ({ ...event, academyId: academy(one) }))
      yield* tables.insert([...burst(0), ...burst(1)].map((event) => ({ event, handler: "Statistics", owner: null })))
      yield* TestClock.adjust("1 second")
      for (let n = 0; n < 10; n++) {
        const single = requested(100_000 + n, academy(2))
        yield* tables.insert([{ event: single, handler: "Statistics", owner: null }])
        yield* (yield* DeliveryStore).announce
        let waited = 0
        while (tables.open().some(({ event }) => event.id === single.id)) {
          yield* TestClock.adjust("50 millis")
          waited += 50
        }
        waits.push(waited)
      }
      expect(Math.max(...waits)).toBeLessThan(1000)
      expect(tables.open().length).toBeGreaterThan(10_000)
    }).pipe(onTables), 120_000)
})

describe("an event whose processes die", () => {
  /** As if a process had died while it held the rows: nobody lives under this name. */
  const ghost = (n: number) => Incarnation.make(`01960000-0000-7000-8000-00000000${n.toString(16).padStart(4, "0")}`)
  /** Several processes die one after the other with these in their hands. */
  const dying = Effect.fnUntraced(function*(of: HandlerName, events: ReturnType<typeof several>, times: number) {
    const tables = yield* Tables
    yield* tables.insert(events.map((event) => ({ event, handler: of, owner: ghost(0) })))
    for (const { id } of events) tables.edit(id, { takeovers: times - 1 })
    return tables
  })

  it.effect("twice is handled alone, one such event at a time", () =>
    Effect.gen(function*() {
      let atOnce = 0
      let most = 0
      const sync = handler("ReadModelSync", (events) =>
        Effect.gen(function*() {
          most = Math.max(most, ++atOnce)
          expect(events).toHaveLength(1)
          yield* Effect.sleep("10 millis")
          atOnce--
        }))
      const tables = yield* dying("ReadModelSync", several(10), 2)
      yield* start(sync)
      yield* TestClock.adjust("3 seconds")
      expect([most, handled(sync).length, tables.open()]).toEqual([1, 10, []])
    }).pipe(onTables))

  it.effect("five times is parked as crashed and tells operators; its neighbours are done", () =>
    Effect.gen(function*() {
      const statistics = handler("Statistics")
      const tables = yield* dying("Statistics", [requested(1)], 5)
      yield* tables.insert([{ event: requested(2), handler: "Statistics", owner: ghost(0) }])
      yield* start(statistics)
      yield* TestClock.adjust("3 seconds")
      expect(tables.failed()).toMatchObject([{ event: { id: eventId(1) }, class: "permanent", rule: "crashed" }])
      expect(handled(statistics)).toEqual([eventId(2)])
      expect((yield* Told).map(({ kind }) => kind)).toContain("failure-group")
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("counts no death when its process stops cleanly, or comes back under another name", () =>
    Effect.gen(function*() {
      const tables = yield* Tables
      for (let n = 0; n < 6; n++) {
        const { close, publish } = yield* start(handler("Statistics", () => Effect.never))
        if (n === 0) yield* publish([requested(1)])
        yield* TestClock.adjust("1500 millis")
        yield* close
      }
      expect(tables.open()).toMatchObject([{ takeovers: 0, owner: null }])
      const { bus, publish } = yield* start(handler("Statistics", () => Effect.never))
      yield* publish([requested(2)])
      yield* TestClock.adjust("2 seconds")
      const former = bus.incarnation()
      tables.stop(true)
      yield* TestClock.adjust("12 seconds")
      tables.stop(false)
      yield* TestClock.adjust("4 seconds")
      expect(bus.incarnation()).not.toBe(former)
      expect(tables.open().find(({ event }) => event.id === eventId(2))).toMatchObject({ takeovers: 0 })
    }).pipe(onTables))
})

it.effect("a take-over and a silent database are told to operators", () =>
  Effect.gen(function*() {
    const tables = yield* Tables
    const silent = Incarnation.make("01960000-0000-7000-8000-00000000dead")
    yield* start(handler("Statistics"))
    yield* (yield* DeliveryStore).join(silent)
    yield* TestClock.adjust("15 seconds")
    expect(yield* Told).toMatchObject([{ kind: "take-over", facts: { incarnation: silent } }])
    tables.stop(true)
    yield* TestClock.adjust("12 seconds")
    expect((yield* Told).map(({ kind }) => kind)).toContain("database-silent")
  }).pipe(onTables))
