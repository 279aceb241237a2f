/**
 * Telling a person once. A notification is one row of the ledger: unique for ever by its key, so that no replay,
 * restart or second process tells anybody twice. A message is what goes out; it may carry several notifications to one
 * person (siblings that one transaction confirmed).
 */
import { DateTime, Duration, Schema } from "effect"
import { NotificationChannel } from "./Channel.ts"
import type { DomainEvent, EventFact } from "./DomainEvent.ts"
import { Relationship } from "./Guardianship.ts"
import { type EventId, type LeaveId, MemberId, MessageId, type SessionId } from "./Ids.ts"
import type { LocalDate } from "./LocalTime.ts"

export const NotificationKind = Schema.Literals([
  "CHECK_IN",
  "LATE",
  "CORRECTED",
  /** Should be there and is not. */
  "MISSING",
  /** Was missing, and came after all. */
  "ARRIVED",
  /** To the teacher, then to the managers. */
  "ROLL_UNMARKED",
  "SESSION_CANCELLED",
  "SESSION_MOVED",
  /** To the managers; what they decide to the parent who asked. */
  "LEAVE_REQUESTED",
  "LEAVE_APPROVED",
  "LEAVE_REJECTED",
  /** To the managers: so many sessions of a class missed in a row. */
  "ABSENCES_REPEATED",
  /** To the managers: a teacher has signed up; what they decide to the teacher. */
  "TEACHER_WAITING",
  "MEMBER_APPROVED",
  "MEMBER_REJECTED"
])
export type NotificationKind = typeof NotificationKind.Type

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
  soon.includes(kind) ? Duration.minutes(30) : Duration.hours(24)
const soon: ReadonlyArray<NotificationKind> = ["CHECK_IN", "LATE", "MISSING", "ROLL_UNMARKED"]

/** Is it about what goes on at the session, and about nothing when that has ended? */
export const endsWithSession = (kind: NotificationKind): boolean => kind === "MISSING" || kind === "ROLL_UNMARKED"

/** From now until nobody wants to hear it any more, or until the first of the sessions ends that it is about. */
export const timeFor = (
  kind: NotificationKind,
  sessionEnds: ReadonlyArray<DateTime.Utc | null>,
  now: DateTime.Utc
): Duration.Duration => {
  if (!endsWithSession(kind)) return deliverWithin(kind)
  const ends = sessionEnds.flatMap((at) => (at === null ? [] : [DateTime.distance(now, at)]))
  return Duration.max(Duration.zero, ends.reduce(Duration.min, deliverWithin(kind)))
}

/** Whom an occasion concerns: of the student, of everybody who attends the session, … , the parent who asked, the member. */
export const Audience = Schema.Literals(["GUARDIANS", "ROLL_GUARDIANS", "TEACHER", "MANAGERS", "ASKER", "SELF"])
export type Audience = typeof Audience.Type

/** What an event gives people to hear, before anybody looks up who those people are. */
export interface Occasion {
  readonly kind: NotificationKind
  /** `null`: about leave. */
  readonly sessionId: SessionId | null
  /** `null`: about a session. */
  readonly leaveId: LeaveId | null
  /** Or the member whom it is about; `null`: about the whole roll. */
  readonly studentId: MemberId | null
  readonly audience: Audience
  /** Who attends the class on this day expects the session then, and belongs to its roll as well. */
  readonly alsoOn: LocalDate | null
  /** What to tell whoever had not heard before that the student is missing. */
  readonly otherwise: "CHECK_IN" | "LATE" | null
  /** Empty for what can happen once; the event's id, or a number, for what can happen again. */
  readonly occasion: string
  /** The event that gave it; no part of what makes it the same one. */
  readonly eventId: EventId
}

const came = (status: "PRESENT" | "LATE") => (status === "PRESENT" ? "CHECK_IN" : "LATE")

/** Total over all events: most of them are nobody's business. */
export const occasionsOf = (event: DomainEvent): ReadonlyArray<Occasion> => {
  const about = { leaveId: null, alsoOn: null, otherwise: null, occasion: "", eventId: event.id } as const
  const guardians = { ...about, audience: "GUARDIANS" } as const
  const managers = { ...about, audience: "MANAGERS" } as const
  switch (event.type) {
    case "AttendanceConfirmed": {
      const { afterAlert, afterClose, sessionId, status, studentId } = event.payload
      // Hours later nobody has just come in.
      if (afterClose === true) return [{ ...guardians, kind: "CORRECTED", sessionId, studentId, occasion: event.id }]
      if (status !== "PRESENT" && status !== "LATE") return []
      return afterAlert === true
        ? [{ ...guardians, kind: "ARRIVED", sessionId, studentId, otherwise: came(status) }]
        : [{ ...guardians, kind: came(status), sessionId, studentId }]
    }
    case "AttendanceCorrected": {
      const { afterAlert, sessionId, studentId, to } = event.payload
      return afterAlert === true && (to === "PRESENT" || to === "LATE")
        ? [{ ...guardians, kind: "ARRIVED", sessionId, studentId, otherwise: came(to) }]
        : [{ ...guardians, kind: "CORRECTED", sessionId, studentId, occasion: event.id }]
    }
    case "AttendanceMissed": {
      const { sessionId, studentId } = event.payload
      return [{ ...guardians, kind: "MISSING", sessionId, studentId }]
    }
    case "RollUnmarked": {
      const { chase, sessionId } = event.payload
      const audience = chase === "TEACHER" ? "TEACHER" : "MANAGERS"
      return [{ ...about, kind: "ROLL_UNMARKED", audience, sessionId, studentId: null, occasion: chase }]
    }
    case "AbsencesRepeated": {
      const { count, sessionId, studentId } = event.payload
      return [{ ...managers, kind: "ABSENCES_REPEATED", sessionId, studentId, occasion: String(count) }]
    }
    case "SessionCancelled":
    case "SessionMoved": {
      const session = {
        ...about,
        kind: event.type === "SessionMoved" ? "SESSION_MOVED" : "SESSION_CANCELLED",
        sessionId: event.payload.sessionId,
        studentId: null,
        occasion: event.id
      } as const
      const alsoOn = event.type === "SessionMoved" ? event.payload.fromDate : null
      return [{ ...session, audience: "ROLL_GUARDIANS", alsoOn }, { ...session, audience: "TEACHER" }]
    }
    case "LeaveRequested":
    case "LeaveApproved":
    case "LeaveRejected": {
      const { leaveId, studentId } = event.payload
      const [kind, audience] = toldOfLeave[event.type]
      return [{ ...about, kind, audience, sessionId: null, leaveId, studentId }]
    }
    case "MemberCreated": {
      const teacher = MemberId.make(event.aggregate.id)
      return event.payload.pending === true
        ? [{ ...managers, kind: "TEACHER_WAITING", sessionId: null, studentId: teacher }]
        : []
    }
    case "MemberApproved":
    case "MemberRejected": {
      const kind = event.type === "MemberApproved" ? "MEMBER_APPROVED" : "MEMBER_REJECTED"
      return [{ ...about, kind, audience: "SELF", sessionId: null, studentId: MemberId.make(event.aggregate.id) }]
    }
    default:
      return []
  }
}

const toldOfLeave = {
  LeaveRequested: ["LEAVE_REQUESTED", "MANAGERS"],
  LeaveApproved: ["LEAVE_APPROVED", "ASKER"],
  LeaveRejected: ["LEAVE_REJECTED", "ASKER"]
} as const

/** One line of who was told what. */
export const Told = Schema.Struct({
  kind: NotificationKind,
  /** `null`: about the whole roll. */
  studentId: Schema.NullOr(MemberId),
  recipientId: MemberId,
  recipientName: Schema.String,
  /** `null` for whoever works at the academy. */
  relationship: Schema.NullOr(Relationship),
  status: MessageStatus,
  /** `null`: there was no way to the person. */
  channel: Schema.NullOr(NotificationChannel),
  /** Why the message stands there, as in `no-phone`; `null` where the status says it all. */
  reason: Schema.NullOr(Schema.String),
  /** When the message came to be so. */
  at: Schema.DateTimeUtc
})
export type Told = typeof Told.Type

/** It is to go out on this channel. */
export const messagePlanned = (id: MessageId, channel: NotificationChannel): EventFact => ({
  type: "MessagePlanned",
  aggregate: { type: "message", id, version: 1 },
  payload: { messageId: id, channel }
})

/** There is no way left to the one who should have been told. */
export const notificationUndelivered = (id: MessageId): EventFact => ({
  type: "NotificationUndelivered",
  aggregate: { type: "message", id, version: 1 },
  payload: { messageId: id }
})
