/** One document of each kind, for the tests of what keeps them: the content does not matter there. */
import { randomUUID } from "node:crypto"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "../../src/domain/Ids.ts"
import { LocalDate, LocalTime } from "../../src/domain/LocalTime.ts"
import type { Kind, View } from "../../src/domain/ReadModel.ts"
import { countsOf } from "../../src/domain/Register.ts"

export const newAcademy = () => AcademyId.make(randomUUID())
/** Ids of a number, in its order. */
export const uuid = (n: number) => `${n.toString(16).padStart(8, "0")}${randomUUID().slice(8)}`
export const day = (n: number) => LocalDate.make(`2026-03-${String(n).padStart(2, "0")}`)

type Make<K extends Kind> = (academyId: AcademyId, n: number, changed?: Partial<View<K>>) => View<K>

export const member: Make<"member"> = (academyId, n, changed) => ({
  id: MemberId.make(uuid(n)),
  academyId,
  name: `member ${n}`,
  phone: `+82101234${n}`,
  roles: n % 2 === 0 ? ["TEACHER", "PARENT"] : ["STUDENT"],
  status: n % 2 === 0 ? "ACTIVE" : "INACTIVE",
  schoolName: `school ${n}`,
  grade: 3,
  guardians: [{ id: MemberId.make(randomUUID()), name: "$name", relationship: "MOTHER" }],
  ...changed
})
export const course: Make<"class"> = (academyId, n, changed) => ({
  id: ClassId.make(uuid(n)),
  academyId,
  name: `class ${n}`,
  subject: `subject ${n}`,
  teacherId: MemberId.make(uuid(n)),
  teacherName: `teacher ${n}`,
  capacity: 20,
  enrolled: 2,
  studentIds: [MemberId.make(uuid(n)), MemberId.make(randomUUID())],
  startDate: day(n + 1),
  endDate: day(n + 2),
  status: n % 2 === 0 ? "ACTIVE" : "COMPLETED",
  schedules: [{ dayOfWeek: "MON", startTime: LocalTime.make("16:00"), endTime: LocalTime.make("17:30") }],
  ...changed
})
export const attendance: Make<"attendance"> = (academyId, n, changed) => ({
  id: AttendanceId.make(uuid(n)),
  academyId,
  sessionId: SessionId.make(uuid(n)),
  classId: ClassId.make(uuid(n)),
  className: `class ${n}`,
  date: day(n + 1),
  startsAt: `2026-03-01T07:00:0${n % 10}.000Z`,
  studentId: MemberId.make(uuid(n)),
  studentName: `student ${n}`,
  status: n % 2 === 0 ? "PRESENT" : "LATE",
  requestedAt: `2026-03-01T06:58:0${n % 10}.000Z`,
  confirmedAt: `2026-03-01T07:05:0${n % 10}.000Z`,
  version: 2,
  ...changed
})
const figures = {
  sessions: 2,
  held: 1,
  expected: 4,
  requested: 1,
  present: 1,
  late: 1,
  absent: 0,
  excused: 1
}
export const classDay: Make<"class_day"> = (academyId, n, changed) => ({
  academyId,
  classId: ClassId.make(uuid(n)),
  date: day(n + 1),
  teacherId: MemberId.make(uuid(n)),
  ...figures,
  attendanceRate: 1,
  ...changed
})
export const studentDay: Make<"student_day"> = (academyId, n, changed) => ({
  studentId: MemberId.make(uuid(n)),
  ...classDay(academyId, n),
  ...changed
})
const academyDay: Make<"academy_day"> = (academyId, n, changed) => ({
  academyId,
  date: day(n + 1),
  newMembers: n,
  newEnrollments: 2 * n,
  ...changed
})
export const session: Make<"session"> = (academyId, n, changed) => {
  const studentId = MemberId.make(uuid(n))
  const student = {
    studentId,
    name: `student ${n}`,
    expected: true,
    status: "NONE" as const,
    requestedAt: null,
    confirmedAt: null,
    attendanceId: null,
    leave: "REQUESTED" as const,
    absence: { state: "ALERTED" as const, reason: "NOT_THERE" as const }
  }
  return {
    id: SessionId.make(uuid(n)),
    academyId,
    classId: ClassId.make(uuid(n)),
    className: `class ${n}`,
    teacherId: MemberId.make(uuid(n)),
    teacherName: `teacher ${n}`,
    classroom: `room ${n}`,
    date: day(n + 1),
    startsAt: `2026-03-01T07:00:0${n % 10}.000Z`,
    endsAt: `2026-03-01T08:00:0${n % 10}.000Z`,
    status: n % 2 === 0 ? "SCHEDULED" : "CLOSED",
    moved: false,
    reason: `reason ${n}`,
    counts: countsOf([student]),
    students: [student],
    studentIds: [studentId],
    ...changed
  }
}
export const make: { readonly [K in Kind]: Make<K> } = {
  member,
  class: course,
  session,
  attendance,
  class_day: classDay,
  student_day: studentDay,
  academy_day: academyDay
}
