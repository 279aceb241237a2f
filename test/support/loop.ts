/** What work costs the event loop of this thread. */
import { Effect } from "effect"

/**
 * Runs it, and brings back how long it took and the loop's delays meanwhile, as a timer of 1 ms notices them, in ms. Node's `monitorEventLoopDelay` drops
 * the round after `enable` and `reset`, which may be the one in question.
 */
export const watched = Effect.fnUntraced(function*<A, E, R>(work: Effect.Effect<A, E, R>) {
  const delays: Array<number> = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    delays.push(Math.max(0, now - last - 1))
    last = now
  }, 1)
  return yield* Effect.gen(function*() {
    const began = performance.now()
    const value = yield* work
    const took = performance.now() - began
    // What was held up at the end is seen by the next tick.
    yield* Effect.callback<void>((resume) => void setTimeout(() => resume(Effect.void), 3))
    return { value, took, delays }
  }).pipe(Effect.ensuring(Effect.sync(() => clearInterval(timer))))
})

/** Runs it, and brings back for how many ms this thread had a processor meanwhile: no more with a busy machine. */
export const charged = Effect.fnUntraced(function*<A, E, R>(work: Effect.Effect<A, E, R>) {
  const before = process.threadCpuUsage()
  const value = yield* work
  const { system, user } = process.threadCpuUsage(before)
  return { value, cpu: (system + user) / 1_000 }
})
