import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { HandlerFailure, storageRule } from "../../src/ports/EventHandler.ts"
import { academy, eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { failing, handled, handler, onTables, start, Told } from "./engine.ts"

/** One call at a time: Statistics has one worker, and each event comes when the one before has failed. */
const oneByOne = Effect.fnUntraced(
  function*({ publish }: Effect.Success<ReturnType<typeof start>>, count: number, from = 0) {
    for (let n = 0; n < count; n++) {
      yield* publish([requested(from + n, academy(n))])
      yield* TestClock.adjust("2 millis")
    }
  }
)
const kinds = (told: ReadonlyArray<{ readonly kind: string }>) => told.map(({ kind }) => kind)

describe("a handler of which too many calls fail", () => {
  it.effect("gets nothing while its circuit is open; what waits spends no attempts and flows when it closes", () =>
    Effect.gen(function*() {
      let well = false
      const statistics = handler("Statistics", () => (well ? Effect.void : failing("transient")))
      const process = yield* start(statistics)
      const tables = yield* Tables
      yield* oneByOne(process, 5)
      expect(kinds(yield* Told)).toEqual(["circuit-opened"])
      const calls = statistics.calls.length
      yield* process.publish(several(20, 100))
      yield* TestClock.adjust("900 millis")
      expect(statistics.calls).toHaveLength(calls)
      expect(tables.open().filter(({ event }) => event.id >= eventId(100)).map(({ attempts }) => attempts))
        .toEqual(several(20).map(() => 0))
      well = true
      yield* TestClock.adjust("5 seconds")
      expect([tables.open(), tables.failed(), process.bus.size()]).toEqual([[], [], 0])
      expect(kinds(yield* Told)).toEqual(["circuit-opened", "circuit-closed"])
      expect(tables.redriven()).toEqual(["Statistics"])
    }).pipe(onTables))

  it.effect("is asked with one event at a time, 1, 2, 4 … 30 s apart, and that one spends no attempt", () =>
    Effect.gen(function*() {
      let down = true
      const statistics = handler("Statistics", () => (down ? failing("transient") : Effect.void))
      const process = yield* start(statistics)
      const tables = yield* Tables
      yield* oneByOne(process, 5)
      const opened = statistics.calls.length
      yield* process.publish(several(50, 100))
      yield* TestClock.adjust("10 minutes")
      const probes = statistics.calls.slice(opened)
      expect(probes.every(({ events }) => events.length === 1)).toBe(true)
      const waits = probes.slice(1).map(({ at }, n) => at - (probes[n]?.at ?? 0))
      expect(waits.slice(0, 5).map((wait) => Math.floor(wait / 1000))).toEqual([2, 4, 8, 16, 30])
      expect(Math.max(...waits)).toBeLessThan(32_000)
      expect(tables.failed()).toEqual([])
      expect(tables.open().filter(({ event }) => event.id >= eventId(100)).every(({ attempts }) => attempts === 0))
        .toBe(
          true
        )
      down = false
      yield* TestClock.adjust("1 minute")
      expect([tables.open(), tables.failed()]).toEqual([[], []])
    }).pipe(onTables))

  it.effect("of the account opens at the first refusal, and nothing is parked", () =>
    Effect.gen(function*() {
      let refused = true
      const send = handler("Statistics", () => (refused ? failing("account") : Effect.void))
      const { publish } = yield* start(send)
      const tables = yield* Tables
      yield* publish(several(3))
      yield* TestClock.adjust("500 millis")
      expect(send.calls).toHaveLength(1)
      expect((yield* Told)[0]).toMatchObject({ kind: "circuit-opened", facts: { rule: "test-account" } })
      expect(tables.open().map(({ attempts }) => attempts)).toEqual([0, 0, 0])
      refused = false
      yield* TestClock.adjust("1 minute")
      expect([tables.open(), tables.failed()]).toEqual([[], []])
    }).pipe(onTables))

  it.effect("parks what has waited for 24 h, and says why", () =>
    Effect.gen(function*() {
      // The events are of the clock's beginning.
      yield* TestClock.setTime(Duration.toMillis("23 hours") + Duration.toMillis("50 minutes"))
      const process = yield* start(handler("Statistics", () => failing("account")))
      const tables = yield* Tables
      yield* process.publish(several(3))
      yield* TestClock.adjust("9 minutes")
      expect([tables.open().length, tables.failed()]).toEqual([3, []])
      yield* TestClock.adjust("3 minutes")
      expect(tables.open()).toEqual([])
      expect(tables.failed().map(({ class: kind, rule }) => [kind, rule]))
        .toEqual(several(3).map(() => ["transient", "circuit-open"]))
    }).pipe(onTables))

  it.effect("does so by calls that are too slow as well", () =>
    Effect.gen(function*() {
      const slow = handler("Statistics", () => Effect.sleep("1100 millis"))
      const process = yield* start(slow)
      for (let n = 0; n < 5; n++) {
        yield* process.publish([requested(n)])
        yield* TestClock.adjust("1200 millis")
      }
      expect((yield* Told)[0]).toMatchObject({ kind: "circuit-opened", facts: { rule: "slow" } })
    }).pipe(onTables))
})

describe("a circuit stays closed", () => {
  const cases = [
    ["failures of the events themselves", () => failing("permanent")],
    [
      "failures of our own database",
      () => Effect.fail(new HandlerFailure({ class: "transient", rule: storageRule, message: "down" }))
    ]
  ] as const
  it.effect.each(cases)("over %s", ([, handle]) =>
    Effect.gen(function*() {
      const process = yield* start(handler("Statistics", handle))
      yield* oneByOne(process, 20)
      expect(kinds(yield* Told)).not.toContain("circuit-opened")
    }).pipe(onTables))

  it.effect("over one event that fails again and again while nothing else happens: that is parked", () =>
    Effect.gen(function*() {
      const statistics = handler("Statistics", () => failing("transient"))
      const { publish } = yield* start(statistics)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("1 minute")
      expect(statistics.calls).toHaveLength(6)
      expect(tables.failed()).toHaveLength(1)
      expect(kinds(yield* Told)).toEqual(["failure-group"])
    }).pipe(onTables))

  it.effect("in other processes and for other handlers", () =>
    Effect.gen(function*() {
      const [ill, well] = [handler("Statistics", () => failing("transient")), handler("Statistics")]
      const neighbour = handler("ReadModelSync")
      const process = yield* start(ill, neighbour)
      yield* oneByOne(process, 5)
      yield* start(well)
      yield* process.publish(several(10, 100))
      yield* TestClock.adjust("1 minute")
      expect(handled(well)).toEqual(expect.arrayContaining(several(10, 100).map(({ id }) => id)))
      expect(handled(neighbour)).toEqual(expect.arrayContaining(several(10, 100).map(({ id }) => id)))
      expect((yield* Tables).open()).toEqual([])
    }).pipe(onTables))
})

describe("failing events of a batch", () => {
  it.effect("that the handler names fail alone; the others are done at once", () =>
    Effect.gen(function*() {
      const poison = eventId(4)
      const statistics = handler("Statistics", (events) =>
        Effect.succeed(
          new Map(
            events.filter(({ id }) => id === poison).map(({ id }) => [
              id,
              new HandlerFailure({ class: "permanent", rule: "test", message: "no" })
            ])
          )
        ))
      const { publish } = yield* start(statistics)
      const tables = yield* Tables
      yield* publish(several(10))
      yield* TestClock.adjust("50 millis")
      expect(statistics.calls).toHaveLength(1)
      expect(tables.failed()).toMatchObject([{ event: { id: poison }, rule: "test" }])
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("that time might heal fail alone from the third attempt on: no neighbour is parked with one", () =>
    Effect.gen(function*() {
      const poison = eventId(4)
      const statistics = handler(
        "Statistics",
        (events) => events.some(({ id }) => id === poison) ? failing("transient", Duration.millis(50)) : Effect.void
      )
      const { publish } = yield* start(statistics)
      const tables = yield* Tables
      yield* publish(several(10))
      yield* TestClock.adjust("1 minute")
      expect(tables.failed()).toMatchObject([{ event: { id: poison }, rule: "test-transient" }])
      expect(tables.failed()).toHaveLength(1)
      expect(tables.open()).toEqual([])
    }).pipe(onTables))
})
