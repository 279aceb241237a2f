/**
 * What happens by the clock, on one process at a time: a job's row is leased to whoever runs it, and goes to another
 * process when that one dies, within 12 s, as deliveries do. A job bears being run twice.
 */
import { Cause, Data, Duration, Effect, FiberSet, Layer, Option } from "effect"
import { Alerts } from "../../ports/Alerts.ts"
import { EventBus } from "../../ports/EventBus.ts"
import { type JobLease, JobStore } from "../../ports/JobStore.ts"
import * as Metrics from "../events/DeliveryMetrics.ts"
import { supervised, untilStored } from "../events/Supervision.ts"

/** A run did not do all that it should; the message says what not. */
export class JobFailed extends Data.TaggedError("JobFailed")<{ readonly message: string }> {}

export interface Job {
  readonly name: string
  /** From the end of one run to the beginning of the next. */
  readonly every: Duration.Duration
  /** A run that takes longer is given up, and has failed. */
  readonly within: Duration.Duration
  /** Whatever it fails with is logged, kept with the job and told to operators. */
  readonly run: Effect.Effect<void, unknown>
}

/** The table of jobs is looked into this often. */
const lookEvery = Duration.seconds(1)
/** After a failed run the next one comes at the latest after this. */
const again = Duration.minutes(1)
/** Failed runs in a row from which on operators are told: one alone may be a restart of the database. */
const tellFrom = 2

const reason = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message || error.name : String(error)
}

const make = Effect.fnUntraced(function*(jobs: ReadonlyArray<Job>) {
  const store = yield* JobStore
  const bus = yield* EventBus
  const alerts = yield* Alerts
  const running = yield* FiberSet.make<void, never>()
  const byName = new Map(jobs.map((job) => [job.name, job]))
  const busy = new Set<string>()

  /** None when it ended well. */
  const outcome = (job: Job): Effect.Effect<Option.Option<string>> =>
    job.run.pipe(
      Effect.timeoutOrElse({
        duration: job.within,
        orElse: () => Effect.fail(new JobFailed({ message: `no end within ${Duration.format(job.within)}` }))
      }),
      // What runs every few seconds would bury the traces of everything else.
      Effect.withSpan(`job ${job.name}`, { root: true, sampled: Duration.isGreaterThan(job.every, again) }),
      Effect.as(Option.none()),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.interrupt
          : Effect.as(Effect.logError(`job ${job.name} failed`, cause), Option.some(reason(cause)))
      )
    )

  const run = (lease: JobLease, job: Job) =>
    Effect.gen(function*() {
      const error = yield* outcome(job)
      yield* Metrics.jobRan(job.name, Option.isSome(error))
      const next = Option.isSome(error) ? Duration.min(job.every, again) : job.every
      const failures = yield* untilStored("noting a job", store.finish(lease, next, Option.getOrNull(error)))
      if (Option.isNone(error) || failures < tellFrom) return
      yield* alerts.raise({
        kind: "job-failing",
        fingerprint: `job:${job.name}`,
        severity: "warning",
        summary: `job ${job.name} fails: ${error.value}`,
        facts: { job: job.name, failures }
      })
    }).pipe(Effect.ensuring(Effect.sync(() => busy.delete(job.name))))

  const look = store.claim(bus.incarnation(), jobs.map(({ name }) => name).filter((name) => !busy.has(name))).pipe(
    Effect.flatMap((leases) =>
      Effect.forEach(leases, (lease) => {
        const job = byName.get(lease.name)
        if (job === undefined) return Effect.void
        busy.add(job.name)
        return FiberSet.run(running, run(lease, job))
      }, { discard: true })
    ),
    Effect.catch((error) => Effect.logWarning("jobs: the database does not answer", error.cause)),
    Effect.andThen(Effect.sleep(lookEvery))
  )

  const loop = yield* FiberSet.make<never, never>()
  yield* FiberSet.run(loop, supervised("jobs", Effect.suspend(() => look)))
})

/** Runs these jobs, whenever it is this process's turn, for as long as the layer lives. */
export const layer = <E, R>(jobs: Effect.Effect<ReadonlyArray<Job>, E, R>) =>
  Layer.effectDiscard(Effect.flatMap(jobs, make))
