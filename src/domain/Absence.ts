/**
 * The student who should be there and is not. For each session and student there is one decision:
 *
 * ```
 *                    nobody on the roll is confirmed yet
 *   (none) ──┬───────────────────────────────────────────▶ HELD ──┐ the roll was marked, or the session ended
 *            │                                                    │
 *            ├── should not be there, or is there after all ──────┼──▶ SKIPPED
 *            ├── the session had ended when anybody looked ───────┼──▶ EXPIRED
 *            └── missing ─────────────────────────────────────────┴──▶ ALERTED ─── came after all ──▶ RETRACTED
 * ```
 *
 * SKIPPED, EXPIRED and RETRACTED are for ever, ALERTED too but for the one way out: so nobody is told twice.
 */
import { DateTime, Schema } from "effect"
import type { AcademySettings } from "./Academy.ts"
import { missingAfter, rollChaseAfter } from "./Academy.ts"
import type { AttendanceStatus } from "./Attendance.ts"
import type { EventFact } from "./DomainEvent.ts"
import { ClassId, MemberId, SessionId } from "./Ids.ts"
import type { LocalDate } from "./LocalTime.ts"
import type { SessionStatus } from "./Session.ts"

export const AbsenceState = Schema.Literals(["HELD", "SKIPPED", "EXPIRED", "ALERTED", "RETRACTED"])
export type AbsenceState = typeof AbsenceState.Type

/** Why it was decided so. */
export const AbsenceReason = Schema.Literals([
  "ROLL_UNMARKED",
  "REQUEST_WAITS",
  "ATTENDED",
  "EXCUSED",
  "LEAVE",
  "ENROLLMENT_ENDED",
  "SESSION_CANCELLED",
  "TOO_LATE",
  "NOT_THERE",
  "MARKED_ABSENT",
  "CAME_AFTER_ALL"
])
export type AbsenceReason = typeof AbsenceReason.Type

export const Absence = Schema.Struct({
  sessionId: SessionId,
  classId: ClassId,
  studentId: MemberId,
  state: AbsenceState,
  reason: AbsenceReason,
  /** Of the decision that stands. */
  decidedAt: Schema.DateTimeUtc,
  version: Schema.Int
})
export type Absence = typeof Absence.Type

/** One student of a roll, as the detector sees it with the enrollment's row locked. */
export interface Expected {
  readonly studentId: MemberId
  /** The enrollment is ACTIVE and covers the session's day. */
  readonly enrolled: boolean
  /** Approved leave covers the session's day. */
  readonly onLeave: boolean
  /** NONE also when there is no row. */
  readonly status: AttendanceStatus
  readonly absence: Absence | null
}

/** A session that has begun, with everybody who was or is expected. */
export interface Roster {
  readonly session: {
    readonly id: SessionId
    readonly classId: ClassId
    readonly date: LocalDate
    readonly startsAt: DateTime.Utc
    readonly endsAt: DateTime.Utc
    readonly status: SessionStatus
  }
  readonly settings: Pick<AcademySettings, "missingAfterMinutes" | "rollChaseAfterMinutes">
  readonly students: ReadonlyArray<Expected>
  /** Who has been chased already. */
  readonly chased: ReadonlyArray<Chase>
}

/** The teacher first, then the managers. */
export const Chase = Schema.Literals(["TEACHER", "MANAGER"])
export type Chase = typeof Chase.Type

export interface Detected {
  readonly absences: ReadonlyArray<Absence>
  readonly chases: ReadonlyArray<Chase>
  readonly events: ReadonlyArray<EventFact>
}

const isOver = (state: AbsenceState | undefined) => state !== undefined && state !== "HELD"
/** Says that somebody has looked who is there. EXCUSED does not: that was known before. */
const marksRoll = ({ status }: Expected) => status === "PRESENT" || status === "LATE" || status === "ABSENT"

/** What is to be thought of one student; none when nothing is to be decided (yet). */
const judge = (
  student: Expected,
  session: Roster["session"],
  rollMarked: boolean,
  now: DateTime.Utc
): Pick<Absence, "state" | "reason"> | undefined => {
  const { absence, enrolled, onLeave, status } = student
  if (isOver(absence?.state)) return undefined
  const skip = (reason: AbsenceReason) => ({ state: "SKIPPED", reason }) as const
  if (status === "PRESENT" || status === "LATE") return absence === null ? undefined : skip("ATTENDED")
  if (session.status === "CANCELLED") return absence === null ? undefined : skip("SESSION_CANCELLED")
  if (onLeave && status !== "REQUESTED") return skip("LEAVE")
  if (status === "EXCUSED") return skip("EXCUSED")
  if (!enrolled) return skip("ENROLLMENT_ENDED")
  // Nobody is alarmed in the evening about the afternoon.
  if (DateTime.isGreaterThanOrEqualTo(now, session.endsAt)) return { state: "EXPIRED", reason: "TOO_LATE" }
  if (status === "ABSENT") return { state: "ALERTED", reason: "MARKED_ABSENT" }
  if (status === "REQUESTED") return { state: "HELD", reason: "REQUEST_WAITS" }
  return rollMarked ? { state: "ALERTED", reason: "NOT_THERE" } : { state: "HELD", reason: "ROLL_UNMARKED" }
}

/**
 * Decides about everybody of one session. Deciding twice decides nothing more: what stands is not decided again, and
 * nobody is chased twice.
 */
export const detect = (roster: Roster, now: DateTime.Utc): Detected => {
  const { chased, session, settings, students } = roster
  const begins = DateTime.addDuration(session.startsAt, missingAfter(settings))
  if (DateTime.isLessThan(now, begins)) return { absences: [], chases: [], events: [] }
  const rollMarked = students.some(marksRoll)

  const absences = students.flatMap((student): ReadonlyArray<Absence> => {
    const judged = judge(student, session, rollMarked, now)
    const before = student.absence
    if (judged === undefined || (before?.state === judged.state && before.reason === judged.reason)) return []
    const { id: sessionId, classId } = session
    return [{
      sessionId,
      classId,
      studentId: student.studentId,
      ...judged,
      decidedAt: now,
      version: (before?.version ?? 0) + 1
    }]
  })

  const waiting = students.filter((student) => judge(student, session, rollMarked, now)?.state === "HELD").length
  const chases: Array<Chase> = []
  if (waiting > 0) {
    if (!chased.includes("TEACHER")) chases.push("TEACHER")
    const later = DateTime.addDuration(begins, rollChaseAfter(settings))
    if (!chased.includes("MANAGER") && DateTime.isGreaterThanOrEqualTo(now, later)) chases.push("MANAGER")
  }

  return {
    absences,
    chases,
    events: [
      ...absences.filter(({ state }) => state === "ALERTED").map((absence) => missed(absence, session.date)),
      ...chases.map((chase): EventFact => ({
        type: "RollUnmarked",
        aggregate: { type: "session", id: session.id, version: chase === "TEACHER" ? 1 : 2 },
        payload: { sessionId: session.id, classId: session.classId, sessionDate: session.date, chase }
      }))
    ]
  }
}

const missed = ({ classId, reason, sessionId, studentId, version }: Absence, sessionDate: LocalDate): EventFact => ({
  type: "AttendanceMissed",
  aggregate: { type: "session", id: sessionId, version },
  payload: { sessionId, classId, studentId, sessionDate, marked: reason === "MARKED_ABSENT" }
})

/** The student came after all; none when nobody had been alarmed. */
export const retract = (absence: Absence | null, to: AttendanceStatus, now: DateTime.Utc): Absence | undefined =>
  absence?.state === "ALERTED" && (to === "PRESENT" || to === "LATE")
    ? { ...absence, state: "RETRACTED", reason: "CAME_AFTER_ALL", decidedAt: now, version: absence.version + 1 }
    : undefined
