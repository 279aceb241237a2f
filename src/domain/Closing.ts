/**
 * The end of a session: some time after its last minute it closes by itself, and from then on only the office enters
 * what is missing.
 *
 * Now it is known who has missed several sessions of the class in a row. Counted back from this one over those that were
 * not cancelled and on whose days the student was enrolled, a session is
 *
 * - missed: ABSENT; or nothing is known of the student, while somebody else was PRESENT or LATE
 * - attended, which ends the row: PRESENT or LATE
 * - passed over: EXCUSED, or on leave; a request that nobody has answered; a roll that nobody has marked
 *
 * It is told when this session makes the row just as long as the academy says, so once for each row. What is entered or
 * corrected later is not counted again.
 */
import { DateTime } from "effect"
import type { AcademySettings } from "./Academy.ts"
import { closesAfter } from "./Academy.ts"
import type { AttendanceStatus } from "./Attendance.ts"
import type { EventFact } from "./DomainEvent.ts"
import type { MemberId } from "./Ids.ts"
import type { Session } from "./Session.ts"

/** What became of one student at one session. */
export interface Sitting {
  /** NONE also when there is no row. */
  readonly status: AttendanceStatus
  readonly onLeave: boolean
  /** Somebody on its roll was PRESENT or LATE. */
  readonly held: boolean
}

export interface ToClose {
  readonly session: Pick<Session, "id" | "classId" | "date" | "endsAt" | "status" | "version">
  readonly settings: Pick<AcademySettings, "closesAfterMinutes" | "consecutiveAbsences">
  /** Those on the roll who may have missed it, with their last sessions, this one first. */
  readonly students: ReadonlyArray<{ readonly studentId: MemberId; readonly sessions: ReadonlyArray<Sitting> }>
}

/** So far back sessions are looked at: half a year of four a week, past which no row of at most 30 should reach. */
export const lookBack = 100

const attended = ({ status }: Sitting) => status === "PRESENT" || status === "LATE"
const missed = ({ held, onLeave, status }: Sitting) => !onLeave && (status === "ABSENT" || (status === "NONE" && held))

/** How many were missed in a row, the newest first; 0 when that one was not. */
export const missedInARow = (sessions: ReadonlyArray<Sitting>): number => {
  const [newest] = sessions
  if (newest === undefined || !missed(newest)) return 0
  const end = sessions.findIndex(attended)
  return sessions.slice(0, end === -1 ? undefined : end).filter(missed).length
}

export interface Closed {
  readonly session: Pick<Session, "id" | "version">
  readonly events: ReadonlyArray<EventFact>
}

/** `null` when it is not the time, or is cancelled or closed: closing twice closes once. */
export const close = ({ session, settings, students }: ToClose, now: DateTime.Utc): Closed | null => {
  const due = DateTime.addDuration(session.endsAt, closesAfter(settings))
  if (session.status !== "SCHEDULED" || DateTime.isLessThan(now, due)) return null
  const { classId, date: sessionDate, id: sessionId } = session
  const version = session.version + 1
  const aggregate = { type: "session", id: sessionId, version } as const
  const count = settings.consecutiveAbsences
  const repeated = count === 0 ? [] : students.filter(({ sessions }) => missedInARow(sessions) === count)
  return {
    session: { id: sessionId, version },
    events: [
      { type: "SessionClosed", aggregate, payload: { sessionId, classId, sessionDate } },
      ...repeated.map(({ studentId }): EventFact => ({
        type: "AbsencesRepeated",
        aggregate,
        payload: { sessionId, classId, sessionDate, studentId, count }
      }))
    ]
  }
}
