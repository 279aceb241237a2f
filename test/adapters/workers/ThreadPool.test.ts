import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as ThreadPool from "../../../src/adapters/workers/ThreadPool.ts"
import { CpuPool } from "../../../src/ports/CpuPool.ts"
import { becomes } from "../../support/ams.ts"
import { counter, isStopped, runs } from "../../support/counter.ts"
import { boom, breakOff, burn, crash, crowd, double, exhaust, flood, inside, most, unknown } from "./tasks.ts"

const pool = (options: Partial<ThreadPool.PoolOptions> = {}) =>
  ThreadPool.layer({
    threads: 1,
    mayWait: 10,
    timeLimit: "30 seconds",
    entry: new URL("./worker.ts", import.meta.url),
    ...options
  })

const answers = Effect.gen(function*() {
  expect(yield* (yield* CpuPool).value(double, 21)).toBe(42)
})

describe("the pool", () => {
  it.live("brings back a task's value and a task's bytes, in their order", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      yield* answers
      const chunks = yield* Stream.runCollect(cpu.bytes(flood, { ...counter().shared, size: 3, times: 300 }))
      expect(chunks.map((chunk) => [...chunk])).toEqual(
        Array.from({ length: 300 }, (_, n) => [n % 256, n % 256, n % 256])
      )
    }).pipe(Effect.provide(pool())))

  it.live("runs as many tasks at once as it has threads, and never more", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const all = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 8 }, () => cpu.value(crowd, count.shared)), { concurrency: "unbounded" })
      )
      yield* becomes(Effect.sync(() => count.at(inside)), (now) => expect(now).toBe(2))
      count.open()
      yield* Fiber.join(all)
      expect([count.at(inside), count.at(most)]).toEqual([0, 2])
    }).pipe(Effect.provide(pool({ threads: 2 }))))

  it.live("lets so many wait, and refuses the next one at once", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const burning = yield* Effect.forkChild(cpu.value(burn, count.shared))
      yield* runs(count)
      const waiting = yield* Effect.forEach([1, 2], (n) => Effect.forkChild(cpu.value(double, n)))
      yield* Effect.yieldNow
      expect(yield* Effect.flip(cpu.value(double, 3))).toMatchObject({ _tag: "Busy" })
      expect(yield* Effect.flip(Stream.runDrain(cpu.bytes(flood, { ...count.shared, size: 1, times: 1 }))))
        .toMatchObject({
          _tag: "Busy"
        })
      yield* Fiber.interrupt(burning)
      expect(yield* Effect.forEach(waiting, Fiber.join)).toEqual([2, 4])
      yield* answers
    }).pipe(Effect.provide(pool({ mayWait: 2 }))))

  it.live("a task's bytes are not made far ahead of who reads them, and all come", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const size = 64 * 1024
      const stuck = 1024 * 1024 / size
      yield* Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(cpu.bytes(flood, { ...count.shared, size, times: 100 }))
        let read = (yield* pull).length
        // What was read allows as much more; one is made and waits.
        const made = stuck + read + 1
        yield* becomes(Effect.sync(() => count.at()), (now) => expect(now).toBe(made))
        yield* isStopped(count)
        expect(count.at()).toBe(made)
        while (read < 100) read += (yield* pull).length
        expect(count.at()).toBe(100)
      }))
    }).pipe(Effect.provide(pool({ threads: 2 }))))

  it.live("what is made before its reader comes does not keep the thread", () =>
    Effect.scoped(Effect.gen(function*() {
      const cpu = yield* CpuPool
      const pull = yield* Stream.toPull(cpu.bytes(flood, { ...counter().shared, size: 100, times: 100 }))
      let read = (yield* pull).length
      yield* answers
      while (read < 100) read += (yield* pull).length
    })).pipe(Effect.provide(pool({ mayWait: 1 }))))
})

describe("a task is really stopped", () => {
  it.live("when its caller goes away, in the middle of a loop", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const burning = yield* Effect.forkChild(cpu.value(burn, count.shared))
      yield* runs(count)
      yield* Fiber.interrupt(burning)
      yield* isStopped(count)
      yield* answers
    }).pipe(Effect.provide(pool())))

  it.live("when its reader stops reading", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      yield* Stream.runDrain(Stream.take(cpu.bytes(flood, { ...count.shared, size: 1024, times: 1e9 }), 5))
      expect(count.at()).toBeGreaterThan(0)
      yield* isStopped(count)
    }).pipe(Effect.provide(pool())))

  it.effect("when its time is over", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const burning = yield* Effect.forkChild(cpu.value(burn, count.shared))
      yield* TestClock.withLive(runs(count))
      yield* TestClock.adjust("30 seconds")
      expect(yield* Effect.flip(Fiber.join(burning))).toMatchObject({ _tag: "TookTooLong", task: "burn" })
      yield* TestClock.withLive(isStopped(count))
      yield* answers
    }).pipe(Effect.provide(pool())))

  it.effect("waiting counts: a task whose time is over before it began does not begin", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const [count, late] = [counter(), counter()]
      const burning = yield* Effect.forkChild(cpu.value(burn, count.shared))
      yield* TestClock.withLive(runs(count))
      const waiting = yield* Effect.forkChild(cpu.value(burn, late.shared))
      yield* TestClock.adjust("30 seconds")
      for (const one of [burning, waiting]) {
        expect(yield* Effect.flip(Fiber.join(one))).toMatchObject({ _tag: "TookTooLong" })
      }
      yield* answers
      expect(late.at()).toBe(0)
    }).pipe(Effect.provide(pool())))

  it.live("when the pool closes, and soon", () =>
    Effect.gen(function*() {
      const count = counter()
      const closed = yield* Effect.gen(function*() {
        const cpu = yield* CpuPool
        const burning = yield* Effect.forkDetach(Effect.result(cpu.value(burn, count.shared)))
        yield* runs(count)
        return { burning, cpu, since: performance.now() }
      }).pipe(Effect.provide(pool()))
      expect(performance.now() - closed.since).toBeLessThan(3000)
      expect(yield* Fiber.join(closed.burning)).toMatchObject({ failure: { _tag: "TaskCrashed", task: "burn" } })
      expect(yield* Effect.flip(closed.cpu.value(double, 1))).toMatchObject({ _tag: "Busy" })
    }))
})

describe("a task that fails fails its call only", () => {
  it.live.each(
    [
      ["throws", boom, /boom/],
      ["ends its thread", crash, /ended with 3/],
      ["wants more memory than a thread may have", exhaust, /memory/],
      ["is not known", unknown, /there is no task unknown/]
    ] as const
  )("one that %s", ([, task, said]) =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const count = counter()
      const beside = yield* Effect.forkChild(cpu.value(crowd, count.shared))
      const error = yield* Effect.flip(cpu.value(task, null))
      expect(error).toMatchObject({ _tag: "TaskCrashed", task: task.name, message: expect.stringMatching(said) })
      yield* answers
      yield* runs(count)
      count.open()
      expect(yield* Fiber.join(beside)).toBe(1)
    }).pipe(Effect.provide(pool({ threads: 2, memory: 32 }))))

  it.live("one whose input is not what its schema says, told by where and not by what", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const wrong = Stream.runDrain(cpu.bytes(flood, { ...counter().shared, size: 4711.5, times: 1 }))
      const { message } = yield* Effect.flip(Effect.catchTag(wrong, ["Busy", "TookTooLong"], Effect.die))
      expect(message).toMatch(/the input of flood is not what its schema says, at \/size\n/)
      expect(message).not.toContain("4711")
      yield* answers
    }).pipe(Effect.provide(pool())))

  it.live("one that breaks off in the middle of its bytes, after those that it made", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const read: Array<string> = []
      const reading = Stream.runForEach(cpu.bytes(breakOff, null), (bytes) =>
        Effect.sync(() => read.push(new TextDecoder().decode(bytes))))
      expect(yield* Effect.flip(reading)).toMatchObject({ _tag: "TaskCrashed", task: "breakOff" })
      expect(read).toEqual(["the beginning"])
    }).pipe(Effect.provide(pool())))
})
