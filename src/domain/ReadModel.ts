/** The documents that answer queries: each holds what one screen needs, brought to the present state of PostgreSQL. */
import { Schema, Struct } from "effect"
import { AttendanceStatus } from "./Attendance.ts"
import { ClassStatus, Slot } from "./Class.ts"
import { Relationship } from "./Guardianship.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
import { MemberStatus } from "./Member.ts"
import { Role } from "./Permission.ts"
import { Register } from "./Register.ts"
import { AcademyDay, ClassDay, StudentDay } from "./Statistics.ts"

const Instant = Schema.String

export const MemberView = Schema.Struct({
  id: MemberId,
  academyId: AcademyId,
  name: Schema.String,
  phone: Schema.NullOr(Schema.String),
  roles: Schema.Array(Role),
  status: MemberStatus,
  schoolName: Schema.NullOr(Schema.String),
  grade: Schema.NullOr(Schema.Int),
  guardians: Schema.Array(Schema.Struct({ id: MemberId, name: Schema.String, relationship: Relationship }))
})

export const ClassView = Schema.Struct({
  id: ClassId,
  academyId: AcademyId,
  name: Schema.String,
  subject: Schema.String,
  teacherId: MemberId,
  teacherName: Schema.String,
  capacity: Schema.Int,
  /** ACTIVE enrollments, whatever their range. */
  enrolled: Schema.Int,
  /** Their students: who may see the class; not shown. */
  studentIds: Schema.Array(MemberId),
  startDate: LocalDate,
  endDate: Schema.NullOr(LocalDate),
  status: ClassStatus,
  schedules: Schema.Array(Slot)
})

export const AttendanceView = Schema.Struct({
  id: AttendanceId,
  academyId: AcademyId,
  sessionId: SessionId,
  classId: ClassId,
  className: Schema.String,
  /** The session's day at the academy. */
  date: LocalDate,
  startsAt: Instant,
  studentId: MemberId,
  studentName: Schema.String,
  status: AttendanceStatus,
  requestedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant),
  version: Schema.Int
})

export const views = {
  member: MemberView,
  class: ClassView,
  session: Register,
  attendance: AttendanceView,
  class_day: ClassDay,
  student_day: StudentDay,
  academy_day: AcademyDay
}
export type Kind = keyof typeof views
export type View<K extends Kind> = (typeof views)[K]["Type"]
export const kinds: ReadonlyArray<Kind> = Struct.keys(views)

/** A document as it is written; of what is gone only the id is known. */
export interface Document<K extends Kind> {
  readonly id: string
  /** Drawn from one sequence before the content was read; a write applies only where its number is greater. */
  readonly asOf: number
  /** `null` for what does not exist (any more). */
  readonly doc: View<K> | null
}

export const classDayId = (classId: ClassId, date: LocalDate): string => `${classId}:${date}`
export const studentDayId = (studentId: MemberId, classId: ClassId, date: LocalDate): string =>
  `${studentId}:${classDayId(classId, date)}`
export const academyDayId = (academyId: AcademyId, date: LocalDate): string => `${academyId}:${date}`

/** A document's id, of whatever kind it is. */
export const idOf = (view: View<Kind>): string => {
  if ("id" in view) return view.id
  if ("studentId" in view) return studentDayId(view.studentId, view.classId, view.date)
  return "classId" in view ? classDayId(view.classId, view.date) : academyDayId(view.academyId, view.date)
}

/** The kinds whose lists do not go by id: the field by which they go, and then by id. */
export const sortedBy: { readonly [K in Kind]?: "startsAt" } = { session: "startsAt" }

/** Where in its list a document stands: the page behind it begins there, whatever was written meanwhile. */
export const placeOf = (view: View<Kind>): string => "students" in view ? `${view.startsAt}/${view.id}` : idOf(view)

/** A place as the stores look for it. */
export const placed = (place: string): { readonly startsAt: string; readonly id: string } => {
  const [startsAt = "", id = ""] = place.split("/")
  return { startsAt, id }
}
