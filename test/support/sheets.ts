/** What exports are filled with in tests: classes and sessions are the academy's own, the students are made up. */
import { Effect, Layer, Option } from "effect"
import type { AttendanceStatus } from "../../src/domain/Attendance.ts"
import type { ClassMonth, Register } from "../../src/domain/Export.ts"
import { MemberId } from "../../src/domain/Ids.ts"
import { LocalDate, Month } from "../../src/domain/LocalTime.ts"
import { AbsenceRepository } from "../../src/ports/AbsenceRepository.ts"
import { ClassRepository } from "../../src/ports/ClassRepository.ts"
import { SheetSource } from "../../src/ports/SheetSource.ts"
import { zone } from "./academy.ts"

const two = (n: number) => String(n).padStart(2, "0")
export const studentId = (n: number) => MemberId.make(`0199aaaa-0000-7000-8000-${String(n).padStart(12, "0")}`)

type Student = Register["students"][number]
export const student = (name: string, changed: Partial<Student> = {}): Student => ({
  studentId: studentId(1),
  name,
  status: "PRESENT",
  requestedAt: null,
  confirmedAt: null,
  leave: null,
  absence: null,
  note: null,
  ...changed
})

export const register = (students: ReadonlyArray<Student>): Register => ({
  className: "수학 A/심화",
  teacherName: "박선생",
  timeZone: zone,
  date: LocalDate.make("2026-11-23"),
  startsAt: "2026-11-23T07:00:00.000Z",
  endsAt: "2026-11-23T08:30:00.000Z",
  status: "SCHEDULED",
  students
})

const statuses: ReadonlyArray<AttendanceStatus> = ["PRESENT", "LATE", "ABSENT", "EXCUSED", "REQUESTED", "NONE"]

/** As many students as asked for, at a session on each of so many days of a month of 31. */
export const classMonth = (students: number, days: number, month = Month.make("2026-10")): ClassMonth => ({
  className: "수학 A/심화",
  month,
  timeZone: zone,
  asOf: `${month}-31T23:59:59.000Z`,
  sessions: Array.from({ length: days }, (_, day) => ({
    date: LocalDate.make(`${month}-${two(1 + day % 31)}`),
    startsAt: `${month}-${two(1 + day % 31)}T07:00:00.000Z`,
    status: "SCHEDULED"
  })),
  students: Array.from({ length: students }, (_, n) => ({
    studentId: studentId(n),
    name: `김학생 ${n}`,
    marks: Array.from({ length: days }, (_, day) => statuses[(n * 7 + day) % statuses.length] ?? "NONE")
  }))
})

export const sheets = Layer.effect(
  SheetSource,
  Effect.gen(function*() {
    const classes = yield* ClassRepository
    const sessions = yield* AbsenceRepository
    return SheetSource.of({
      register: (academyId, sessionId) =>
        Effect.map(
          sessions.teacherOf(academyId, sessionId),
          Option.map((teacherId) => ({
            teacherId,
            content: register([student("홍길동", { requestedAt: "2026-11-23T06:58:00.000Z" }), student("=1+1")])
          }))
        ),
      month: (academyId, classId, month) =>
        Effect.map(
          classes.teacherOf(academyId, classId),
          Option.map((teacherId) => ({ teacherId, content: classMonth(500, 31, month) }))
        )
    })
  })
)
