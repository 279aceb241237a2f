import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as LocalEventBus from "../../../src/adapters/out/broker/LocalEventBus.ts"
import * as Jobs from "../../../src/application/jobs/Jobs.ts"
import { type Alert, Alerts } from "../../../src/ports/Alerts.ts"
import { EventBus } from "../../../src/ports/EventBus.ts"
import * as MemoryJobStore from "../../support/MemoryJobStore.ts"

const told: Array<Alert> = []
const alerts = Layer.sync(Alerts, () => {
  told.length = 0
  return Alerts.of({ raise: (alert) => Effect.sync(() => void told.push(alert)) })
})
const onTable = Effect.provide(Layer.mergeAll(MemoryJobStore.layer, SecureRandom.layerWebCrypto, alerts))

/** A job that notes when it runs. */
const job = (run: Effect.Effect<void, unknown> = Effect.void, changed: Partial<Jobs.Job> = {}) => {
  const runs: Array<number> = []
  const made: Jobs.Job = {
    name: "Sweep",
    every: Duration.seconds(10),
    within: Duration.seconds(30),
    run: Effect.andThen(Effect.map(Clock.currentTimeMillis, (now) => void runs.push(now)), run),
    ...changed
  }
  return { ...made, runs }
}

/** A process with this job; closed at the end of the test. */
const start = Effect.fnUntraced(function*(one: Jobs.Job) {
  const scope = yield* Scope.make()
  const layer = Jobs.layer(Effect.succeed([one])).pipe(Layer.provideMerge(LocalEventBus.layer([])))
  const bus = Context.get(yield* Layer.buildWithScope(layer, scope), EventBus)
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  return { incarnation: bus.incarnation(), close: Scope.close(scope, Exit.void) }
})

describe("a job", () => {
  it.effect("runs at once, and again so long after its end", () =>
    Effect.gen(function*() {
      const one = job(Effect.sleep("3 seconds"))
      yield* start(one)
      yield* TestClock.adjust("40 seconds")
      expect(one.runs).toEqual([0, 13_000, 26_000, 39_000])
    }).pipe(onTable))

  it.effect("runs in one of two processes at a time", () =>
    Effect.gen(function*() {
      let atOnce = 0
      let most = 0
      const work = Effect.gen(function*() {
        most = Math.max(most, ++atOnce)
        yield* Effect.sleep("3 seconds")
        atOnce--
      })
      const [one, other] = [job(work), job(work)]
      yield* start(one)
      yield* start(other)
      yield* TestClock.adjust("2 minutes")
      expect([most, one.runs.length + other.runs.length]).toEqual([1, 10])
    }).pipe(onTable))

  it.effect("of a process that died in the middle goes to another one, which it waits for no longer than for deliveries", () =>
    Effect.gen(function*() {
      const [dying, other] = [job(Effect.never, { within: Duration.hours(1) }), job()]
      const { incarnation } = yield* start(dying)
      yield* TestClock.adjust("1 second")
      yield* start(other)
      yield* TestClock.adjust("1 minute")
      expect([dying.runs.length, other.runs.length]).toEqual([1, 0])
      ;(yield* MemoryJobStore.JobTable).kill(incarnation)
      yield* TestClock.adjust("1100 millis")
      expect(other.runs).toHaveLength(1)
    }).pipe(onTable))

  it.effect("that hangs is cut off, and has failed", () =>
    Effect.gen(function*() {
      const hanging = job(Effect.never)
      yield* start(hanging)
      yield* TestClock.adjust("31 seconds")
      expect((yield* MemoryJobStore.JobTable).rows.get("Sweep")).toMatchObject({
        owner: null,
        failures: 1,
        error: "no end within 30s"
      })
    }).pipe(onTable))

  const failures = [
    ["fails", Effect.fail(new Jobs.JobFailed({ message: "no disk" }))],
    ["dies", Effect.die(new Error("no disk"))]
  ] as const
  it.effect.each(failures)(
    "that %s again and again is told to operators from the second time on, and goes on",
    ([, run]) =>
      Effect.gen(function*() {
        const failing = job(run, { every: Duration.hours(1) })
        yield* start(failing)
        yield* TestClock.adjust("10 seconds")
        expect(told).toEqual([])
        yield* TestClock.adjust("61 seconds")
        expect(failing.runs).toHaveLength(2)
        expect(told).toMatchObject([{ kind: "job-failing", fingerprint: "job:Sweep", facts: { failures: 2 } }])
        yield* TestClock.adjust("5 minutes")
        expect(failing.runs.length).toBeGreaterThan(5)
      }).pipe(onTable)
  )

  it.effect("waits for the database to come back", () =>
    Effect.gen(function*() {
      const one = job()
      const table = yield* MemoryJobStore.JobTable
      table.stop(true)
      yield* start(one)
      yield* TestClock.adjust("1 minute")
      expect(one.runs).toEqual([])
      table.stop(false)
      yield* TestClock.adjust("2 seconds")
      expect(one.runs).toHaveLength(1)
    }).pipe(onTable))
})
