/** Which handler hears of which events. A delivery row is written for each pair, in the event's own transaction. */
import { Schema } from "effect"
import { NotificationChannel, type Way } from "./Channel.ts"
import { type DomainEvent, type EventType, eventTypes } from "./DomainEvent.ts"

const fixed = ["ReadModelSync", "Statistics", "Notifications"] as const

/**
 * Each channel has a sender of its own, as in `SendMessage:SMS`: its own queue, concurrency, circuit and pause, so that a
 * provider that hangs holds up no other.
 */
export type HandlerName = (typeof fixed)[number] | `SendMessage:${string}`

const isHandlerName = (name: string): name is HandlerName =>
  name.startsWith("SendMessage:") || fixed.some((one) => one === name)

export const HandlerName = Schema.String.annotate({ examples: [...fixed, "SendMessage:SMS"] }).pipe(
  Schema.refine(isHandlerName, { expected: `${fixed.join(", ")}, or SendMessage:CHANNEL as in SendMessage:SMS` })
)

export const senderOf = (channel: NotificationChannel): HandlerName => `SendMessage:${channel}`

/** The handlers of a system with these channels. */
export const handlersOf = (ways: ReadonlyArray<Pick<Way, "channel">>): ReadonlyArray<HandlerName> => [
  ...fixed,
  ...ways.map(({ channel }) => senderOf(channel))
]

const subscriptions: Readonly<Record<(typeof fixed)[number], ReadonlyArray<EventType>>> = {
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
    "LeaveRejected",
    "MemberCreated",
    "MemberApproved",
    "MemberRejected"
  ]
}

const subscribers = new Map<EventType, ReadonlyArray<HandlerName>>(
  eventTypes.map((type) => [type, fixed.filter((handler) => subscriptions[handler].includes(type))])
)

/** The handlers that hear of a type of event; of a message that is planned also the sender of its channel. */
export const subscribersOf = (type: EventType, channel?: NotificationChannel): ReadonlyArray<HandlerName> => {
  const always = subscribers.get(type) ?? []
  return channel === undefined ? always : [...always, senderOf(channel)]
}

/** On which channel a planned message goes out; of another event none. */
export const channelOf = (event: DomainEvent): NotificationChannel | undefined =>
  event.type === "MessagePlanned" ? event.payload.channel ?? NotificationChannel.make("KAKAO_TALK") : undefined
