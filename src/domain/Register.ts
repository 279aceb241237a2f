/** The register of one session: who is expected, who came, and what is known of those who did not. */
import { Schema, Struct } from "effect"
import { AbsenceReason } from "./Absence.ts"
import { AttendanceStatus } from "./Attendance.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "./Ids.ts"
import { lastOfMonth, LocalDate } from "./LocalTime.ts"
import { SessionStatus } from "./Session.ts"

const Instant = Schema.String
const Count = Schema.Int

/** One student at one session. */
export const Entry = Schema.Struct({
  studentId: MemberId,
  name: Schema.String,
  /** An enrollment covers the day; else there is only an attendance from before it ended. */
  expected: Schema.Boolean,
  /** NONE also where nothing was recorded. */
  status: AttendanceStatus,
  requestedAt: Schema.NullOr(Instant),
  confirmedAt: Schema.NullOr(Instant),
  attendanceId: Schema.NullOr(AttendanceId),
  /** A leave note covers the day. */
  leave: Schema.NullOr(Schema.Literals(["REQUESTED", "APPROVED"])),
  /** The guardians were alarmed. Other decisions about the student are the detector's business, and change silently. */
  absence: Schema.NullOr(Schema.Struct({ state: Schema.Literals(["ALERTED", "RETRACTED"]), reason: AbsenceReason }))
})
export type Entry = typeof Entry.Type

export const Counts = Schema.Struct({
  expected: Count,
  requested: Count,
  present: Count,
  late: Count,
  absent: Count,
  excused: Count,
  /** Expected, and nothing recorded. */
  none: Count
})
export type Counts = typeof Counts.Type

export const countsOf = (students: ReadonlyArray<Pick<Entry, "expected" | "status">>): Counts => {
  const of = (status: AttendanceStatus) => students.filter((one) => one.status === status).length
  return {
    expected: students.filter(({ expected }) => expected).length,
    requested: of("REQUESTED"),
    present: of("PRESENT"),
    late: of("LATE"),
    absent: of("ABSENT"),
    excused: of("EXCUSED"),
    none: students.filter(({ expected, status }) => expected && status === "NONE").length
  }
}

export const Register = Schema.Struct({
  id: SessionId,
  academyId: AcademyId,
  classId: ClassId,
  className: Schema.String,
  /** Who teaches the class now. */
  teacherId: MemberId,
  teacherName: Schema.String,
  /** The classroom's name. */
  classroom: Schema.NullOr(Schema.String),
  /** The day at the academy on which it is held. */
  date: LocalDate,
  startsAt: Instant,
  endsAt: Instant,
  status: SessionStatus,
  moved: Schema.Boolean,
  /** Why it was moved or cancelled. */
  reason: Schema.NullOr(Schema.String),
  counts: Counts,
  /** By name, then id. */
  students: Schema.Array(Entry),
  /** The same students: who may see the session; not shown. */
  studentIds: Schema.Array(MemberId)
})
export type Register = typeof Register.Type

/** A month of a class: its sessions, and each student's status at each of them. */
export interface ClassMonth {
  /** By start. */
  readonly sessions: ReadonlyArray<Omit<Register, "students" | "studentIds">>
  /** By name, then id. `statuses` go with the sessions; null where the student was not on the roll. */
  readonly students: ReadonlyArray<{
    readonly studentId: MemberId
    readonly name: string
    readonly statuses: ReadonlyArray<AttendanceStatus | null>
  }>
}

export const monthOf = (registers: ReadonlyArray<Register>): ClassMonth => {
  const names = new Map(registers.flatMap(({ students }) => students.map((one) => [one.studentId, one.name])))
  const rolls = registers.map(({ students }) => new Map(students.map((one) => [one.studentId, one.status])))
  return {
    sessions: registers.map(Struct.omit(["students", "studentIds"])),
    students: [...names]
      .sort(([id, name], [otherId, other]) => name === other ? compare(id, otherId) : compare(name, other))
      .map(([studentId, name]) => ({ studentId, name, statuses: rolls.map((roll) => roll.get(studentId) ?? null) }))
  }
}
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** A month of the calendar, `YYYY-MM`. */
export const Month = Schema.String.check(
  Schema.isPattern(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])$/, { expected: "a month such as 2026-03" })
).pipe(Schema.brand("Month"))
export type Month = typeof Month.Type

/** The month's first and last day. */
export const daysOf = (month: Month): { readonly from: LocalDate; readonly until: LocalDate } => {
  const from = LocalDate.make(`${month}-01`)
  return { from, until: lastOfMonth(from) }
}
