/** What finally failed, for operators to see, replay or discard. Nothing of it can be edited. */
import { Context, type Effect, type Option, Schema } from "effect"
import { AcademyId, EventId, FailedEventId, FailedEventRunId, type MemberId } from "../domain/Ids.ts"
import { Instant } from "../domain/LocalTime.ts"
import type { HandlerName } from "../domain/Subscription.ts"
import { FailureClass } from "./EventHandler.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** OPEN waits for somebody; REPLAYING is with its handler again; RESOLVED and DISCARDED are for ever. */
export const FailedEventStatus = Schema.Literals(["OPEN", "REPLAYING", "RESOLVED", "DISCARDED"])
export type FailedEventStatus = typeof FailedEventStatus.Type

export const FailedEvent = Schema.Struct({
  id: FailedEventId,
  eventId: EventId,
  eventType: Schema.String,
  handler: Schema.String,
  academyId: Schema.NullOr(AcademyId),
  class: FailureClass,
  rule: Schema.String,
  /** The chain of errors, outermost first. */
  error: Schema.String,
  /** Handler, rule and the first own frame: what has the same one has the same cause. */
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
  /** By people. */
  replays: Schema.Int,
  /** By the system itself. */
  redrives: Schema.Int,
  /** When the system will try it again by itself; null: only a person does. */
  nextRedriveAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** Why it was discarded. */
  reason: Schema.NullOr(Schema.String),
  traceparent: Schema.NullOr(Schema.String)
})
export type FailedEvent = typeof FailedEvent.Type

/** Which ones: all that is given must fit. It is kept as it is with a run over them. */
export const FailedEventFilter = Schema.Struct({
  /** `null`: every academy. */
  academyId: Schema.NullOr(AcademyId),
  handler: Schema.optionalKey(Schema.String),
  eventType: Schema.optionalKey(Schema.String),
  class: Schema.optionalKey(FailureClass),
  fingerprint: Schema.optionalKey(Schema.String),
  /** By the last failure: from here on, and before. */
  failedFrom: Schema.optionalKey(Instant),
  failedBefore: Schema.optionalKey(Instant)
})
export type FailedEventFilter = typeof FailedEventFilter.Type

/** Newest first: those behind `after`, which is the last one of the page before. */
export interface PageOf<Id> {
  readonly limit: number
  readonly after?: Id
}

/** Failed events of one cause. */
export const FailedEventGroup = Schema.Struct({
  fingerprint: Schema.String,
  handler: Schema.String,
  class: FailureClass,
  rule: Schema.String,
  count: Schema.Int,
  /** How many academies have some of them. */
  academies: Schema.Int,
  firstFailedAt: Schema.DateTimeUtcFromDate,
  lastFailedAt: Schema.DateTimeUtcFromDate,
  /** The latest one; class, rule and error are its own. */
  sample: FailedEventId,
  error: Schema.String
})
export type FailedEventGroup = typeof FailedEventGroup.Type

/** What a run over a filter would meet now. */
export const Preview = Schema.Struct({
  /** OPEN: would be replayed or discarded. */
  open: Schema.Int,
  /** Of these, messages whose deliver-by is over: replayed, they become EXPIRED and nobody is told. */
  expired: Schema.Int,
  /** With their handler again at this moment. */
  replaying: Schema.Int,
  /** Resolved or discarded meanwhile: never run again. */
  done: Schema.Int
})
export type Preview = typeof Preview.Type

export interface Operator {
  readonly actorId: MemberId | null
  readonly channel: "API" | "CLI"
  /** `null`: every academy. */
  readonly academyId: AcademyId | null
}

export const FailedEventRun = Schema.Struct({
  id: FailedEventRunId,
  action: Schema.Literals(["REPLAY", "DISCARD"]),
  filter: FailedEventFilter,
  reason: Schema.NullOr(Schema.String),
  /** Failed events a second. */
  rate: Schema.Int,
  status: Schema.Literals(["RUNNING", "DONE", "ABORTED"]),
  /** OPEN ones when it began. */
  total: Schema.Int,
  done: Schema.Int,
  /** No longer OPEN when their turn came; known when it is DONE. */
  skipped: Schema.Int,
  createdAt: Schema.DateTimeUtcFromDate,
  finishedAt: Schema.NullOr(Schema.DateTimeUtcFromDate)
})
export type FailedEventRun = typeof FailedEventRun.Type

export interface NewRun {
  readonly id: FailedEventRunId
  readonly action: FailedEventRun["action"]
  readonly filter: FailedEventFilter
  readonly reason: string | null
  readonly rate: number
}

export class FailedEventStore extends Context.Service<FailedEventStore, {
  readonly list: (
    filter: FailedEventFilter & { readonly status?: FailedEventStatus },
    page: PageOf<FailedEventId>
  ) => Effect.Effect<ReadonlyArray<FailedEvent>, StorageUnavailable>
  readonly find: (
    academyId: AcademyId | null,
    id: FailedEventId
  ) => Effect.Effect<Option.Option<FailedEvent>, StorageUnavailable>
  /** OPEN and REPLAYING ones by fingerprint, the largest group first, 200 at the most. */
  readonly groups: (filter: FailedEventFilter) => Effect.Effect<ReadonlyArray<FailedEventGroup>, StorageUnavailable>
  readonly preview: (filter: FailedEventFilter) => Effect.Effect<Preview, StorageUnavailable>
  /**
   * OPEN → REPLAYING and a delivery again, by compare-and-set, with an audit entry. False when it is not OPEN: a pair
   * that is finished is never run again.
   */
  readonly replay: (by: Operator, id: FailedEventId) => Effect.Effect<boolean, StorageUnavailable>
  /** OPEN → DISCARDED with its reason and an audit entry. False when it is not OPEN. */
  readonly discard: (by: Operator, id: FailedEventId, reason: string) => Effect.Effect<boolean, StorageUnavailable>

  /** Begins a run over what is OPEN now and fits; audited. With nothing to do it is DONE at once. */
  readonly startRun: (by: Operator, run: NewRun) => Effect.Effect<FailedEventRun, StorageUnavailable>
  readonly findRun: (
    academyId: AcademyId | null,
    id: FailedEventRunId
  ) => Effect.Effect<Option.Option<FailedEventRun>, StorageUnavailable>
  readonly runs: (
    academyId: AcademyId | null,
    page: PageOf<FailedEventRunId>
  ) => Effect.Effect<ReadonlyArray<FailedEventRun>, StorageUnavailable>
  /** RUNNING → ABORTED; audited. False when it had ended. */
  readonly abortRun: (by: Operator, id: FailedEventRunId) => Effect.Effect<boolean, StorageUnavailable>
  /**
   * Does of every RUNNING run what its rate allows for the time since the step before, each with an audit entry that names
   * the run; what failed after a run began is not part of it. Safe when two do it at once. Returns how many runs are
   * still going.
   */
  readonly stepRuns: Effect.Effect<number, StorageUnavailable>

  /**
   * Gives OPEN ones whose time has come to their handlers again, at most so many, without an audit entry: nobody did it,
   * `redrives` shows it. Returns how many.
   */
  readonly redrive: (limit: number) => Effect.Effect<number, StorageUnavailable>
  /** The handler's circuit has closed: its OPEN ones that the system would try again by itself are due now. */
  readonly redriveSoon: (handler: HandlerName) => Effect.Effect<void, StorageUnavailable>
  readonly countOpen: (academyId: AcademyId | null) => Effect.Effect<number, StorageUnavailable>
}>()("ams/FailedEventStore") {}
