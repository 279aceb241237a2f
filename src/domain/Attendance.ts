/**
 * Attendance of one student at one session.
 *
 * ```
 *            request              confirm
 *   (none) ──────────▶ REQUESTED ─────────▶ PRESENT | LATE
 *     │  ▲                 │                   │  ▲
 *     │  └──── refuse ─────┘           correct │  │ correct
 *     │                                        ▼  │
 *     └───────────── confirm ──────────▶ PRESENT | LATE | ABSENT | EXCUSED
 * ```
 *
 * A refused attendance keeps its row, with status NONE. Everything that the picture does not show is refused.
 */
import { Data, DateTime, Result, Schema } from "effect"
import { type Absence, retract } from "./Absence.ts"
import { type AcademySettings, checkInOpensBefore, lateAfter } from "./Academy.ts"
import type { ClassStatus } from "./Class.ts"
import { ConfirmedStatus, type EventFact } from "./DomainEvent.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "./Ids.ts"
import type { LocalDate } from "./LocalTime.ts"
import type { Role } from "./Permission.ts"
import type { SessionStatus } from "./Session.ts"

export const AttendanceStatus = Schema.Literals(["NONE", "REQUESTED", "PRESENT", "LATE", "ABSENT", "EXCUSED"])
export type AttendanceStatus = typeof AttendanceStatus.Type

export const Attendance = Schema.Struct({
  id: AttendanceId,
  academyId: AcademyId,
  sessionId: SessionId,
  classId: ClassId,
  studentId: MemberId,
  status: AttendanceStatus,
  requestedAt: Schema.NullOr(Schema.DateTimeUtc),
  confirmedAt: Schema.NullOr(Schema.DateTimeUtc),
  confirmedBy: Schema.NullOr(MemberId),
  note: Schema.NullOr(Schema.String),
  version: Schema.Int
})
export type Attendance = typeof Attendance.Type

/** Through which door a change came in. */
export const Channel = Schema.Literals(["API", "CLI", "SYSTEM"])
export type Channel = typeof Channel.Type

/** One line of an attendance's history. */
export interface AttendanceChange {
  readonly attendanceId: AttendanceId
  readonly actorId: MemberId | null
  readonly actorRole: Role | null
  readonly channel: Channel
  readonly from: AttendanceStatus
  readonly to: AttendanceStatus
  readonly reason: string | null
  readonly at: DateTime.Utc
}

/** Who changes it, how, when. Without actor: AMS itself. */
export interface Change {
  readonly actorId: MemberId | null
  readonly actorRole: Role | null
  readonly channel: Channel
  readonly now: DateTime.Utc
  /** Sees the whole academy, and enters what is missing when a session is closed. */
  readonly office: boolean
}

const bySystem = (now: DateTime.Utc): Change => ({
  actorId: null,
  actorRole: null,
  channel: "SYSTEM",
  now,
  office: false
})

/** What a decision about one student at one session needs to know. */
export interface Roll {
  readonly session: {
    readonly id: SessionId
    readonly academyId: AcademyId
    readonly classId: ClassId
    readonly date: LocalDate
    readonly startsAt: DateTime.Utc
    readonly endsAt: DateTime.Utc
    readonly status: SessionStatus
  }
  readonly classStatus: ClassStatus
  readonly settings: Pick<AcademySettings, "checkInOpensBeforeMinutes" | "lateAfterMinutes">
  readonly studentId: MemberId
  readonly enrolled: boolean
  readonly attendance: Attendance | null
  /** What the detector decided about the student, if it did. */
  readonly absence: Absence | null
  /** Id for the row, if there is none yet. */
  readonly newId: AttendanceId
}

export interface Decided {
  readonly attendance: Attendance
  readonly change: AttendanceChange
  readonly event: EventFact
  /** What the detector had decided when this was decided, if anything. */
  readonly absence: Absence | null
  /** The alarm that this takes back. */
  readonly retracted: Absence | null
}

/** The asked state cannot follow the current one. */
export class InvalidTransition extends Data.TaggedError("InvalidTransition")<{
  readonly studentId: MemberId
  readonly current: AttendanceStatus
  readonly requested: AttendanceStatus
}> {}
export class NotEnrolled extends Data.TaggedError("NotEnrolled")<{ readonly studentId: MemberId }> {}
/** The session is cancelled or closed, or its class is not ACTIVE. */
export class SessionNotOpen extends Data.TaggedError("SessionNotOpen")<{}> {}
/** Too early or too late for this. */
export class OutsideCheckIn extends Data.TaggedError("OutsideCheckIn")<{
  readonly opensAt: DateTime.Utc
  readonly closesAt: DateTime.Utc
}> {}

export type Action = "request" | "confirm" | "refuse" | "correct"

const confirmed: ReadonlyArray<AttendanceStatus> = ["PRESENT", "LATE", "ABSENT", "EXCUSED"]
const isConfirmed = (status: AttendanceStatus): status is ConfirmedStatus => confirmed.includes(status)

/** The picture above as a total function: may `action` lead from one state to the other? */
export const mayFollow = (action: Action, from: AttendanceStatus, to: AttendanceStatus): boolean => {
  switch (action) {
    case "request":
      return from === "NONE" && to === "REQUESTED"
    case "refuse":
      return from === "REQUESTED" && to === "NONE"
    case "confirm":
      return from === "NONE" ? isConfirmed(to) : from === "REQUESTED" && (to === "PRESENT" || to === "LATE")
    case "correct":
      return isConfirmed(from) && isConfirmed(to) && from !== to
  }
}

const open = (roll: Roll) => roll.session.status === "SCHEDULED" && roll.classStatus === "ACTIVE"
const opensAt = (roll: Roll) => DateTime.subtractDuration(roll.session.startsAt, checkInOpensBefore(roll.settings))
const isLate = (roll: Roll, cameAt: DateTime.Utc) =>
  DateTime.isGreaterThan(cameAt, DateTime.addDuration(roll.session.startsAt, lateAfter(roll.settings)))

const blank = (roll: Roll): Attendance => ({
  id: roll.newId,
  academyId: roll.session.academyId,
  sessionId: roll.session.id,
  classId: roll.session.classId,
  studentId: roll.studentId,
  status: "NONE",
  requestedAt: null,
  confirmedAt: null,
  confirmedBy: null,
  note: null,
  version: 0
})

const ids = (roll: Roll) => ({
  sessionId: roll.session.id,
  studentId: roll.studentId,
  classId: roll.session.classId,
  sessionDate: roll.session.date
})

const move = (
  roll: Roll,
  action: Action,
  to: AttendanceStatus,
  by: Change,
  reason: string | null,
  changed: Partial<Attendance>,
  fact: (from: AttendanceStatus, told: { readonly afterAlert?: true }) => Pick<EventFact, "type" | "payload">
): Result.Result<Decided, InvalidTransition> => {
  const before = roll.attendance ?? blank(roll)
  if (!mayFollow(action, before.status, to)) {
    return Result.fail(new InvalidTransition({ studentId: roll.studentId, current: before.status, requested: to }))
  }
  const attendance: Attendance = { ...before, ...changed, status: to, version: before.version + 1 }
  const retracted = retract(roll.absence, to, by.now) ?? null
  return Result.succeed({
    attendance,
    change: {
      attendanceId: attendance.id,
      actorId: by.actorId,
      actorRole: by.actorRole,
      channel: by.channel,
      from: before.status,
      to,
      reason,
      at: by.now
    },
    absence: roll.absence,
    retracted,
    event: {
      ...fact(before.status, retracted === null ? {} : { afterAlert: true }),
      aggregate: { type: "attendance", id: attendance.id, version: attendance.version }
    } as EventFact // the spread joins what `fact` has paired by type
  })
}

/** "I am here." Asking twice is the same request: `null`, nothing changes. */
export const request = (
  roll: Roll,
  by: Change
): Result.Result<Decided | null, InvalidTransition | NotEnrolled | SessionNotOpen | OutsideCheckIn> => {
  if (!roll.enrolled) return Result.fail(new NotEnrolled({ studentId: roll.studentId }))
  if (!open(roll)) return Result.fail(new SessionNotOpen())
  const window = { opensAt: opensAt(roll), closesAt: roll.session.endsAt }
  if (DateTime.isLessThan(by.now, window.opensAt) || DateTime.isGreaterThanOrEqualTo(by.now, window.closesAt)) {
    return Result.fail(new OutsideCheckIn(window))
  }
  if (roll.attendance?.status === "REQUESTED") return Result.succeed(null)
  return move(
    roll,
    "request",
    "REQUESTED",
    by,
    null,
    { requestedAt: by.now, confirmedAt: null, confirmedBy: null },
    () => ({
      type: "AttendanceRequested",
      payload: ids(roll)
    })
  )
}

/**
 * Confirms one student; without a status, LATE when the request (or else now) is past the grace, else PRESENT. When the
 * session is closed, only the office does: what it enters then says nothing of when the student came.
 */
export const confirm = (
  roll: Roll,
  asked: ConfirmedStatus | undefined,
  by: Change
): Result.Result<Decided, InvalidTransition | NotEnrolled | SessionNotOpen | OutsideCheckIn> => {
  if (!roll.enrolled) return Result.fail(new NotEnrolled({ studentId: roll.studentId }))
  const afterClose = roll.session.status === "CLOSED" && by.office
  if (!open(roll) && !afterClose) return Result.fail(new SessionNotOpen())
  if (DateTime.isLessThan(by.now, opensAt(roll))) {
    return Result.fail(new OutsideCheckIn({ opensAt: opensAt(roll), closesAt: roll.session.endsAt }))
  }
  const pressedAt = roll.attendance?.status === "REQUESTED" ? roll.attendance.requestedAt : null
  const cameAt = pressedAt ?? (afterClose ? roll.session.startsAt : by.now)
  const to = asked ?? (isLate(roll, cameAt) ? "LATE" : "PRESENT")
  return move(roll, "confirm", to, by, null, { confirmedAt: by.now, confirmedBy: by.actorId }, (_, told) => ({
    type: "AttendanceConfirmed",
    payload: { ...ids(roll), status: to, ...told, ...(afterClose ? { afterClose } : {}) }
  }))
}

/**
 * Approved leave covers the session's day, and the session has begun: the student is EXCUSED. `null` where that says
 * nothing, since somebody has said more about the student, or the session is not held.
 */
export const excuse = (roll: Roll, now: DateTime.Utc): Decided | null => {
  const running = open(roll) && DateTime.isGreaterThanOrEqualTo(now, roll.session.startsAt)
  if (!running || !roll.enrolled || (roll.attendance?.status ?? "NONE") !== "NONE") return null
  return Result.getOrNull(
    move(roll, "confirm", "EXCUSED", bySystem(now), null, { confirmedAt: now }, () => ({
      type: "AttendanceConfirmed",
      payload: { ...ids(roll), status: "EXCUSED" }
    }))
  )
}

/** The teacher does not see the student: the request is gone, its history stays. */
export const refuse = (roll: Roll, reason: string, by: Change): Result.Result<Decided, InvalidTransition> =>
  move(roll, "refuse", "NONE", by, reason, { requestedAt: null }, () => ({
    type: "AttendanceRefused",
    payload: ids(roll)
  }))

/** From one confirmed state to another, with a reason; also after the session. */
export const correct = (
  roll: Roll,
  to: ConfirmedStatus,
  reason: string,
  by: Change
): Result.Result<Decided, InvalidTransition> =>
  move(
    roll,
    "correct",
    to,
    by,
    reason,
    { confirmedAt: by.now, confirmedBy: by.actorId, note: reason },
    (from, told) => ({
      type: "AttendanceCorrected",
      payload: { ...ids(roll), from: isConfirmed(from) ? from : to, to, ...told }
    })
  )
