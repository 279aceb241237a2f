/** Which handler hears of which events. A delivery row is written for each pair, in the event's own transaction. */
import { Schema } from "effect"
import { type EventType, eventTypes } from "./DomainEvent.ts"

export const HandlerName = Schema.Literals(["ReadModelSync", "Statistics", "Notifications", "SendMessage"])
export type HandlerName = typeof HandlerName.Type

export const subscriptions: Readonly<Record<HandlerName, ReadonlyArray<EventType>>> = {
  ReadModelSync: eventTypes,
  Statistics: [
    "AcademyUpdated",
    "MemberCreated",
    "ClassCreated",
    "ClassUpdated",
    "ClassClosed",
    "SessionsPlanned",
    "SessionCancelled",
    "SessionMoved",
    "SessionClosed",
    "StudentEnrolled",
    "EnrollmentCancelled",
    "AttendanceRequested",
    "AttendanceRefused",
    "AttendanceConfirmed",
    "AttendanceCorrected"
  ],
  Notifications: [
    "AttendanceConfirmed",
    "AttendanceCorrected",
    "AttendanceMissed",
    "RollUnmarked",
    "AbsencesRepeated",
    "SessionCancelled",
    "SessionMoved",
    "LeaveRequested",
    "LeaveApproved",
    "LeaveRejected"
  ],
  SendMessage: ["MessagePlanned"]
}

const subscribers = new Map<EventType, ReadonlyArray<HandlerName>>()

/** The handlers that hear of a type of event. */
export const subscribersOf = (type: EventType): ReadonlyArray<HandlerName> => {
  const known = subscribers.get(type)
  if (known !== undefined) return known
  const found = HandlerName.literals.filter((handler) => subscriptions[handler].includes(type))
  subscribers.set(type, found)
  return found
}
