/**
 * The life of one message to one person.
 *
 * ```
 *            begin            the provider took it        receipt
 *  PLANNED ────────▶ SENDING ─────────────────────▶ ACCEPTED ───────▶ DELIVERED
 *   ▲  │  ▲           │  │ │                          │
 *   │  │  └─ not sent ┘  │ └─ cannot be known ─▶ UNKNOWN ─ receipt ─▶ DELIVERED, UNDELIVERED
 *   │  │                 │                            │
 *   │  │                 └── refused ──┬── or undelivered
 *   │  ▼                               ▼
 *   │ SKIPPED, EXPIRED        another channel? ── none, or too late ─▶ UNDELIVERED
 *   └───────────────────────── yes ────┘
 * ```
 *
 * What may have gone out is never sent again unless the provider says that it did not.
 */
import { DateTime, type Duration } from "effect"
import type { NotificationChannel } from "./Channel.ts"
import type { EventFact } from "./DomainEvent.ts"
import type { MessageId } from "./Ids.ts"
import { messagePlanned, type MessageStatus, notificationUndelivered } from "./Notification.ts"

/** What a provider's answer, look-up or receipt says of one attempt. `rule` names the line of the provider's table. */
export type Outcome =
  /** Taken over; whether it arrives is said by a receipt. `cost` in KRW, as far as it is known. */
  | { readonly _tag: "Accepted"; readonly rule: string; readonly providerId: string; readonly cost?: number }
  | { readonly _tag: "Delivered"; readonly rule: string }
  /** Surely not sent, and may be tried again. */
  | { readonly _tag: "NotSent"; readonly rule: string; readonly retryAfter?: Duration.Duration }
  /** It may have gone out: the provider is asked before anything else is done. */
  | { readonly _tag: "Ambiguous"; readonly rule: string }
  /** The provider cannot say, now or ever: perhaps reached. */
  | { readonly _tag: "Uncertain"; readonly rule: string }
  /** Such a number, or such a device, does not exist. */
  | { readonly _tag: "InvalidRecipient"; readonly rule: string }
  /** Not this way; another one may do. */
  | { readonly _tag: "ChannelUnavailable"; readonly rule: string }
  /** The person has told the provider not to. */
  | { readonly _tag: "OptedOut"; readonly rule: string }
  /** The message is not what the provider takes: about this text, this template, this sender. */
  | { readonly _tag: "Refused"; readonly rule: string }
  /** About us: rights, balance. */
  | { readonly _tag: "Account"; readonly rule: string }

export interface Message {
  readonly id: MessageId
  readonly status: MessageStatus
  /** On which it goes out next, or has gone out last. */
  readonly channel: NotificationChannel
  /** Attempts so far. */
  readonly attempts: number
  readonly deliverBy: DateTime.Utc
}

/** What becomes of a message. */
export interface Conclusion {
  readonly status: MessageStatus
  readonly channel: NotificationChannel
  /** Why it stands there; `null` where the status says it all. */
  readonly reason: string | null
  readonly events: ReadonlyArray<EventFact>
}

export interface Given {
  readonly now: DateTime.Utc
  /** The next channel that may carry it; `null` when none is left. */
  readonly next: NotificationChannel | null
}

const stays = (message: Message, status: MessageStatus, reason: string | null = null): Conclusion => ({
  status,
  channel: message.channel,
  reason,
  events: []
})

const undelivered = (message: Message, reason: string): Conclusion => ({
  ...stays(message, "UNDELIVERED", reason),
  events: [notificationUndelivered(message.id)]
})

/** Another way while anybody wants to hear it, else none. */
const otherwise = (message: Message, reason: string, { next, now }: Given): Conclusion =>
  next === null || DateTime.isGreaterThan(now, message.deliverBy)
    ? undelivered(message, reason)
    : { status: "PLANNED", channel: next, reason, events: [messagePlanned(message.id, next)] }

/** What became of the attempt that is under way: the message is SENDING. */
export const conclude = (message: Message, outcome: Outcome, given: Given): Conclusion => {
  switch (outcome._tag) {
    case "Accepted":
      return stays(message, "ACCEPTED")
    case "Delivered":
      return stays(message, "DELIVERED")
    case "NotSent":
    case "Account":
      return stays(message, "PLANNED", outcome.rule)
    case "Ambiguous":
      return stays(message, "SENDING", outcome.rule)
    case "Uncertain":
      return stays(message, "UNKNOWN", outcome.rule)
    case "OptedOut":
      return stays(message, "SKIPPED", outcome.rule)
    case "InvalidRecipient":
      return undelivered(message, outcome.rule)
    case "ChannelUnavailable":
    case "Refused":
      return otherwise(message, outcome.rule, given)
  }
}

/** Statuses after which a receipt may still bring the truth. */
const open: ReadonlyArray<MessageStatus> = ["SENDING", "ACCEPTED", "UNKNOWN"]

/**
 * What a receipt for the attempt with this number changes; nothing when `null`: it says what is known, came twice, or is
 * about an attempt after which another has begun.
 */
export const receive = (message: Message, attempt: number, outcome: Outcome, given: Given): Conclusion | null => {
  if (outcome._tag === "Delivered") {
    // It arrived after all: the other way has not been taken yet, or was not to be had.
    const last = attempt === message.attempts
    const waits = message.status === "PLANNED" || message.status === "UNDELIVERED" || message.status === "EXPIRED"
    return (last && open.includes(message.status)) || waits ? stays(message, "DELIVERED") : null
  }
  if (attempt !== message.attempts || !open.includes(message.status)) return null
  switch (outcome._tag) {
    case "Accepted":
      return message.status === "ACCEPTED" ? null : stays(message, "ACCEPTED")
    case "NotSent":
    case "Ambiguous":
      return null
    case "Account":
      // Taken, and refused later on for our account's sake: nothing went out.
      return otherwise(message, outcome.rule, given)
    default: {
      const concluded = conclude(message, outcome, given)
      return concluded.status === message.status ? null : concluded
    }
  }
}
