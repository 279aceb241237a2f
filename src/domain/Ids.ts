/**
 * Identifiers: UUID v7, made by the application, so that they sort by the time they were made.
 *
 * Each record has its own brand: a student's id does not pass where a session's is wanted.
 */
import { Schema, SchemaGetter } from "effect"

/** Written in capitals or not, it is the same one: small letters inside. */
const uuid = Schema.String.annotate({ format: "uuid" }).pipe(
  Schema.decodeTo(Schema.String.check(Schema.isUUID()), {
    decode: SchemaGetter.transform((text: string) => text.toLowerCase()),
    encode: SchemaGetter.passthrough()
  })
)

/** Of a record of whatever kind. */
export const AnyId = uuid

export const AcademyId = uuid.pipe(Schema.brand("AcademyId"))
export type AcademyId = typeof AcademyId.Type
export const MemberId = uuid.pipe(Schema.brand("MemberId"))
export type MemberId = typeof MemberId.Type
export const GuardianshipId = uuid.pipe(Schema.brand("GuardianshipId"))
export type GuardianshipId = typeof GuardianshipId.Type
export const ClassId = uuid.pipe(Schema.brand("ClassId"))
export type ClassId = typeof ClassId.Type
export const ScheduleId = uuid.pipe(Schema.brand("ScheduleId"))
export type ScheduleId = typeof ScheduleId.Type
export const SessionId = uuid.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type
export const ClassroomId = uuid.pipe(Schema.brand("ClassroomId"))
export type ClassroomId = typeof ClassroomId.Type
/** A place in the order of those who wait for a seat. */
export const WaitingId = uuid.pipe(Schema.brand("WaitingId"))
export type WaitingId = typeof WaitingId.Type
export const LeaveId = uuid.pipe(Schema.brand("LeaveId"))
export type LeaveId = typeof LeaveId.Type
export const EnrollmentId = uuid.pipe(Schema.brand("EnrollmentId"))
export type EnrollmentId = typeof EnrollmentId.Type
export const AttendanceId = uuid.pipe(Schema.brand("AttendanceId"))
export type AttendanceId = typeof AttendanceId.Type
export const EventId = uuid.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type
export const NotificationId = uuid.pipe(Schema.brand("NotificationId"))
export type NotificationId = typeof NotificationId.Type
export const MessageId = uuid.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type
/** One attempt to send a message. */
export const DispatchId = uuid.pipe(Schema.brand("DispatchId"))
export type DispatchId = typeof DispatchId.Type
/** A device that takes push messages. */
export const PushTargetId = uuid.pipe(Schema.brand("PushTargetId"))
export type PushTargetId = typeof PushTargetId.Type
export const AuditEntryId = uuid.pipe(Schema.brand("AuditEntryId"))
export type AuditEntryId = typeof AuditEntryId.Type
export const FailedEventId = uuid.pipe(Schema.brand("FailedEventId"))
export type FailedEventId = typeof FailedEventId.Type
export const FailedEventRunId = uuid.pipe(Schema.brand("FailedEventRunId"))
export type FailedEventRunId = typeof FailedEventRunId.Type
/** One run of one process: a process that lost its heartbeat takes a new one. */
export const Incarnation = uuid.pipe(Schema.brand("Incarnation"))
export type Incarnation = typeof Incarnation.Type
/** One login on one device: `Session` is a meeting of a class. */
export const LoginSessionId = uuid.pipe(Schema.brand("LoginSessionId"))
export type LoginSessionId = typeof LoginSessionId.Type
export const PhoneVerificationId = uuid.pipe(Schema.brand("PhoneVerificationId"))
export type PhoneVerificationId = typeof PhoneVerificationId.Type
/** Ties together everything that one request caused; equals the request's trace id. */
export const CorrelationId = Schema.String.pipe(Schema.brand("CorrelationId"))
export type CorrelationId = typeof CorrelationId.Type
