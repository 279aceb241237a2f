/** Jobs that keep the tables small and their partitions ready. */
import { Duration, Effect } from "effect"
import { ReadModels } from "../../ports/ReadModels.ts"
import { Retention } from "../../ports/Retention.ts"
import type { Job } from "./Jobs.ts"

/** Days ahead for which there are partitions: two weeks without a running job lose nothing. */
export const partitionsAhead = 14
/** A failed event is kept this long after it was resolved or discarded. */
const failedEventsFor = Duration.days(180)
/** A login is shown to nobody after its end, and asked about by whoever looks into something that went wrong. */
const accessFor = { logins: Duration.days(30), verifications: Duration.days(1) }
/** Deleted in one statement, at most. */
const atOnce = 1000
/** Tombstones of read documents: no write under way is older. */
const tombstonesFor = Duration.days(1)

export const makePartitions = Effect.map(Retention, (retention): Job => ({
  name: "MakePartitions",
  every: Duration.hours(1),
  within: Duration.minutes(1),
  run: retention.makePartitions(partitionsAhead)
}))

/** `eventsFor`: how long an event is kept. */
export const prune = (eventsFor: Duration.Duration) =>
  Effect.gen(function*() {
    const retention = yield* Retention
    const readModels = yield* ReadModels
    const job: Job = {
      name: "Prune",
      every: Duration.hours(1),
      within: Duration.minutes(10),
      run: Effect.gen(function*() {
        const gone = yield* retention.dropPartitions(eventsFor)
        if (gone.length > 0) yield* Effect.logInfo(`dropped ${gone.join(", ")}`)
        while ((yield* retention.deleteFailedEvents(failedEventsFor, atOnce)) === atOnce);
        while ((yield* retention.deleteAccess(accessFor, atOnce)) === atOnce);
        while ((yield* retention.deleteAnswers(atOnce)) === atOnce);
        yield* readModels.prune(tombstonesFor)
      })
    }
    return job
  })

/** Each of the four tables of deliveries may be emptied for half a minute in each minute. */
export const emptyDeliveries = Effect.map(Retention, (retention): Job => ({
  name: "EmptyDeliveries",
  every: Duration.seconds(5),
  within: Duration.seconds(30),
  run: retention.emptyDeliveries
}))
