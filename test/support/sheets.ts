/** Sheets to be written in tests: the people are made up. */
import type { AttendanceStatus } from "../../src/domain/Attendance.ts"
import type { MonthSheet, RegisterSheet } from "../../src/domain/Export.ts"
import { LocalDate, Month, TimeZoneName } from "../../src/domain/LocalTime.ts"

const zone = TimeZoneName.make("Asia/Seoul")

const two = (n: number) => String(n).padStart(2, "0")

type Student = RegisterSheet["students"][number]
export const student = (name: string, changed: Partial<Student> = {}): Student => ({
  name,
  status: "PRESENT",
  requestedAt: null,
  confirmedAt: null,
  leave: null,
  absence: null,
  ...changed
})

export const register = (students: ReadonlyArray<Student>): RegisterSheet => ({
  className: "수학 A/심화",
  timeZone: zone,
  date: LocalDate.make("2026-11-23"),
  students
})

const statuses: ReadonlyArray<AttendanceStatus> = ["PRESENT", "LATE", "ABSENT", "EXCUSED", "REQUESTED", "NONE"]

/** As many students as asked for, at a session on each of so many days of a month of 31. */
export const classMonth = (students: number, days: number, month = Month.make("2026-10")): MonthSheet => ({
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
    name: `김학생 ${n}`,
    statuses: Array.from({ length: days }, (_, day) => statuses[(n * 7 + day) % statuses.length] ?? "NONE")
  }))
})
