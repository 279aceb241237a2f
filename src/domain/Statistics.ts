/** Figures of one class on one day, always recomputable from PostgreSQL. */
import { Schema } from "effect"
import { AcademyId, ClassId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"

const Count = Schema.Int

export const ClassDay = Schema.Struct({
  academyId: AcademyId,
  classId: ClassId,
  date: LocalDate,
  /** Sessions that are not cancelled. */
  sessions: Count,
  /** Students enrolled that day, summed over the sessions. */
  expected: Count,
  /** Requests that nobody has confirmed or refused. */
  requested: Count,
  present: Count,
  late: Count,
  absent: Count,
  excused: Count,
  /** (present + late) / (expected - excused), 0 to 1; `null` when nobody was expected. */
  attendanceRate: Schema.NullOr(Schema.Finite)
})
export type ClassDay = typeof ClassDay.Type

export const attendanceRate = (
  day: Pick<ClassDay, "expected" | "excused" | "present" | "late">
): number | null => {
  const due = day.expected - day.excused
  return due <= 0 ? null : Math.min(1, (day.present + day.late) / due)
}
