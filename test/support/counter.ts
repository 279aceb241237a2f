/** Memory that a worker counts in, so that a test knows what it does and when it has stopped. */
import { Effect, Fiber, Schedule } from "effect"
import { expect } from "vitest"
import { CpuPool } from "../../src/ports/CpuPool.ts"
import { burn, door } from "../adapters/workers/tasks.ts"
import { becomes } from "./ams.ts"

export const counter = () => {
  const shared = new SharedArrayBuffer(12)
  const numbers = new Int32Array(shared)
  return {
    shared: { counter: shared },
    at: (index = 0) => Atomics.load(numbers, index),
    open: () => {
      Atomics.store(numbers, door, 1)
      Atomics.notify(numbers, door)
    }
  }
}
export type Counter = ReturnType<typeof counter>

export const runs = (count: Counter) => becomes(Effect.sync(() => count.at()), (now) => expect(now).toBeGreaterThan(0))

/** It does not count any more: another task gets a thread, and counts a good deal while this one counts nothing. */
export const isStopped = Effect.fnUntraced(function*(count: Counter) {
  const cpu = yield* CpuPool
  const other = counter()
  // Whoever has only just gone may still stand in line.
  const burning = yield* Effect.forkChild(
    Effect.retry(cpu.value(burn, other.shared), {
      while: ({ _tag }) => _tag === "Busy",
      schedule: Schedule.spaced("20 millis")
    })
  )
  yield* runs(other)
  const before = count.at()
  yield* becomes(Effect.sync(() => other.at()), (now) => expect(now).toBeGreaterThan(100_000))
  yield* Fiber.interrupt(burning)
  expect(count.at()).toBe(before)
})
