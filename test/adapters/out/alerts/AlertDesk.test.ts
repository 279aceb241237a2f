/** Grouping, pace and the end, on the test clock. */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Fiber, Layer, Scheduler, Scope } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { TestClock } from "effect/testing"
import { places } from "../../../../src/adapters/out/alerts/AlertDesk.ts"
import { layerOf } from "../../../../src/adapters/out/alerts/Alerts.ts"
import { headline, type Notice, NotTold, type Sink } from "../../../../src/adapters/out/alerts/Notice.ts"
import { type Alert, Alerts } from "../../../../src/ports/Alerts.ts"
import { whole } from "../../../domain/given.ts"
import { alert, logged } from "../../../support/alerts.ts"

interface Told {
  /** Since the beginning, in milliseconds. */
  readonly at: number
  readonly notice: Notice
}

/** Remembers what it is told, and then does as it is said. */
const recording = (then: (nth: number) => Effect.Effect<void, NotTold> = () => Effect.void) => {
  const told: Array<Told> = []
  const sink: Sink = {
    name: "recording",
    send: (notice) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        told.push({ at, notice })
        return then(told.length)
      })
  }
  return { sink, told, lines: () => told.map(({ at, notice }) => `${at / 1000} s: ${headline(notice)}`) }
}

/** Open desks; `end` closes them, which takes as long as it takes on the test clock. */
const desks = Effect.fnUntraced(function*(...sinks: ReadonlyArray<Sink>) {
  const log = logged()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(layerOf(sinks).pipe(Layer.provide(log.layer)), scope)
  const { raise } = Context.get(context, Alerts)
  const ended = Scope.close(scope, Exit.void)
  // Whatever a test left pending has its time.
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      const closing = yield* Effect.forkChild(ended)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(closing)
    })
  )
  return {
    lines: log.lines,
    raise: (...alerts: ReadonlyArray<Alert>) =>
      Effect.forEach(alerts, raise, { discard: true }).pipe(Effect.andThen(TestClock.adjust(0))),
    raiseOnly: raise,
    /** Ends them; what that took in milliseconds. */
    end: Effect.gen(function*() {
      const start = yield* Clock.currentTimeMillis
      const closing = yield* Effect.forkChild(Effect.andThen(ended, Clock.currentTimeMillis))
      yield* TestClock.adjust("10 seconds")
      return (yield* Fiber.join(closing)) - start
    })
  }
})

const times = (count: number, one: Alert) => Array.from({ length: count }, () => one)

describe("alerts of one fingerprint", () => {
  it.effect("are told at once, and those of the next 5 minutes together at their end", () =>
    Effect.gen(function*() {
      const { lines, sink, told } = recording()
      const { raise } = yield* desks(sink)
      yield* raise(alert("mail", { facts: { attempts: 1 } }))
      expect(lines()).toEqual(["0 s: mail failed"])
      yield* TestClock.adjust("10 seconds")
      yield* raise(...times(40, alert("mail")), alert("mail", { severity: "critical", facts: { attempts: 42 } }))
      yield* TestClock.adjust("289999 millis")
      expect(lines()).toEqual(["0 s: mail failed"])
      yield* TestClock.adjust("1 millis")
      expect(lines()).toEqual(["0 s: mail failed", "300 s: mail failed (and 41 more)"])
      expect(told.map(({ notice }) => [notice.count, notice.severity, notice.facts])).toEqual([
        [1, "warning", { attempts: 1 }],
        [41, "critical", { attempts: 42 }]
      ])
    }))

  it.effect("that go on are told every 5 minutes; after 5 quiet ones the next is told at once", () =>
    Effect.gen(function*() {
      const { lines, sink } = recording()
      const { raise } = yield* desks(sink)
      for (let minute = 0; minute < 12; minute++) {
        yield* raise(alert("mail"))
        yield* TestClock.adjust("1 minute")
      }
      yield* TestClock.adjust("20 minutes")
      yield* raise(alert("mail"))
      expect(lines()).toEqual([
        "0 s: mail failed",
        "300 s: mail failed (and 4 more)",
        "600 s: mail failed (and 5 more)",
        "900 s: mail failed (and 2 more)",
        "1920 s: mail failed"
      ])
    }))

  it.effect("that come before its turn are told with it, in its place", () =>
    Effect.gen(function*() {
      const { lines, sink } = recording()
      const { raise } = yield* desks(sink)
      yield* raise(alert("a"), alert("b"), alert("c"), alert("b"), alert("b"))
      yield* TestClock.adjust("10 seconds")
      expect(lines()).toEqual(["0 s: a failed", "1 s: b failed (and 2 more)", "2 s: c failed"])
    }))
})

describe("alerts of several fingerprints", () => {
  it.effect("are told one a second, in the order in which they came", () =>
    Effect.gen(function*() {
      const { lines, sink } = recording()
      const { raise } = yield* desks(sink)
      yield* raise(alert("a"), alert("b"), alert("c"))
      yield* TestClock.adjust("500 millis")
      yield* raise(alert("d"))
      yield* TestClock.adjust("2 minutes")
      yield* raise(alert("e"))
      expect(lines()).toEqual(["0 s: a failed", "1 s: b failed", "2 s: c failed", "3 s: d failed", "120.5 s: e failed"])
    }))

  it.effect("take no more memory than a number of them; what is dropped is counted in the log", () =>
    Effect.gen(function*() {
      const { sink, told } = recording()
      const { lines, raise } = yield* desks(sink)
      // The first one is told in between.
      yield* raise(alert("first"))
      yield* raise(
        ...Array.from({ length: places + 6 }, (_, n) => alert(String(n))),
        alert("x", { kind: "job-failing" })
      )
      yield* raise(alert("0"))
      yield* TestClock.adjust("1 hour")
      expect(told.slice(0, places).map(({ notice }) => notice.fingerprint))
        .toEqual(["first", ...Array.from({ length: places - 1 }, (_, n) => String(n))])
      expect(told.reduce((sum, { notice }) => sum + notice.count, 0)).toBe(places + 1)
      expect(lines).toEqual([{
        level: "Error",
        text: `alerts were dropped, ${places} other fingerprints wait for recording`,
        rest: { "failure-group": 7, "job-failing": 1 }
      }])
      yield* raise(alert("x"))
      expect(told.at(-1)?.notice.fingerprint).toBe("x")
    }))

  it.effect("take no place once they were quiet", () =>
    Effect.gen(function*() {
      const { sink, told } = recording()
      const { lines, raise } = yield* desks(sink)
      const storm = (name: string) => Array.from({ length: places }, (_, n) => alert(`${name} ${n}`))
      yield* raise(...storm("first"))
      yield* TestClock.adjust("1 hour")
      yield* raise(...storm("second")).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, 1_000_000))
      yield* TestClock.adjust("1 hour")
      expect(told).toHaveLength(2 * places)
      expect(lines).toEqual([])
    }))

  it.effect.prop(
    "come out one a second at most, one fingerprint once in 5 minutes, and none is lost",
    [Arbitrary.array(Arbitrary.all([whole(0, 5), whole(0, 200)]), { minLength: 1, maxLength: 60 })],
    ([raised]) =>
      Effect.gen(function*() {
        const { sink, told } = recording()
        const { raise } = yield* desks(sink)
        for (const [fingerprint, seconds] of raised) {
          yield* raise(alert(String(fingerprint)))
          yield* TestClock.adjust(Duration.seconds(seconds))
        }
        yield* TestClock.adjust("10 minutes")
        const gaps = (some: ReadonlyArray<Told>) => some.slice(1).map(({ at }, index) => at - (some[index]?.at ?? 0))
        expect(gaps(told).filter((gap) => gap < 1000)).toEqual([])
        for (const fingerprint of new Set(raised.map(([one]) => String(one)))) {
          const its = told.filter(({ notice }) => notice.fingerprint === fingerprint)
          expect(gaps(its).filter((gap) => gap < 300_000)).toEqual([])
          expect(its.reduce((sum, { notice }) => sum + notice.count, 0))
            .toBe(raised.filter(([one]) => String(one) === fingerprint).length)
        }
      }),
    { arbitrary: { runs: 50 } }
  )
})

describe("a sink that", () => {
  it.effect("hangs delays neither the caller nor another one", () =>
    Effect.gen(function*() {
      const dead = recording(() => Effect.never)
      const well = recording()
      const { raiseOnly } = yield* desks(dead.sink, well.sink)
      const fibers = yield* Effect.forEach(
        Array.from({ length: 99 }, (_, n) => n),
        (n) => Effect.forkChild(raiseOnly(alert(String(n % 3))), { startImmediately: true })
      )
      expect(fibers.filter((fiber) => fiber.pollUnsafe() === undefined)).toEqual([])
      yield* TestClock.adjust("3 seconds")
      expect(dead.lines()).toEqual(["0 s: 0 failed (and 32 more)"])
      expect(well.lines()).toEqual([
        "0 s: 0 failed (and 32 more)",
        "1 s: 1 failed (and 32 more)",
        "2 s: 2 failed (and 32 more)"
      ])
    }))

  it.effect("all of them hanging, leaves the caller free, who does none of their work", () =>
    Effect.gen(function*() {
      const one = recording(() => Effect.never)
      const { raiseOnly } = yield* desks(one.sink, recording(() => Effect.never).sink)
      yield* TestClock.adjust("1 minute")
      const first = yield* Effect.forkChild(raiseOnly(alert("first")), { startImmediately: true })
      expect([first.pollUnsafe(), one.told]).toEqual([Exit.void, []])
      for (let n = 0; n < 2000; n++) {
        const fiber = yield* Effect.forkChild(raiseOnly(alert(String(n))), { startImmediately: true })
        expect(fiber.pollUnsafe()).toEqual(Exit.void)
      }
    }))

  it.effect("fails, dies or interrupts itself is told the next one; the log has the alert that did not arrive", () =>
    Effect.gen(function*() {
      const { lines: told, sink } = recording((nth) =>
        nth === 1
          ? Effect.fail(new NotTold({ message: "answered 404" }))
          : nth === 2
          ? Effect.die(new Error("a mistake"))
          : nth === 3
          ? Effect.interrupt
          : Effect.void
      )
      const { lines, raise } = yield* desks(sink)
      yield* raise(alert("a", { facts: { handler: "SendMessage:SMS" } }), alert("b"), alert("c"), alert("d"))
      yield* TestClock.adjust("5 seconds")
      expect(told()).toEqual(["0 s: a failed", "1 s: b failed", "2 s: c failed", "3 s: d failed"])
      expect(lines.map(({ level }) => level)).toEqual(["Error", "Error", "Error"])
      expect(lines[0]).toMatchObject({
        text: "recording was not told of an alert: answered 404",
        rest: { kind: "failure-group", fingerprint: "a", summary: "a failed", facts: { handler: "SendMessage:SMS" } }
      })
      expect(lines[1]?.text).toContain("a mistake")
      expect(lines.map(({ rest }) => rest)).toMatchObject([{ fingerprint: "a" }, { fingerprint: "b" }, {
        fingerprint: "c"
      }])
    }))
})

describe("when AMS ends", () => {
  it.effect("with nothing pending, nobody waits", () =>
    Effect.gen(function*() {
      const { sink } = recording()
      const { end, raise } = yield* desks(sink)
      yield* raise(alert("a"))
      expect(yield* end).toBe(0)
    }))

  it.effect("what is pending goes out, also what was only counted, still one a second", () =>
    Effect.gen(function*() {
      const { lines: told, sink } = recording()
      const { end, lines, raise } = yield* desks(sink)
      yield* raise(alert("a"))
      yield* TestClock.adjust("1 minute")
      yield* raise(alert("a"), alert("b"))
      yield* TestClock.adjust("500 millis")
      yield* raise(alert("a"))
      expect(yield* end).toBe(500)
      expect(told()).toEqual(["0 s: a failed", "60 s: b failed", "61 s: a failed (and 2 more)"])
      expect(lines).toEqual([])
    }))

  it.effect("what does not go out within 2 s is in the log, what is under way too", () =>
    Effect.gen(function*() {
      const dead = recording(() => Effect.never)
      const well = recording()
      const { end, lines, raise } = yield* desks(dead.sink, { ...well.sink, name: "well" })
      yield* raise(alert("a"), alert("b"), alert("c"), alert("d"))
      yield* TestClock.adjust("500 millis")
      expect(yield* end).toBe(2000)
      expect(well.lines()).toEqual(["0 s: a failed", "1 s: b failed", "2 s: c failed"])
      const unsaid = (name: string) => lines.filter(({ text }) => text.startsWith(`${name} was not told of an alert`))
      expect(unsaid("recording")).toMatchObject([
        { level: "Error", text: expect.stringMatching(/: AMS ended meanwhile$/), rest: { fingerprint: "a" } },
        { level: "Error", text: expect.stringMatching(/: AMS ended before its turn$/), rest: { fingerprint: "b" } },
        { level: "Error", text: expect.stringMatching(/: AMS ended before its turn$/), rest: { fingerprint: "c" } },
        { level: "Error", text: expect.stringMatching(/: AMS ended before its turn$/), rest: { fingerprint: "d" } }
      ])
      expect(unsaid("well")).toMatchObject([{ level: "Error", rest: { fingerprint: "d" } }])
    }))
})
