/** Figures of days, always recomputable from PostgreSQL, and how days become weeks, months and ranges. */
import { Data, Schema } from "effect"
import { AcademyId, ClassId, MemberId } from "./Ids.ts"
import { addDays, dayOfWeek, lastOfMonth, LocalDate } from "./LocalTime.ts"

const Count = Schema.Int

/** What is counted over sessions: of a class on a day, of one student at a class on a day, or over many of these. */
export const Figures = Schema.Struct({
  /** Sessions that are not cancelled. */
  sessions: Count,
  /** Of these, those that are over: CLOSED. */
  held: Count,
  /** Students enrolled that day, summed over the sessions. */
  expected: Count,
  /** Requests that nobody has confirmed or refused. */
  requested: Count,
  present: Count,
  late: Count,
  /** Recorded as such; and, where a CLOSED session's roll was marked, everybody expected without any record. */
  absent: Count,
  excused: Count
})
export type Figures = typeof Figures.Type

/** (present + late) / (present + late + absent), 0 to 1; `null` when that is nobody. */
const attendance = { attendanceRate: Schema.NullOr(Schema.Finite) }

export const ClassDay = Schema.Struct({
  academyId: AcademyId,
  classId: ClassId,
  teacherId: MemberId,
  date: LocalDate,
  ...Figures.fields,
  ...attendance
})
export type ClassDay = typeof ClassDay.Type

/** There is one where a CLOSED session expected the student, or something was recorded. */
export const StudentDay = Schema.Struct({
  academyId: AcademyId,
  studentId: MemberId,
  classId: ClassId,
  teacherId: MemberId,
  date: LocalDate,
  ...Figures.fields,
  ...attendance
})
export type StudentDay = typeof StudentDay.Type

/** What is counted once a day for a whole academy. There is one where there is something to count. */
export const AcademyDay = Schema.Struct({
  academyId: AcademyId,
  date: LocalDate,
  /** Members, of whatever role, that were entered on the day. */
  newMembers: Count,
  /** Enrollments that begin on the day; not those that were cancelled before they began. */
  newEnrollments: Count
})
export type AcademyDay = typeof AcademyDay.Type

export const attendanceRate = ({ absent, late, present }: Pick<Figures, "present" | "late" | "absent">) => {
  const judged = present + late + absent
  return judged === 0 ? null : (present + late) / judged
}

/** Of whom figures are asked. */
export const Subject = Schema.Literals(["ACADEMY", "CLASS", "TEACHER", "STUDENT"])
export type Subject = typeof Subject.Type

export const Span = Schema.Literals(["DAY", "WEEK", "MONTH", "RANGE"])
export type Span = typeof Span.Type

/** One day's figures; a day that has none is left out. */
export interface DayFigures extends Figures {
  readonly date: LocalDate
}

export type Arrived = Pick<AcademyDay, "date" | "newMembers" | "newEnrollments">

/** `null` in the figures of anybody but an academy. */
const arrivals = { newMembers: Schema.NullOr(Count), newEnrollments: Schema.NullOr(Count) }

export const FigureRow = Schema.Struct({
  /** The first and the last day, both included. */
  from: LocalDate,
  until: LocalDate,
  ...Figures.fields,
  ...attendance,
  ...arrivals
})
export type FigureRow = typeof FigureRow.Type

/** Two years. */
export const mostDays = 731

/** The days end before they begin, or are more than may be asked for at once. */
export class InvalidPeriod extends Data.TaggedError("InvalidPeriod")<{ readonly mostDays: number }> {}

export const isPeriod = (from: LocalDate, until: LocalDate, most = mostDays): boolean =>
  from <= until && until < addDays(from, most)

const sum = (days: ReadonlyArray<Figures>): Figures => {
  const of = (field: keyof Figures) => days.reduce((all, day) => all + day[field], 0)
  return {
    sessions: of("sessions"),
    held: of("held"),
    expected: of("expected"),
    requested: of("requested"),
    present: of("present"),
    late: of("late"),
    absent: of("absent"),
    excused: of("excused")
  }
}

const weekdays = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const

/** The last day of the part of a period to which a day belongs. Weeks begin on Monday. */
const lastOf = (span: Span, day: LocalDate, until: LocalDate): LocalDate => {
  const last = span === "DAY"
    ? day
    : span === "WEEK"
    ? addDays(day, 6 - weekdays.indexOf(dayOfWeek(day)))
    : span === "MONTH"
    ? lastOfMonth(day)
    : until
  return last < until ? last : until
}

/** The parts of a period, in order, without a gap; the first and the last may be shorter than the others. */
export const partsOf = (
  span: Span,
  from: LocalDate,
  until: LocalDate
): ReadonlyArray<{ readonly from: LocalDate; readonly until: LocalDate }> => {
  const parts: Array<{ readonly from: LocalDate; readonly until: LocalDate }> = []
  for (let first = from; first <= until;) {
    const last = lastOf(span, first, until)
    parts.push({ from: first, until: last })
    first = addDays(last, 1)
  }
  return parts
}

/**
 * Folds figures of days into one row for each part of the period, also for those in which nothing happened. `arrived`:
 * what an academy counts besides; `null` where these are no academy's figures.
 */
export const fold = (
  span: Span,
  from: LocalDate,
  until: LocalDate,
  days: ReadonlyArray<DayFigures>,
  arrived: ReadonlyArray<Arrived> | null
): ReadonlyArray<FigureRow> => {
  const inParts = <A extends { readonly date: LocalDate }>(all: ReadonlyArray<A>) =>
    Map.groupBy(
      all.filter(({ date }) => from <= date && date <= until),
      ({ date }) => lastOf(span, date, until)
    )
  const figuresIn = inParts(days)
  const arrivedIn = inParts(arrived ?? [])
  return partsOf(span, from, until).map((part) => {
    const figures = sum(figuresIn.get(part.until) ?? [])
    const count = (field: "newMembers" | "newEnrollments") =>
      arrived === null ? null : (arrivedIn.get(part.until) ?? []).reduce((all, day) => all + day[field], 0)
    return {
      ...part,
      ...figures,
      attendanceRate: attendanceRate(figures),
      newMembers: count("newMembers"),
      newEnrollments: count("newEnrollments")
    }
  })
}
