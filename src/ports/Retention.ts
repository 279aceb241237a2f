/** What keeps tables small. Every method is safe when run twice or by two at once. */
/** What keeps the tables of events and of answers small. Every method is safe when run twice or by two at once. */
import { Context, type Duration, type Effect } from "effect"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export class Retention extends Context.Service<Retention, {
  /** Makes missing daily partitions of `event`, so many days ahead. Returns how many were made. */
  readonly makePartitions: (daysAhead: number) => Effect.Effect<number, StorageUnavailable>
  /**
   * Drops days of events older than this that no open delivery and no OPEN or REPLAYING failed event names. Returns the
   * names of the partitions that went.
   */
  readonly dropPartitions: (olderThan: Duration.Duration) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
  /** Deletes failed events so long after they were resolved or discarded, at most so many. Returns how many. */
  readonly deleteFailedEvents: (
    resolvedFor: Duration.Duration,
    limit: number
  ) => Effect.Effect<number, StorageUnavailable>
  /**
   * Forgets logins so long after their end, phones that were shown so long ago, and counters that are over. Returns how many
   * logins it were.
   */
  readonly deleteAccess: (
    olderThan: { readonly logins: Duration.Duration; readonly verifications: Duration.Duration },
    limit: number
  ) => Effect.Effect<number, StorageUnavailable>
  /** Deletes kept answers to requests after 24 h, at most so many. Returns how many. */
  readonly deleteAnswers: (limit: number) => Effect.Effect<number, StorageUnavailable>
  /** Gives back the room of finished deliveries. Returns how many bytes. */
  readonly emptyDeliveries: Effect.Effect<number, StorageUnavailable>
}>()("ams/Retention") {}
