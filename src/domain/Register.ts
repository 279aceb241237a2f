/** The register of one session: who is expected, who came, and what is known of those who did not. */
import { Schema, Struct } from "effect"
import { AbsenceReason } from "./Absence.ts"
import { AttendanceStatus } from "./Attendance.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
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

/** A session as it stands in lists. */
export const SessionListed = Register.mapFields(Struct.omit(["students", "studentIds"])).mapFields(Struct.assign({
  /** `null` for students and parents: they tell of others. */
  counts: Schema.NullOr(Counts),
  /** The student about whom was asked, if one was: for students and parents always theirs. */
  student: Schema.NullOr(Entry)
}))
export type SessionListed = typeof SessionListed.Type

/** Without the students, but for one. */
export const listed = (
  register: Register,
  shown: { readonly counts: boolean; readonly studentId: MemberId | undefined }
): SessionListed => ({
  ...Struct.omit(register, ["students", "studentIds"]),
  counts: shown.counts ? register.counts : null,
  student: register.students.find(({ studentId }) => studentId === shown.studentId) ?? null
})

/** Sessions of one day at the academy, by start. */
export const AcademySessions = Schema.Struct({ date: LocalDate, sessions: Schema.Array(SessionListed) })
export type AcademySessions = typeof AcademySessions.Type

/** A month of a class: its sessions, and each student's status at each of them. */
export const ClassMonth = Schema.Struct({
  /** By start. */
  sessions: Schema.Array(Register.mapFields(Struct.omit(["students", "studentIds"]))),
  /** By name, then id. */
  students: Schema.Array(Schema.Struct({
    studentId: MemberId,
    name: Schema.String,
    /** They go with the sessions; null where the student was not on the roll. */
    statuses: Schema.Array(Schema.NullOr(AttendanceStatus))
  }))
})
export type ClassMonth = typeof ClassMonth.Type

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
