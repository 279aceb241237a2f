/**
 * What happened, in the past tense. A payload holds ids and states, never a name, a number, an address or free text:
 * events are kept for a month and travel over brokers.
 *
 * A decision returns facts; the unit of work puts each into its envelope.
 */
import { Schema, Struct } from "effect"
import { NotificationChannel } from "./Channel.ts"
import {
  AcademyId,
  ClassId,
  ClassroomId,
  CorrelationId,
  EnrollmentId,
  EventId,
  LeaveId,
  MemberId,
  MessageId,
  SessionId
} from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
import { Role } from "./Permission.ts"

const session = { sessionId: SessionId, classId: ClassId, sessionDate: LocalDate }
const leave = { leaveId: LeaveId, studentId: MemberId, from: LocalDate, until: LocalDate }
const attendance = { sessionId: SessionId, studentId: MemberId, classId: ClassId, sessionDate: LocalDate }
export const ConfirmedStatus = Schema.Literals(["PRESENT", "LATE", "ABSENT", "EXCUSED"])
export type ConfirmedStatus = typeof ConfirmedStatus.Type

/** The payload of each type of event: the vocabulary of AMS. */
export const payloads = {
  AcademyCreated: Schema.Struct({}),
  AcademyUpdated: Schema.Struct({}),
  HolidayChanged: Schema.Struct({ date: LocalDate, holiday: Schema.Boolean }),
  ClassroomChanged: Schema.Struct({ classroomId: ClassroomId }),
  /** `pending`: a manager has to approve of them first. */
  MemberCreated: Schema.Struct({ roles: Schema.Array(Role), pending: Schema.optionalKey(Schema.Boolean) }),
  MemberUpdated: Schema.Struct({}),
  MemberRolesChanged: Schema.Struct({ roles: Schema.Array(Role) }),
  MemberApproved: Schema.Struct({}),
  MemberRejected: Schema.Struct({}),
  MemberDeactivated: Schema.Struct({}),
  GuardianLinked: Schema.Struct({ studentId: MemberId, parentId: MemberId }),
  /** Whether the parent may be told, or how they are related. */
  GuardianChanged: Schema.Struct({ studentId: MemberId, parentId: MemberId }),
  GuardianUnlinked: Schema.Struct({ studentId: MemberId, parentId: MemberId }),
  ClassCreated: Schema.Struct({ teacherId: MemberId }),
  /** `teacherId`: who teaches it now. */
  ClassUpdated: Schema.Struct({ teacherId: MemberId }),
  ClassClosed: Schema.Struct({}),
  /** One per class and planning run: what was added, changed or taken away, and its days. */
  SessionsPlanned: Schema.Struct({ sessionIds: Schema.Array(SessionId), dates: Schema.Array(LocalDate) }),
  SessionCancelled: Schema.Struct({ ...session, cause: Schema.Literals(["HOLIDAY", "PERSON"]) }),
  /** `fromDate`: the day on which it would have been. */
  SessionMoved: Schema.Struct({ ...session, fromDate: LocalDate }),
  SessionClosed: Schema.Struct(session),
  StudentEnrolled: Schema.Struct({ classId: ClassId, studentId: MemberId, enrollmentId: EnrollmentId }),
  EnrollmentCancelled: Schema.Struct({ classId: ClassId, studentId: MemberId, enrollmentId: EnrollmentId }),
  AttendanceRequested: Schema.Struct(attendance),
  AttendanceRefused: Schema.Struct(attendance),
  /** `afterAlert`: the guardians had been told that the student is missing. */
  AttendanceConfirmed: Schema.Struct({
    ...attendance,
    status: ConfirmedStatus,
    afterAlert: Schema.optionalKey(Schema.Boolean),
    /** Entered by the office when the session was over. */
    afterClose: Schema.optionalKey(Schema.Boolean)
  }),
  AttendanceCorrected: Schema.Struct({
    ...attendance,
    from: ConfirmedStatus,
    to: ConfirmedStatus,
    afterAlert: Schema.optionalKey(Schema.Boolean)
  }),
  /** `marked`: the teacher says so; else nobody has seen the student. */
  AttendanceMissed: Schema.Struct({ ...attendance, marked: Schema.Boolean }),
  /** Students wait for the teacher to mark the roll: first the teacher is told, then the managers. */
  RollUnmarked: Schema.Struct({
    sessionId: SessionId,
    classId: ClassId,
    sessionDate: LocalDate,
    chase: Schema.Literals(["TEACHER", "MANAGER"])
  }),
  /** The student has missed so many sessions of the class in a row, this one the last of them. */
  AbsencesRepeated: Schema.Struct({ ...attendance, count: Schema.Int }),
  LeaveRequested: Schema.Struct(leave),
  LeaveApproved: Schema.Struct(leave),
  LeaveRejected: Schema.Struct(leave),
  /** Without a channel where it was planned by a version that knew KakaoTalk only. */
  MessagePlanned: Schema.Struct({ messageId: MessageId, channel: Schema.optionalKey(NotificationChannel) }),
  /** There is no way left to the one who should have been told. */
  NotificationUndelivered: Schema.Struct({ messageId: MessageId })
} as const

export type EventType = keyof typeof payloads
export const eventTypes = Struct.keys(payloads)
export const EventType = Schema.Literals(eventTypes)

export type AggregateType =
  | "academy"
  | "member"
  | "guardianship"
  | "class"
  | "classroom"
  | "leave"
  | "session"
  | "enrollment"
  | "attendance"
  | "message"

interface FactOf<Type extends EventType> {
  readonly type: Type
  readonly aggregate: { readonly type: AggregateType; readonly id: string; readonly version: number }
  readonly payload: (typeof payloads)[Type]["Type"]
}

/** What a decision says has happened: the event without its envelope. */
export type EventFact = { readonly [Type in EventType]: FactOf<Type> }[EventType]

export interface Envelope {
  readonly id: EventId
  /** Version of the payload's shape; a reader that meets a higher one than it knows parks the event. */
  readonly version: number
  /** `null` only for an administrator's own record. */
  readonly academyId: AcademyId | null
  /** Milliseconds since 1970 of the commit's decision. */
  readonly occurredAt: number
  /** The member who caused it; `null` for the system. */
  readonly actor: MemberId | null
  readonly correlationId: CorrelationId | null
  /** W3C trace context of the request, so that what follows links back to it. */
  readonly traceparent: string | null
}

export type DomainEvent = { readonly [Type in EventType]: Envelope & FactOf<Type> }[EventType]
