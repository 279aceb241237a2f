/** Jobs that give failed events to their handlers again: by their schedule, and as operators asked for. */
import { Duration, Effect } from "effect"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import { FailedEventStore } from "../../ports/FailedEventStore.ts"
import type { Job } from "./Jobs.ts"

/** Given back at once, at most: a cause that heals lets thousands go, and others want their turn too. */
const atOnce = 500

/** Transient failures once more, 1, 5, 30 minutes, 2 and 8 hours after they were parked. */
export const redriveFailed = Effect.gen(function*() {
  const failedEvents = yield* FailedEventStore
  const deliveries = yield* DeliveryStore
  const job: Job = {
    name: "RedriveFailed",
    every: Duration.seconds(5),
    within: Duration.seconds(30),
    run: Effect.gen(function*() {
      if ((yield* failedEvents.redrive(atOnce)) > 0) yield* deliveries.announce
    })
  }
  return job
})

/** One second's part of each run over many failed events. */
export const stepRuns = Effect.gen(function*() {
  const failedEvents = yield* FailedEventStore
  const deliveries = yield* DeliveryStore
  const job: Job = {
    name: "StepRuns",
    // Whenever jobs are looked for, which is every second.
    every: Duration.zero,
    within: Duration.seconds(30),
    run: Effect.gen(function*() {
      if ((yield* failedEvents.stepRuns) > 0) yield* deliveries.announce
    })
  }
  return job
})
