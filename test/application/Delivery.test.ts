import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { academy, eventId, requested, several } from "../support/events.ts"
import { Tables } from "../support/MemoryDeliveryStore.ts"
import { batching, failing, handler, onTables, start } from "./engine.ts"

const waits = (calls: ReadonlyArray<{ readonly at: number }>) =>
  calls.slice(1).map(({ at }, n) => at - (calls[n]?.at ?? 0))
const about = (millis: number) => ({ least: millis * 0.8, most: millis * 1.2 })
const fits = (wait: number | undefined, { least, most }: { readonly least: number; readonly most: number }) =>
  wait !== undefined && wait >= least && wait <= most

describe("a handler that succeeds", () => {
  it.effect("has its events at once, and their rows are deleted", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync")
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      expect(tables.nodes()).toEqual([bus.incarnation()])
      yield* publish(several(3))
      yield* TestClock.adjust("50 millis")
      expect(new Set(sync.calls.map(({ at }) => at))).toEqual(new Set([0]))
      expect(sync.calls.flatMap(({ events }) => events)).toEqual([eventId(0), eventId(1), eventId(2)])
      expect([tables.open(), tables.failed(), bus.size()]).toEqual([[], [], 0])
    }).pipe(onTables))

  it.effect("gets what has come meanwhile together, oldest first, no more than its policy says", () =>
    Effect.gen(function*() {
      const { batches, publish } = yield* batching(() => Effect.void)
      // 9 academies, one after the other.
      const events = Array.from({ length: 450 }, (_, n) => requested(100 + n, academy(Math.floor(n / 50))))
      yield* publish(events)
      expect(batches().map((batch) => batch.length)).toEqual([200, 200, 50])
      // In turn: the first round of each batch has one of each academy.
      expect(batches()[0]?.slice(0, 18)).toEqual(
        [0, 1].flatMap((round) => Array.from({ length: 9 }, (_, one) => eventId(100 + one * 50 + round)))
      )
      const ofAcademy = (one: number) => new Set(events.slice(one * 50, one * 50 + 50).map(({ id }) => id))
      for (let one = 0; one < 9; one++) {
        const its = batches().flat().filter((id) => ofAcademy(one).has(id))
        expect(its).toEqual([...its].sort())
        expect(its).toHaveLength(50)
      }
      expect((yield* Tables).open()).toEqual([])
    }).pipe(onTables))
})

describe("a failure that time heals", () => {
  it.effect("is tried again on schedule, by this process, until it is done", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", (_, call) => (call < 3 ? failing("transient") : Effect.void))
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("70 millis")
      expect(tables.open()).toMatchObject([{
        owner: bus.incarnation(),
        attempts: 1,
        history: [{ rule: "test-transient" }]
      }])
      yield* TestClock.adjust("1 second")
      const [first, second, ...more] = waits(sync.calls)
      expect([fits(first, about(100)), fits(second, about(200)), more]).toEqual([true, true, []])
      expect([tables.open(), tables.failed(), bus.size()]).toEqual([[], [], 0])
    }).pipe(onTables))

  it.effect("that does not heal is parked after the last attempt, with every attempt, and left alone", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", () => failing("transient"))
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("10 seconds")
      // The last wait is over 1 s: it ends at the next look into the table, at most 1 s later.
      const expected = [about(100), about(200), about(400), about(800), { least: 1280, most: 1920 + 1000 }]
      expect(waits(sync.calls).map((wait, n) => fits(wait, expected[n] ?? about(0)))).toEqual(expected.map(() => true))
      expect([tables.open(), bus.size()]).toEqual([[], 0])
      expect(tables.failed()).toMatchObject([{
        handler: "ReadModelSync",
        class: "transient",
        rule: "test-transient",
        error: "no"
      }])
      const attempts = tables.failed().flatMap((one) => one.attempts)
      expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
      expect(attempts.map(({ at }) => at)).toEqual(sync.calls.map(({ at }) => at))
      yield* TestClock.adjust("10 minutes")
      expect(sync.calls).toHaveLength(6)
    }).pipe(onTables))

  it.effect("with a wait over 1 s leaves the row for anybody, from then on", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", (_, call) =>
        call === 1 ? failing("transient", Duration.seconds(30)) : Effect.void)
      const { bus, publish } = yield* start(sync)
      const tables = yield* Tables
      yield* publish([requested(1)])
      yield* TestClock.adjust("1 second")
      expect(tables.open()).toMatchObject([{ owner: null, attempts: 1, nextAttemptAt: 30_000 }])
      expect(bus.holds(eventId(1), "ReadModelSync")).toBe(false)
      yield* TestClock.adjust("28900 millis")
      expect(sync.calls).toHaveLength(1)
      yield* TestClock.adjust("1200 millis")
      expect(sync.calls).toHaveLength(2)
      expect([tables.open(), tables.failed()]).toEqual([[], []])
    }).pipe(onTables))

  it.effect("of which nobody knows whether it happened is one of these", () =>
    Effect.gen(function*() {
      const sync = handler("ReadModelSync", (_, call) => (call === 1 ? failing("unknown") : Effect.void))
      const { publish } = yield* start(sync)
      yield* publish([requested(1)])
      yield* TestClock.adjust("200 millis")
      expect(sync.calls).toHaveLength(2)
      expect((yield* Tables).open()).toEqual([])
    }).pipe(onTables))
})
