/**
 * A note that a student will stay away on some days.
 *
 * ```
 *   a parent asks ──▶ REQUESTED ──▶ APPROVED ◀── the office enters it
 *                         └───────▶ REJECTED
 * ```
 *
 * What is decided stays decided, so whoever has read that a leave is APPROVED may rely on it.
 */
import { Data, DateTime, Result, Schema } from "effect"
import type { EventFact, EventType } from "./DomainEvent.ts"
import { AcademyId, LeaveId, MemberId } from "./Ids.ts"
import { addDays, dateIn, daysBetween, LocalDate, type TimeZoneName } from "./LocalTime.ts"
import { words } from "./Words.ts"

export const LeaveStatus = Schema.Literals(["REQUESTED", "APPROVED", "REJECTED"])
export type LeaveStatus = typeof LeaveStatus.Type

const Words = words("some words")

/** Both days included. */
export const NewLeave = Schema.Struct({ studentId: MemberId, from: LocalDate, until: LocalDate, reason: Words })
export type NewLeave = typeof NewLeave.Type

/** What the one who decides adds, if anything. */
export const Answer = Schema.Struct({ answer: Schema.optionalKey(Words) })
export type Answer = typeof Answer.Type

export const Leave = Schema.Struct({
  id: LeaveId,
  academyId: AcademyId,
  studentId: MemberId,
  from: LocalDate,
  until: LocalDate,
  reason: Schema.String,
  status: LeaveStatus,
  askedBy: MemberId,
  decidedBy: Schema.NullOr(MemberId),
  decidedAt: Schema.NullOr(Schema.DateTimeUtc),
  answer: Schema.NullOr(Schema.String),
  version: Schema.Int
})
export type Leave = typeof Leave.Type

/** Days that no note may be about. */
export class InvalidLeave extends Data.TaggedError("InvalidLeave")<{ readonly message: string }> {}
/** Another note of the student, REQUESTED or APPROVED, is about some of these days. */
export class LeaveOverlaps extends Data.TaggedError("LeaveOverlaps")<Pick<Leave, "from" | "until" | "status">> {}
/** Only a REQUESTED note can be decided. */
export class LeaveNotRequested extends Data.TaggedError("LeaveNotRequested")<{
  readonly current: LeaveStatus
  readonly requested: Decision
}> {}

export type Decision = Exclude<LeaveStatus, "REQUESTED">

export interface Decided {
  readonly leave: Leave
  readonly event: EventFact
}

const longest = 366
/**
 * Children fall ill first and their parents write afterwards: within a week the teacher still knows what the note
 * explains. Older days are closed, and the office corrects them one by one, each with its reason.
 */
const daysBack = 7

const events = {
  REQUESTED: "LeaveRequested",
  APPROVED: "LeaveApproved",
  REJECTED: "LeaveRejected"
} as const satisfies Record<LeaveStatus, EventType>

const told = (leave: Leave): Decided => ({
  leave,
  event: {
    type: events[leave.status],
    aggregate: { type: "leave", id: leave.id, version: leave.version },
    payload: { leaveId: leave.id, studentId: leave.studentId, from: leave.from, until: leave.until }
  }
})

/** A new note: REQUESTED, or APPROVED at once where the one who writes it decides about leave. */
export const request = (
  input: NewLeave,
  given: {
    readonly id: LeaveId
    readonly academyId: AcademyId
    readonly by: { readonly memberId: MemberId; readonly decides: boolean }
    /** The student's other notes. */
    readonly others: ReadonlyArray<Pick<Leave, "from" | "until" | "status">>
    readonly zone: TimeZoneName
    readonly now: DateTime.Utc
  }
): Result.Result<Decided, InvalidLeave | LeaveOverlaps> => {
  const { academyId, by, id, now, others, zone } = given
  const { from, until } = input
  const invalid = (message: string) => Result.fail(new InvalidLeave({ message }))
  const earliest = addDays(dateIn(zone, now), -daysBack)
  if (until < from) return invalid("it ends before it begins")
  if (daysBetween(from, until) >= longest) return invalid(`it is longer than ${longest} days`)
  if (from < earliest) return invalid(`it begins before ${earliest}, more than ${daysBack} days ago`)
  const other = others.find((one) => one.status !== "REJECTED" && one.from <= until && from <= one.until)
  if (other !== undefined) {
    return Result.fail(new LeaveOverlaps({ from: other.from, until: other.until, status: other.status }))
  }
  return Result.succeed(told({
    ...input,
    id,
    academyId,
    askedBy: by.memberId,
    ...(by.decides
      ? { status: "APPROVED", decidedBy: by.memberId, decidedAt: now }
      : { status: "REQUESTED", decidedBy: null, decidedAt: null }),
    answer: null,
    version: 1
  }))
}

/** Approves or rejects a REQUESTED note. */
export const decide = (
  leave: Leave,
  to: Decision,
  by: { readonly memberId: MemberId; readonly answer: string | null; readonly now: DateTime.Utc }
): Result.Result<Decided, LeaveNotRequested> =>
  leave.status === "REQUESTED"
    ? Result.succeed(told({
      ...leave,
      status: to,
      decidedBy: by.memberId,
      decidedAt: by.now,
      answer: by.answer,
      version: leave.version + 1
    }))
    : Result.fail(new LeaveNotRequested({ current: leave.status, requested: to }))
