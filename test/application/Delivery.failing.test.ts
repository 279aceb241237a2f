import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import type { EventHandler } from "../../src/ports/EventHandler.ts"
import { eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { batching, failing, handler, onTables, start } from "./engine.ts"

describe("what time does not heal is parked at once and never tried again:", () => {
  const cases = [
    ["permanent", () => failing("permanent"), { class: "permanent", rule: "test-permanent", error: "no" }],
    [
      "a defect",
      () => Effect.die(new TypeError("x is undefined")),
      { class: "permanent", rule: "defect", error: "TypeError: x is undefined" }
    ]
  ] as const

  it.effect.each(cases)("%s", ([, handle, failed]) =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", handle)
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("10 minutes")
      expect(sync.calls).toHaveLength(1)
      expect(tables.failed()).toMatchObject([{
        ...failed,
        event: { id: eventId(1) },
        attempts: [{ number: 1, at: 0 }]
      }])
      expect([tables.open(), bus.size()]).toEqual([[], 0])
    }).pipe(onTables))

  it.effect.each(cases)(
    "%s of one event in ten: it is parked alone, the other nine are done",
    ([, handle, failed]) =>
      Effect.gen(function*() {
        const poison = eventId(4)
        const { batches, bus, publish } = yield* batching((events) =>
          events.some(({ id }) => id === poison) ? handle() : Effect.void
        )
        const tables = yield* Tables
        yield* publish(several(10))
        expect(tables.failed()).toMatchObject([{ ...failed, event: { id: poison }, attempts: [{ number: 1 }] }])
        expect([tables.open(), bus.size()]).toEqual([[], 0])
        // Once all together, then each alone.
        expect(batches().map((batch) => batch.length)).toEqual([10, ...several(10).map(() => 1)])
      }).pipe(onTables)
  )

  it.effect("a throw before the handler has made its effect", () =>
    Effect.gen(function*() {
      const broken: EventHandler = {
        name: "ReadModelSync",
        handle: () => {
          throw new TypeError("x is undefined")
        }
      }
      const { bus, publish } = yield* start(broken)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("1 minute")
      expect(tables.failed()).toMatchObject([{ rule: "defect", error: "TypeError: x is undefined" }])
      expect([tables.open(), bus.size()]).toEqual([[], 0])
    }).pipe(onTables))

  it.effect("an event that this version of AMS cannot read", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      yield* start(sync)
      const tables = yield* Tables
      tables.garble(eventId(1), "version 2 of AttendanceRequested")
      yield* tables.insert([{ event: requested(1), handler: "ReadModelSync", owner: null }])
      yield* TestClock.adjust("1 second")
      expect(sync.calls).toEqual([])
      expect(tables.failed()).toMatchObject([{
        rule: "decode",
        class: "permanent",
        error: "version 2 of AttendanceRequested"
      }])
      expect(tables.open()).toEqual([])
    }).pipe(onTables))
})

describe("a handler whose inner fiber was interrupted", () => {
  it.effect("has failed: its events do not stay in its hands, and it goes on with the next ones", () =>
    Effect.gen(function*() {
      const poison = eventId(1)
      const sync = handler("Statistics", ([event]) => (event?.id === poison ? Effect.interrupt : Effect.void))
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("1 minute")
      yield* publish([requested(2)])
      yield* TestClock.adjust("1 minute")
      expect(sync.calls.at(-1)?.events).toEqual([eventId(2)])
      expect(tables.failed()).toMatchObject([{ event: { id: poison } }])
      expect([tables.open(), bus.size()]).toEqual([[], 0])
    }).pipe(onTables))
})

describe("a handler that hangs", () => {
  it.effect("is cut off at its time-out, which counts as a failure that time heals", () =>
    Effect.gen(function*() {
      const cutOff = yield* Deferred.make<void>()
      const sync = handler("ReadModelSync", (_, call) =>
        call === 1
          ? Effect.onInterrupt(Effect.never, () => Deferred.succeed(cutOff, undefined))
          : Effect.void)
      const { publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("4999 millis")
      expect([sync.calls.length, tables.open()[0]?.attempts]).toEqual([1, 0])
      yield* TestClock.adjust("1 millis")
      yield* Deferred.await(cutOff)
      expect(tables.open()).toMatchObject([{
        attempts: 1,
        history: [{ class: "transient", rule: "timeout", at: 5000 }]
      }])
      yield* TestClock.adjust("200 millis")
      expect([sync.calls.length, tables.open()]).toEqual([2, []])
    }).pipe(onTables))

  it.effect("over one event of ten has the other nine done at the next attempt", () =>
    Effect.gen(function*() {
      const poison = eventId(4)
      const { batches, bus, publish } = yield* batching((events) =>
        events.some(({ id }) => id === poison) ? Effect.never : Effect.void
      )
      const tables = yield* Tables
      yield* publish(several(10))
      yield* TestClock.adjust("15 seconds")
      expect(tables.open().map(({ event }) => event.id)).toEqual([poison])
      yield* TestClock.adjust("1 minute")
      expect(tables.failed()).toMatchObject([{ rule: "timeout", event: { id: poison } }])
      expect(batches().flat().filter((id) => id !== poison)).toHaveLength(18)
      expect([tables.open(), bus.size()]).toEqual([[], 0])
    }).pipe(onTables))

  it.effect("does not hold up its neighbour, nor does one that fails or dies", () =>
    Effect.gen(function*() {
      for (const handle of [() => Effect.never, () => failing("transient"), () => Effect.die("bug")]) {
        const tables = yield* Tables
        const statistics = handler("Statistics")
        const { close, publish } = yield* start(handler("ReadModelSync", handle), statistics)
        yield* publish(several(5))
        yield* TestClock.adjust("50 millis")
        expect(statistics.calls.flatMap(({ events }) => events)).toEqual(several(5).map(({ id }) => id))
        expect(tables.open().filter((row) => row.handler === "Statistics")).toEqual([])
        expect(tables.failed().filter((one) => one.handler === "Statistics")).toEqual([])
        yield* close
      }
    }).pipe(onTables))
})
