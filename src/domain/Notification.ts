/**
 * Telling a person once. A notification is one row of the ledger: unique for ever by its key, so that no replay,
 * restart or second process tells anybody twice. A message is what goes out; it may carry several notifications to one
 * person (siblings that one transaction confirmed).
 */
import { Duration, Schema } from "effect"
import type { DomainEvent, EventFact } from "./DomainEvent.ts"
import { MemberId, MessageId, SessionId } from "./Ids.ts"

export const NotificationKind = Schema.Literals(["CHECK_IN", "LATE", "CORRECTED"])
export type NotificationKind = typeof NotificationKind.Type

export const NotificationChannel = Schema.Literals(["KAKAO_TALK", "SMS", "PUSH"])
export type NotificationChannel = typeof NotificationChannel.Type

/** UNKNOWN: the provider cannot tell whether it went out; it is shown to operators and never sent blindly again. */
export const MessageStatus = Schema.Literals([
  "PLANNED",
  "SENDING",
  "ACCEPTED",
  "DELIVERED",
  "UNDELIVERED",
  "EXPIRED",
  "SKIPPED",
  "UNKNOWN"
])
export type MessageStatus = typeof MessageStatus.Type

/** After this nobody wants to hear it any more: check-ins 30 minutes, the rest a day. */
export const deliverWithin = (kind: NotificationKind): Duration.Duration =>
  kind === "CORRECTED" ? Duration.hours(24) : Duration.minutes(30)

/** What an event gives people to hear, before anybody looks up who those people are. */
export interface Occasion {
  readonly kind: NotificationKind
  readonly sessionId: SessionId
  readonly studentId: MemberId
  /** Empty for what can happen once; the event's id for what can happen again. */
  readonly occasion: string
}

/** Total over all events: most of them are nobody's business. */
export const occasionOf = (event: DomainEvent): Occasion | undefined => {
  switch (event.type) {
    case "AttendanceConfirmed": {
      const { sessionId, status, studentId } = event.payload
      if (status !== "PRESENT" && status !== "LATE") return undefined
      return { kind: status === "PRESENT" ? "CHECK_IN" : "LATE", sessionId, studentId, occasion: "" }
    }
    case "AttendanceCorrected": {
      const { sessionId, studentId } = event.payload
      return { kind: "CORRECTED", sessionId, studentId, occasion: event.id }
    }
    default:
      return undefined
  }
}

export const messagePlanned = (id: MessageId): EventFact => ({
  type: "MessagePlanned",
  aggregate: { type: "message", id, version: 1 },
  payload: { messageId: id }
})

/** One line of a message: what happened to one child, as it is at the moment of sending. */
export interface Line {
  readonly kind: NotificationKind
  readonly studentName: string
  readonly className: string
  /** Local time at the academy, `HH:mm`, at which the child was there. */
  readonly time: string
  readonly status: string
}

const ko: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 출석했습니다.`,
  LATE: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 지각 출석했습니다.`,
  CORRECTED: (line) =>
    `${line.studentName} 학생의 ${line.className} 출결이 ${statusKo(line.status)}(으)로 정정되었습니다.`
}
const en: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} was checked in to ${line.className} at ${line.time}.`,
  LATE: (line) => `${line.studentName} came late to ${line.className}, at ${line.time}.`,
  CORRECTED: (line) =>
    `${line.studentName}'s attendance at ${line.className} was corrected to ${line.status.toLowerCase()}.`
}
const statusKo = (status: string) =>
  ({ PRESENT: "출석", LATE: "지각", ABSENT: "결석", EXCUSED: "인정 결석" })[status] ?? status

/** The text of a message in the recipient's language. */
export const render = (locale: "ko" | "en", academyName: string, lines: ReadonlyArray<Line>): string =>
  [`[${academyName}]`, ...lines.map((line) => (locale === "ko" ? ko : en)[line.kind](line))].join("\n")
