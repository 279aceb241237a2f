/** What people read: the words of each kind of notification, in their language. */
import { dayOfWeek, type LocalDate } from "./LocalTime.ts"
import type { NotificationKind } from "./Notification.ts"

/** One line of a message: what happened to one child, as it is at the moment of sending. */
export interface Line {
  readonly kind: NotificationKind
  /** Empty where it is about a whole roll. */
  readonly studentName: string
  /** Empty where it is about leave. */
  readonly className: string
  /** The session's day at the academy, or the first one of the leave, and its last one. */
  readonly day: LocalDate
  readonly until: LocalDate
  /** Local time at the academy, `HH:mm`: when the child was there, or else when the session begins. */
  readonly time: string
  readonly status: string
  /** Students of the roll who wait to be confirmed; or sessions missed in a row. */
  readonly count: number
}

const monthAndDay = (day: LocalDate) => [Number(day.slice(5, 7)), Number(day.slice(8))] as const
const months = "January February March April May June July August September October November December".split(" ")
const weekdays = { MON: "월", TUE: "화", WED: "수", THU: "목", FRI: "금", SAT: "토", SUN: "일" } as const

const dayKo = (day: LocalDate) => {
  const [month, date] = monthAndDay(day)
  return `${month}월 ${date}일(${weekdays[dayOfWeek(day)]})`
}
const dayEn = (day: LocalDate) => {
  const [month, date] = monthAndDay(day)
  return `${date} ${months[month - 1] ?? ""}`
}
const daysKo = ({ day, until }: Line) => (day === until ? dayKo(day) : `${dayKo(day)}~${dayKo(until)}`)
const daysEn = ({ day, until }: Line) => (day === until ? `on ${dayEn(day)}` : `from ${dayEn(day)} to ${dayEn(until)}`)
/** A parent of several children reads which of them it is about; the teacher knows the class. */
const whoseKo = ({ studentName }: Line) => (studentName === "" ? "" : `${studentName} 학생의 `)
const whoseEn = ({ studentName }: Line) => (studentName === "" ? "" : `${studentName}'s `)
const statusKo = (status: string) =>
  ({ PRESENT: "출석", LATE: "지각", ABSENT: "결석", EXCUSED: "인정 결석" })[status] ?? status

const ko: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 출석했습니다.`,
  LATE: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 지각 출석했습니다.`,
  CORRECTED: (line) =>
    `${line.studentName} 학생의 ${line.className} 출결이 ${statusKo(line.status)}(으)로 정정되었습니다.`,
  MISSING: (line) => `${line.studentName} 학생이 ${line.time}에 시작한 ${line.className} 수업에 아직 오지 않았습니다.`,
  ARRIVED: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 도착했습니다.`,
  ROLL_UNMARKED: (line) =>
    `${line.time}에 시작한 ${line.className} 수업의 출석부를 확인해 주세요. 미확인 ${line.count}명입니다.`,
  SESSION_CANCELLED: (line) =>
    `${whoseKo(line)}${dayKo(line.day)} ${line.time} ${line.className} 수업이 취소되었습니다.`,
  SESSION_MOVED: (line) =>
    `${whoseKo(line)}${line.className} 수업이 ${dayKo(line.day)} ${line.time}(으)로 변경되었습니다.`,
  LEAVE_REQUESTED: (line) => `${whoseKo(line)}${daysKo(line)} 결석 신청을 확인해 주세요.`,
  LEAVE_APPROVED: (line) => `${whoseKo(line)}${daysKo(line)} 결석 신청이 승인되었습니다.`,
  LEAVE_REJECTED: (line) => `${whoseKo(line)}${daysKo(line)} 결석 신청이 반려되었습니다.`,
  ABSENCES_REPEATED: (line) => `${line.studentName} 학생이 ${line.className} 수업에 ${line.count}회 연속 결석했습니다.`
}
const en: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} was checked in to ${line.className} at ${line.time}.`,
  LATE: (line) => `${line.studentName} came late to ${line.className}, at ${line.time}.`,
  CORRECTED: (line) =>
    `${line.studentName}'s attendance at ${line.className} was corrected to ${line.status.toLowerCase()}.`,
  MISSING: (line) => `${line.studentName} has not come yet to ${line.className}, which began at ${line.time}.`,
  ARRIVED: (line) => `${line.studentName} has arrived at ${line.className}, at ${line.time}.`,
  ROLL_UNMARKED: (line) =>
    `Please mark the roll of ${line.className}, which began at ${line.time}: ${line.count} students wait.`,
  SESSION_CANCELLED: (line) => `${whoseEn(line)}${line.className} on ${dayEn(line.day)} at ${line.time} is cancelled.`,
  SESSION_MOVED: (line) => `${whoseEn(line)}${line.className} was moved to ${dayEn(line.day)} at ${line.time}.`,
  LEAVE_REQUESTED: (line) => `Please decide about ${whoseEn(line)}leave ${daysEn(line)}.`,
  LEAVE_APPROVED: (line) => `${whoseEn(line)}leave ${daysEn(line)} was approved.`,
  LEAVE_REJECTED: (line) => `${whoseEn(line)}leave ${daysEn(line)} was rejected.`,
  ABSENCES_REPEATED: (line) => `${line.studentName} has missed ${line.className} ${line.count} times in a row.`
}

/** The text of a message in the recipient's language. */
export const render = (locale: "ko" | "en", academyName: string, lines: ReadonlyArray<Line>): string =>
  [`[${academyName}]`, ...lines.map((line) => (locale === "ko" ? ko : en)[line.kind](line))].join("\n")
