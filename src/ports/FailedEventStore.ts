/** What finally failed, for operators to see, replay or discard. */
import { Context, type Effect, type Option, Schema } from "effect"
import { AcademyId, EventId, FailedEventId } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export const FailedEventStatus = Schema.Literals(["OPEN", "REPLAYING", "RESOLVED", "DISCARDED"])

export const FailedEvent = Schema.Struct({
  id: FailedEventId,
  eventId: EventId,
  eventType: Schema.String,
  handler: Schema.String,
  academyId: Schema.NullOr(AcademyId),
  class: Schema.Literals(["transient", "permanent", "account", "unknown"]),
  rule: Schema.String,
  error: Schema.String,
  fingerprint: Schema.String,
  attempts: Schema.Array(Schema.Struct({
    number: Schema.Int,
    at: Schema.String,
    class: Schema.String,
    rule: Schema.String,
    error: Schema.String
  })),
  firstFailedAt: Schema.DateTimeUtcFromDate,
  lastFailedAt: Schema.DateTimeUtcFromDate,
  status: FailedEventStatus,
  replays: Schema.Int,
  reason: Schema.NullOr(Schema.String)
})
export type FailedEvent = typeof FailedEvent.Type

export interface FailedEventFilter {
  /** `null`: every academy. */
  readonly academyId: AcademyId | null
  readonly status?: typeof FailedEventStatus.Type
  readonly handler?: string
  readonly limit: number
  /** Only those that failed before this one. */
  readonly after?: FailedEventId
}

export interface Operator {
  readonly actorId: string | null
  readonly channel: "API" | "CLI"
  /** `null`: every academy. */
  readonly academyId: AcademyId | null
}

export class FailedEventStore extends Context.Service<FailedEventStore, {
  readonly list: (filter: FailedEventFilter) => Effect.Effect<ReadonlyArray<FailedEvent>, StorageUnavailable>
  readonly find: (
    academyId: AcademyId | null,
    id: FailedEventId
  ) => Effect.Effect<Option.Option<FailedEvent>, StorageUnavailable>
  /**
   * OPEN → REPLAYING and a delivery again, by compare-and-set, with an audit entry. False when it is not OPEN: a pair
   * that is finished is never run again.
   */
  readonly replay: (by: Operator, id: FailedEventId) => Effect.Effect<boolean, StorageUnavailable>
  /** OPEN → DISCARDED with its reason and an audit entry. False when it is not OPEN. */
  readonly discard: (by: Operator, id: FailedEventId, reason: string) => Effect.Effect<boolean, StorageUnavailable>
  readonly countOpen: Effect.Effect<number, StorageUnavailable>
}>()("ams/FailedEventStore") {}
