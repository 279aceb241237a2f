/**
 * Nobody is in two places at once: a teacher, a classroom and a student belong to one meeting at a time. Checked week by
 * week for what repeats, also beyond the days that are planned, and meeting by meeting for what is planned.
 */
import { Data, DateTime } from "effect"
import type { Range } from "./Enrollment.ts"
import type { ClassId, ClassroomId, MemberId, SessionId } from "./Ids.ts"
import { addDays, LocalDate, TimeZoneName } from "./LocalTime.ts"
import { meetings, type Meets, type Planned, type Session, span } from "./Session.ts"

/** What two meetings would share. */
export type Shared = "TEACHER" | "CLASSROOM" | "STUDENT"

/** A class as far as it takes people's time. */
export interface Booking {
  readonly classId: ClassId
  readonly className: string
  readonly teacherId: MemberId
  readonly classroomId: ClassroomId | null
  /** Those in question, and the days on which they come. */
  readonly students: ReadonlyArray<Range & { readonly studentId: MemberId }>
  /** What repeats; without slots where nothing does. */
  readonly meets: Meets
  /** SCHEDULED and to come. */
  readonly sessions: ReadonlyArray<Pick<Session, "date" | "startsAt" | "endsAt"> & { readonly id: SessionId | null }>
}

/** Refused: somebody or something would have to be in two places. Names the other meeting. */
export class ScheduleConflict extends Data.TaggedError("ScheduleConflict")<{
  readonly shared: Shared
  /** The teacher, classroom or student. */
  readonly id: string
  readonly classId: ClassId
  readonly className: string
  /** `null` for a meeting that is not planned yet. */
  readonly sessionId: SessionId | null
  readonly startsAt: DateTime.Utc
  readonly endsAt: DateTime.Utc
}> {}

const endless = "9999-12-31"
const later = (a: LocalDate, b: LocalDate) => (a > b ? a : b)
const overlap = (
  a: { readonly startsAt: DateTime.Utc; readonly endsAt: DateTime.Utc },
  b: { readonly startsAt: DateTime.Utc; readonly endsAt: DateTime.Utc }
) => DateTime.isLessThan(a.startsAt, b.endsAt) && DateTime.isLessThan(b.startsAt, a.endsAt)

const always: Range = { from: LocalDate.make("1900-01-01"), until: null }
const both = (a: Range, b: Range): Range => ({
  from: later(a.from, b.from),
  until: (a.until ?? endless) < (b.until ?? endless) ? a.until : b.until
})
const covers = (range: Range, date: LocalDate) => range.from <= date && date <= (range.until ?? endless)
const limited = (meets: Meets, { from, until }: Range): Meets => ({
  schedules: meets.schedules,
  startDate: later(meets.startDate, from),
  endDate: (until ?? endless) < (meets.endDate ?? endless) ? until : meets.endDate
})

/** A calendar without a change of the clock: local times meet in it just where they meet every week. */
const steady = TimeZoneName.make("UTC")

/** The other's meeting of the first week in which both meet, if the two overlap then: so they do every week. */
const everyWeek = (own: Meets, other: Meets, today: LocalDate): Planned | undefined => {
  const from = addDays(later(today, later(own.startDate, other.startDate)), -1)
  const week = (meets: Meets) => meetings(meets, steady, from, addDays(from, 9))
  const ours = week(own)
  return week(other).find((theirs) => ours.some((one) => overlap(one, theirs)))
}

type Found = Pick<ScheduleConflict, "sessionId" | "startsAt" | "endsAt">

const between = (
  own: Booking,
  other: Booking,
  days: Range,
  zone: TimeZoneName,
  today: LocalDate
): Found | undefined => {
  const ours = own.sessions.filter(({ date }) => covers(days, date))
  for (const theirs of other.sessions) {
    if (covers(days, theirs.date) && ours.some((one) => one.id !== theirs.id && overlap(one, theirs))) {
      return { sessionId: theirs.id, startsAt: theirs.startsAt, endsAt: theirs.endsAt }
    }
  }
  if (own.classId === other.classId) return undefined
  const weekly = everyWeek(limited(own.meets, days), limited(other.meets, days), today)
  const slot = other.meets.schedules.find(({ id }) => id === weekly?.scheduleId)
  return weekly === undefined || slot === undefined
    ? undefined
    : { sessionId: null, ...span(weekly.plannedOn, slot, zone) }
}

/**
 * The first conflict of `own` with the others, by what they would share: teacher, classroom, students. Of its own class only single
 * sessions count, since a class may be among the others.
 */
export const conflict = (
  own: Booking,
  others: ReadonlyArray<Booking>,
  zone: TimeZoneName,
  today: LocalDate,
  kinds: ReadonlyArray<Shared> = ["TEACHER", "CLASSROOM", "STUDENT"]
): ScheduleConflict | undefined => {
  const checks = others.flatMap((other) => [
    ...(own.teacherId === other.teacherId
      ? [{ shared: "TEACHER" as const, id: own.teacherId, days: always, other }]
      : []),
    ...(own.classroomId !== null && own.classroomId === other.classroomId
      ? [{ shared: "CLASSROOM" as const, id: own.classroomId, days: always, other }]
      : []),
    ...own.students.flatMap((student) =>
      other.students.filter(({ studentId }) => studentId === student.studentId).map((there) => ({
        shared: "STUDENT" as const,
        id: student.studentId,
        days: both(student, there),
        other
      }))
    )
  ])
  for (const { days, id, other, shared } of kinds.flatMap((kind) => checks.filter(({ shared }) => shared === kind))) {
    const found = between(own, other, days, zone, today)
    if (found !== undefined) {
      return new ScheduleConflict({ shared, id, classId: other.classId, className: other.className, ...found })
    }
  }
  return undefined
}
