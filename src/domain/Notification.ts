/**
 * Telling a person once. A notification is one row of the ledger: unique for ever by its key, so that no replay,
 * restart or second process tells anybody twice. A message is what goes out; it may carry several notifications to one
 * person (siblings that one transaction confirmed).
 */
import { Duration, Schema } from "effect"
import type { DomainEvent, EventFact } from "./DomainEvent.ts"
import { type EventId, MemberId, MessageId, SessionId } from "./Ids.ts"

export const NotificationKind = Schema.Literals([
  "CHECK_IN",
  "LATE",
  "CORRECTED",
  /** Should be there and is not. */
  "MISSING",
  /** Was missing, and came after all. */
  "ARRIVED",
  /** To the teacher, then to the managers. */
  "ROLL_UNMARKED"
])
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

/** After this nobody wants to hear it any more: check-ins and alarms 30 minutes, the rest a day. */
export const deliverWithin = (kind: NotificationKind): Duration.Duration =>
  kind === "CORRECTED" || kind === "ARRIVED" ? Duration.hours(24) : Duration.minutes(30)

/** Is it about what goes on at the session, and about nothing when that has ended? */
export const endsWithSession = (kind: NotificationKind): boolean => kind === "MISSING" || kind === "ROLL_UNMARKED"

/** Whom an occasion concerns. */
export const Audience = Schema.Literals(["GUARDIANS", "TEACHER", "MANAGERS"])
export type Audience = typeof Audience.Type

/** What an event gives people to hear, before anybody looks up who those people are. */
export interface Occasion {
  readonly kind: NotificationKind
  readonly sessionId: SessionId
  /** `null`: about the whole roll. */
  readonly studentId: MemberId | null
  readonly audience: Audience
  /** What to tell whoever had not heard before that the student is missing. */
  readonly otherwise: "CHECK_IN" | "LATE" | null
  /** Empty for what can happen once; the event's id for what can happen again. */
  readonly occasion: string
  /** The event that gave it; no part of what makes it the same one. */
  readonly eventId: EventId
}

const came = (status: "PRESENT" | "LATE") => (status === "PRESENT" ? "CHECK_IN" : "LATE")

/** Total over all events: most of them are nobody's business. */
export const occasionOf = (event: DomainEvent): Occasion | undefined => {
  const guardians = { audience: "GUARDIANS", occasion: "", eventId: event.id, otherwise: null } as const
  switch (event.type) {
    case "AttendanceConfirmed": {
      const { afterAlert, sessionId, status, studentId } = event.payload
      if (status !== "PRESENT" && status !== "LATE") return undefined
      return afterAlert === true
        ? { ...guardians, kind: "ARRIVED", sessionId, studentId, otherwise: came(status) }
        : { ...guardians, kind: came(status), sessionId, studentId }
    }
    case "AttendanceCorrected": {
      const { afterAlert, sessionId, studentId, to } = event.payload
      return afterAlert === true && (to === "PRESENT" || to === "LATE")
        ? { ...guardians, kind: "ARRIVED", sessionId, studentId, otherwise: came(to) }
        : { ...guardians, kind: "CORRECTED", sessionId, studentId, occasion: event.id }
    }
    case "AttendanceMissed": {
      const { sessionId, studentId } = event.payload
      return { ...guardians, kind: "MISSING", sessionId, studentId }
    }
    case "RollUnmarked": {
      const { chase, sessionId } = event.payload
      const audience = chase === "TEACHER" ? "TEACHER" : "MANAGERS"
      return { ...guardians, kind: "ROLL_UNMARKED", audience, sessionId, studentId: null, occasion: chase }
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
  /** Empty where it is about a whole roll. */
  readonly studentName: string
  readonly className: string
  /** Local time at the academy, `HH:mm`: when the child was there, or else when the session began. */
  readonly time: string
  readonly status: string
  /** Students of the roll who wait to be confirmed. */
  readonly waiting: number
}

const ko: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 출석했습니다.`,
  LATE: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 지각 출석했습니다.`,
  CORRECTED: (line) =>
    `${line.studentName} 학생의 ${line.className} 출결이 ${statusKo(line.status)}(으)로 정정되었습니다.`,
  MISSING: (line) => `${line.studentName} 학생이 ${line.time}에 시작한 ${line.className} 수업에 아직 오지 않았습니다.`,
  ARRIVED: (line) => `${line.studentName} 학생이 ${line.time} ${line.className} 수업에 도착했습니다.`,
  ROLL_UNMARKED: (line) =>
    `${line.time}에 시작한 ${line.className} 수업의 출석부를 확인해 주세요. 미확인 ${line.waiting}명입니다.`
}
const en: Record<NotificationKind, (line: Line) => string> = {
  CHECK_IN: (line) => `${line.studentName} was checked in to ${line.className} at ${line.time}.`,
  LATE: (line) => `${line.studentName} came late to ${line.className}, at ${line.time}.`,
  CORRECTED: (line) =>
    `${line.studentName}'s attendance at ${line.className} was corrected to ${line.status.toLowerCase()}.`,
  MISSING: (line) => `${line.studentName} has not come yet to ${line.className}, which began at ${line.time}.`,
  ARRIVED: (line) => `${line.studentName} has arrived at ${line.className}, at ${line.time}.`,
  ROLL_UNMARKED: (line) =>
    `Please mark the roll of ${line.className}, which began at ${line.time}: ${line.waiting} students wait.`
}
const statusKo = (status: string) =>
  ({ PRESENT: "출석", LATE: "지각", ABSENT: "결석", EXCUSED: "인정 결석" })[status] ?? status

/** The text of a message in the recipient's language. */
export const render = (locale: "ko" | "en", academyName: string, lines: ReadonlyArray<Line>): string =>
  [`[${academyName}]`, ...lines.map((line) => (locale === "ko" ? ko : en)[line.kind](line))].join("\n")
