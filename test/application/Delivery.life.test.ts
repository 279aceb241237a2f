import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Incarnation } from "../../src/domain/Ids.ts"
import { DeliveryStore } from "../../src/ports/DeliveryStore.ts"
import { eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { failing, handled, handler, onTables, start } from "./engine.ts"

const ghost = Incarnation.make("01960000-0000-7000-8000-00000000dead")
const unowned = (n: number) => ({ event: requested(n), handler: "ReadModelSync", owner: null }) as const
const ghosts = (n: number) => ({ ...unowned(n), owner: ghost })

describe("a delivery without owner", () => {
  it.effect("is found by the next look into the table, within a second", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      yield* start(sync)
      const tables = yield* Tables
      yield* TestClock.adjust("300 millis")
      yield* tables.insert([unowned(2), unowned(1)])
      yield* TestClock.adjust("1 second")
      expect(handled(sync)).toEqual([eventId(1), eventId(2)])
      yield* TestClock.adjust("50 millis")
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("that is announced is found at once", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      yield* start(sync)
      yield* TestClock.adjust("300 millis")
      yield* (yield* Tables).insert([unowned(1)])
      yield* (yield* DeliveryStore).announce
      yield* TestClock.adjust("1 millis")
      expect(sync.calls).toMatchObject([{ events: [eventId(1)] }])
    }).pipe(onTables))

  it.effect("that is not due yet is left until it is", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      yield* start(sync)
      const tables = yield* Tables
      yield* tables.insert([unowned(1)])
      tables.edit(eventId(1), { nextAttemptAt: 60_000 })
      yield* TestClock.adjust("59 seconds")
      expect(sync.calls).toEqual([])
      yield* TestClock.adjust("2 seconds")
      expect(handled(sync)).toEqual([eventId(1)])
    }).pipe(onTables))

  it.effect("is claimed with its attempts so far: they count on", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", () => failing("transient"))
      yield* start(sync)
      const tables = yield* Tables
      yield* tables.insert([unowned(1)])
      tables.edit(eventId(1), { attempts: 5 })
      yield* TestClock.adjust("1 second")
      expect(tables.failed()).toMatchObject([{ attempts: [{ number: 6 }] }])
      expect(sync.calls).toHaveLength(1)
    }).pipe(onTables))

  it.effect("is found among many: a backlog larger than one look is worked off, each row once", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      yield* start(sync)
      const tables = yield* Tables
      yield* tables.insert(several(3000).map((event) => ({ event, handler: "ReadModelSync", owner: null })))
      yield* TestClock.adjust("2 seconds")
      expect(handled(sync)).toEqual(several(3000).map(({ id }) => id))
      expect(tables.open()).toEqual([])
    }).pipe(onTables))
})

it.effect("a delivery whose COMMIT was never answered is found in the table after 5 s", () =>
  Effect.gen(function*() {
    const sync = handler("ReadModelSync")
    const { bus } = yield* start(sync)
    const tables = yield* Tables
    yield* tables.insert([{ ...unowned(1), owner: bus.incarnation() }])
    yield* TestClock.adjust("5 seconds")
    expect(sync.calls).toEqual([])
    yield* TestClock.adjust("1500 millis")
    expect([handled(sync), tables.open()]).toEqual([[eventId(1)], []])
  }).pipe(onTables))

describe("two processes", () => {
  it.effect("share the waiting rows: each is handled by one of them, once", () =>
    Effect.gen(function*() {
      const [one, other] = [handler("ReadModelSync"), handler("ReadModelSync")]
      yield* start(one)
      yield* start(other)
      const tables = yield* Tables
      for (let n = 0; n < 20; n++) {
        yield* tables.insert(several(10, n * 10).map((event) => ({ event, handler: "ReadModelSync", owner: null })))
        yield* TestClock.adjust("137 millis")
      }
      yield* TestClock.adjust("2 seconds")
      expect([...handled(one), ...handled(other)].sort()).toEqual(several(200).map(({ id }) => id))
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("one finishes nothing that was taken from it while it was at work", () =>
    Effect.gen(function*() {
      for (const end of [Effect.void, failing("permanent"), failing("transient")]) {
        const gate = yield* Deferred.make<void>()
        const { close, publish } = yield* start(handler("Statistics", () => Effect.andThen(Deferred.await(gate), end)))
        const tables = yield* Tables
        yield* (yield* DeliveryStore).join(ghost)
        yield* publish([requested(1)])
        tables.edit(eventId(1), { owner: ghost, lease: 1 })
        const before = tables.open()
        yield* Deferred.succeed(gate, undefined)
        yield* TestClock.adjust("1 second")
        expect([tables.open(), tables.failed()]).toEqual([before, []])
        yield* close
      }
    }).pipe(onTables))

  it.effect("one takes over from the other after 8 s of silence, and counts it", () =>
    Effect.gen(function*() {
      const tables = yield* Tables
      const store = yield* DeliveryStore
      const sync = handler("ReadModelSync", () => Effect.never)
      yield* start(sync)
      yield* TestClock.adjust("10 seconds")
      yield* store.join(ghost)
      yield* tables.insert([ghosts(1)])
      yield* TestClock.adjust("8 seconds")
      expect([sync.calls, tables.nodes().includes(ghost)]).toEqual([[], true])
      yield* TestClock.adjust("4 seconds")
      expect(handled(sync)).toEqual([eventId(1)])
      expect(tables.nodes()).not.toContain(ghost)
      expect(tables.open()).toMatchObject([{ lease: 1, takeovers: 1 }])
    }).pipe(onTables))

  it.effect("one that has just come robs nobody: it listens for 8 s before it takes another for dead", () =>
    Effect.gen(function*() {
      const tables = yield* Tables
      yield* (yield* DeliveryStore).join(ghost)
      yield* TestClock.adjust("1 hour")
      yield* start(handler("ReadModelSync"))
      yield* TestClock.adjust("7 seconds")
      expect(tables.nodes()).toContain(ghost)
      yield* TestClock.adjust("3 seconds")
      expect(tables.nodes()).not.toContain(ghost)
    }).pipe(onTables))

  it.effect("one that was taken for dead goes on under another name, with what its former self had", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", (_, call) => (call === 1 ? Effect.never : Effect.void))
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      const former = bus.incarnation()
      yield* publish([requested(1)])
      yield* TestClock.adjust("1 second")
      tables.bury(former)
      yield* TestClock.adjust("4 seconds")
      expect(bus.incarnation()).not.toBe(former)
      expect(tables.nodes()).toEqual([bus.incarnation()])
      expect(handled(sync)).toEqual([eventId(1), eventId(1)])
      yield* TestClock.adjust("10 seconds")
      expect([tables.open(), tables.failed(), bus.size()]).toEqual([[], [], 0])
    }).pipe(onTables))
})

describe("while the database does not answer", () => {
  it.effect("what is done waits to be noted, and is not done again", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish(several(3))
      tables.stop(true)
      yield* TestClock.adjust("5 seconds")
      expect(tables.open()).toHaveLength(3)
      tables.stop(false)
      yield* TestClock.adjust("7 seconds")
      expect([tables.open(), bus.size()]).toEqual([[], 0])
      expect(handled(sync)).toEqual([eventId(0), eventId(1), eventId(2)])
    }).pipe(onTables))

  it.effect("what failed waits to be parked", () =>
    Effect.gen(function*() {
      const { bus, publish } = yield* start(handler("ReadModelSync", () => failing("permanent")))
      const tables = yield* Tables
      yield* publish([requested(1)])
      tables.stop(true)
      yield* TestClock.adjust("5 seconds")
      tables.stop(false)
      yield* TestClock.adjust("7 seconds")
      expect([tables.open(), tables.failed().length, bus.size()]).toEqual([[], 1, 0])
    }).pipe(onTables))

  it.effect("for longer than 8 s the process is another one afterwards, and everything is done in the end", () =>
    Effect.gen(function*() {
      const { bus, publish } = yield* start(handler("ReadModelSync"))
      const tables = yield* Tables
      const former = bus.incarnation()
      yield* TestClock.adjust("10 seconds")
      tables.stop(true)
      yield* publish(several(3))
      yield* TestClock.adjust("30 seconds")
      tables.stop(false)
      yield* TestClock.adjust("30 seconds")
      expect(bus.incarnation()).not.toBe(former)
      expect(tables.nodes()).toEqual([bus.incarnation()])
      expect([tables.open(), tables.failed(), bus.size()]).toEqual([[], [], 0])
    }).pipe(onTables))
})
