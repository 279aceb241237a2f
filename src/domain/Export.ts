/** What staff take away as a file: the register of a session, and a month of a class. */
import { DateTime, Schema, Struct } from "effect"
import { AttendanceStatus } from "./Attendance.ts"
import { type DayOfWeek, dayOfWeek, LocalDate, Month, timeIn, TimeZoneName } from "./LocalTime.ts"
import { Entry, Register } from "./Register.ts"
import type { Cell, Sheet } from "./Sheet.ts"
import { attendanceRate } from "./Statistics.ts"

export const ExportFormat = Schema.Literals(["csv", "xlsx"])
export type ExportFormat = typeof ExportFormat.Type

/** As read documents have it, in ISO 8601. */
const Instant = Schema.String

/** What a register's sheet shows of the register. */
export const RegisterSheet = Schema.Struct({
  ...Struct.pick(Register.fields, ["className", "date"]),
  timeZone: TimeZoneName,
  students: Schema.Array(
    Schema.Struct(Struct.pick(Entry.fields, ["name", "status", "requestedAt", "confirmedAt", "leave", "absence"]))
  )
})
export type RegisterSheet = typeof RegisterSheet.Type

/** A month of a class as its sheet shows it. */
export const MonthSheet = Schema.Struct({
  className: Schema.String,
  month: Month,
  timeZone: TimeZoneName,
  /** Sessions that began later are still to come, and count for nothing. */
  asOf: Instant,
  /** By start. */
  sessions: Schema.Array(Schema.Struct(Struct.pick(Register.fields, ["date", "startsAt", "status"]))),
  /** In the order of the sheet; statuses go with the sessions, null where the student was not enrolled on that day. */
  students: Schema.Array(
    Schema.Struct({ name: Schema.String, statuses: Schema.Array(Schema.NullOr(AttendanceStatus)) })
  )
})
export type MonthSheet = typeof MonthSheet.Type

/** What is to be written, all of it as data. */
export const Export = Schema.Struct({
  format: ExportFormat,
  of: Schema.Union([
    Schema.Struct({ _tag: Schema.Literal("Register"), register: RegisterSheet }),
    Schema.Struct({ _tag: Schema.Literal("ClassMonth"), month: MonthSheet })
  ])
})
export type Export = typeof Export.Type
type Exported = Export["of"]

// ---- in words

const statusWords: Readonly<Record<AttendanceStatus, string>> = {
  NONE: "미확인",
  REQUESTED: "대기",
  PRESENT: "출석",
  LATE: "지각",
  ABSENT: "결석",
  EXCUSED: "인정결석"
}

const leaveWords = { REQUESTED: "신청", APPROVED: "승인" } as const

const absenceWords = {
  ALERTED: "보호자에게 미출석 알림",
  RETRACTED: "미출석 알림 후 도착"
} as const

const weekdays: Readonly<Record<DayOfWeek, string>> = {
  MON: "월",
  TUE: "화",
  WED: "수",
  THU: "목",
  FRI: "금",
  SAT: "토",
  SUN: "일"
}

const clock = (zone: TimeZoneName, instant: string | null): string | null =>
  instant === null ? null : timeIn(zone, DateTime.makeUnsafe(instant))

// ---- the sheets

/** What it is called: on the sheet, and as a file. */
export const titleOf = (of: Exported): string =>
  of._tag === "Register"
    ? `${of.register.className} ${of.register.date} 출석부`
    : `${of.month.className} ${of.month.month} 출결`

type Table = Omit<Sheet, "title">

/** One line for each student. Times are those of the day at the academy. */
export const registerTable = ({ students, timeZone }: RegisterSheet): Table => ({
  columns: [
    { heading: "번호", width: 6 },
    { heading: "이름", width: 14 },
    { heading: "상태", width: 10 },
    { heading: "출석 요청 시각", width: 14 },
    { heading: "확인 시각", width: 10 },
    { heading: "휴가", width: 10 },
    { heading: "비고", width: 32 }
  ],
  rows: students.map(({ absence, confirmedAt, leave, name, requestedAt, status }, index): ReadonlyArray<Cell> => [
    index + 1,
    name,
    statusWords[status],
    clock(timeZone, requestedAt),
    clock(timeZone, confirmedAt),
    leave === null ? null : leaveWords[leave],
    absence === null ? null : absenceWords[absence.state]
  ])
})

type Meeting = MonthSheet["sessions"][number]

const headingOf = ({ date, startsAt, status }: Meeting, timeZone: TimeZoneName, alone: boolean) => {
  const day = `${Number(date.slice(5, 7))}/${Number(date.slice(8))}(${weekdays[dayOfWeek(date)]})`
  return [day, ...(alone ? [] : [clock(timeZone, startsAt)]), ...(status === "CANCELLED" ? ["휴강"] : [])].join(" ")
}

/**
 * Students by sessions, with figures at the end. Due is a session that has begun, was not cancelled, and at which the
 * student was enrolled. Absent and the rate are those of the statistics: where a roll was marked that is over, also
 * whoever has no mark.
 */
export const monthTable = ({ asOf, sessions, students, timeZone }: MonthSheet): Table => {
  const held = sessions.map(({ startsAt, status }) =>
    status !== "CANCELLED" && Date.parse(startsAt) <= Date.parse(asOf)
  )
  const isMarked = sessions.map(({ status }, session) =>
    status === "CLOSED" &&
    students.some(({ statuses }) => statuses[session] === "PRESENT" || statuses[session] === "LATE")
  )
  const alone = (date: LocalDate) => sessions.filter((one) => one.date === date).length === 1
  return {
    columns: [
      { heading: "번호", width: 6 },
      { heading: "이름", width: 14 },
      ...sessions.map((one) => ({ heading: headingOf(one, timeZone, alone(one.date)), width: 11 })),
      ...["수업", statusWords.PRESENT, statusWords.LATE, statusWords.ABSENT, statusWords.EXCUSED, statusWords.REQUESTED]
        .map((heading) => ({ heading, width: 9 })),
      { heading: "출석률", width: 9, percent: true }
    ],
    rows: students.map(({ name, statuses }, index): ReadonlyArray<Cell> => {
      const due = statuses.filter((mark, session) => mark !== null && held[session] === true)
      const count = (status: AttendanceStatus) => due.filter((mark) => mark === status).length
      const [present, late, excused] = [count("PRESENT"), count("LATE"), count("EXCUSED")]
      const unmarked = statuses.filter((mark, session) => mark === "NONE" && isMarked[session] === true).length
      const absent = count("ABSENT") + unmarked
      return [
        index + 1,
        name,
        // Nobody is unmarked at what is still to come, or is not.
        ...statuses.map((mark, session) =>
          mark === null || (mark === "NONE" && held[session] !== true) ? null : statusWords[mark]
        ),
        due.length,
        present,
        late,
        absent,
        excused,
        count("REQUESTED"),
        attendanceRate({ present, late, absent })
      ]
    })
  }
}

export const sheetOf = ({ of }: Export): Sheet => ({
  title: titleOf(of),
  ...(of._tag === "Register" ? registerTable(of.register) : monthTable(of.month))
})

/** What the file is called, without characters that a file system refuses. */
export const fileName = (title: string, format: ExportFormat): string =>
  `${title.toWellFormed().replace(/[\p{Cc}/\\:*?"<>|]/gu, "_")}.${format}`
