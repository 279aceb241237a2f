import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { failing, handled, handler, onTables, start } from "./engine.ts"

describe("closing", () => {
  it.effect("lets what is being handled end, and notes it", () =>
    Effect.gen(function*() {
      const { close, publish } = yield* start(handler("Statistics", () => Effect.sleep("3 seconds")))
      const tables = yield* Tables
      yield* publish(several(1))
      yield* close
      expect([tables.open(), tables.failed(), tables.nodes()]).toEqual([[], [], []])
      expect(yield* Clock.currentTimeMillis).toBeLessThan(3500)
    }).pipe(onTables))

  it.effect("begins nothing more: what waits is given back, due at once", () =>
    Effect.gen(function*() {
      const statistics = handler("Statistics", () => Effect.never)
      const { close, publish } = yield* start(statistics)
      const tables = yield* Tables
      yield* publish([requested(0)])
      yield* TestClock.adjust("1 millis")
      yield* publish(several(5, 1))
      yield* close
      expect(handled(statistics)).toEqual([eventId(0)])
      expect(tables.open().map(({ owner }) => owner)).toEqual([null, null, null, null, null, null])
      // The one that hung has failed meanwhile, and waits for its next attempt, anywhere.
      const now = yield* Clock.currentTimeMillis
      expect(tables.open().map(({ attempts }) => attempts)).toEqual([1, 0, 0, 0, 0, 0])
      expect(tables.open().filter(({ nextAttemptAt }) => nextAttemptAt > now).map(({ event }) => event.id))
        .toEqual([eventId(0)])
      expect([tables.nodes(), now < 14_000]).toEqual([[], true])
    }).pipe(onTables))

  it.effect("tells the others of what it gives back: they need not wait for their next look", () =>
    Effect.gen(function*() {
      const young = handler("Statistics")
      const stopping = yield* start(handler("Statistics", () => Effect.never))
      yield* start(young)
      yield* stopping.publish([requested(0)])
      yield* TestClock.adjust("1 millis")
      yield* stopping.publish([requested(1)])
      yield* stopping.close
      yield* TestClock.adjust("1 millis")
      expect(handled(young)).toContain(eventId(1))
    }).pipe(onTables))

  it.effect("gives back what sleeps until its next attempt, with the attempts it had", () =>
    Effect.gen(function*() {
      const { close, publish } = yield* start(
        handler("SendMessage:SMS"),
        handler("Statistics", () => failing("transient"))
      )
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("10 millis")
      yield* close
      expect(tables.open()).toMatchObject([{ owner: null, attempts: 1, history: [{ number: 1 }] }])
    }).pipe(onTables))

  it.effect("deliveries are born without owner from its beginning, and another process has them at once", () =>
    Effect.gen(function*() {
      const [old, young] = [handler("Statistics", () => Effect.sleep("3 seconds")), handler("Statistics")]
      const stopping = yield* start(old)
      yield* start(young)
      const tables = yield* Tables
      yield* stopping.publish([requested(1)])
      const closing = yield* Effect.forkChild(stopping.close)
      yield* TestClock.adjust("1 second")
      yield* stopping.publish([requested(2)])
      yield* TestClock.adjust("10 millis")
      expect(closing.pollUnsafe()).toBeUndefined()
      expect([handled(old), handled(young)]).toEqual([[eventId(1)], [eventId(2)]])
      yield* TestClock.adjust("5 seconds")
      expect(tables.open()).toEqual([])
    }).pipe(onTables))

  it.effect("ends in time although the database does not answer; others take over from the dead then", () =>
    Effect.gen(function*() {
      const stopping = yield* start(handler("Statistics", () => Effect.never))
      const tables = yield* Tables
      yield* stopping.publish([requested(1)])
      tables.stop(true)
      yield* stopping.close
      expect(yield* Clock.currentTimeMillis).toBeLessThan(15_000)
      tables.stop(false)
      const young = handler("Statistics")
      yield* start(young)
      yield* TestClock.adjust("12 seconds")
      expect([handled(young), tables.open()]).toEqual([[eventId(1)], []])
    }).pipe(onTables))
})
