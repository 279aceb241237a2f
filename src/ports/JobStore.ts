/** Who runs which job now: a leased row per job, taken from its process when that dies, as deliveries are. */
import { Context, type Duration, type Effect } from "effect"
import type { Incarnation } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** A job that this process may run now. */
export interface JobLease {
  readonly name: string
  readonly owner: Incarnation
  readonly lease: number
}

export interface JobState {
  readonly name: string
  readonly owner: Incarnation | null
  readonly nextRunAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Of the last run; null when it did not fail. */
  readonly error: string | null
  /** Runs that failed in a row. */
  readonly failures: number
}

export class JobStore extends Context.Service<JobStore, {
  /** Takes those of these jobs that are due and that no living process runs. */
  readonly claim: (
    self: Incarnation,
    names: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<JobLease>, StorageUnavailable>
  /** The run has ended: due again after this; nothing when the lease was taken meanwhile. Returns the failures in a row. */
  readonly finish: (
    lease: JobLease,
    every: Duration.Duration,
    error: string | null
  ) => Effect.Effect<number, StorageUnavailable>
  readonly list: Effect.Effect<ReadonlyArray<JobState>, StorageUnavailable>
}>()("ams/JobStore") {}
