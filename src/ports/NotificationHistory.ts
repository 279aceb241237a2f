/** Who was told what, by which way and how quickly: for those who ask afterwards. Nothing here names a whole number. */
import { Context, type DateTime, type Effect, type Option, Schema } from "effect"
import { NotificationChannel } from "../domain/Channel.ts"
import { AcademyId, LeaveId, MemberId, MessageId, SessionId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import { MessageStatus, NotificationKind, type Told } from "../domain/Notification.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** A message as those see it who did not write it. */
export const SentMessage = Schema.Struct({
  id: MessageId,
  academyId: AcademyId,
  recipient: Schema.Struct({
    id: MemberId,
    name: Schema.String,
    /** As it is now, four digits or more hidden; `null`: none. */
    phone: Schema.NullOr(Schema.String)
  }),
  lines: Schema.Array(Schema.Struct({
    kind: NotificationKind,
    /** `null`: about a whole roll. */
    studentId: Schema.NullOr(MemberId),
    studentName: Schema.NullOr(Schema.String),
    /** One of the two. */
    sessionId: Schema.NullOr(SessionId),
    leaveId: Schema.NullOr(LeaveId)
  })),
  status: MessageStatus,
  /** On which it goes out next, or went out last; `null`: there was no way. */
  channel: Schema.NullOr(NotificationChannel),
  /** Why it stands where it does, as in `no-phone`; `null` where the status says it all. */
  reason: Schema.NullOr(Schema.String),
  plannedAt: Schema.DateTimeUtcFromDate,
  acceptedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  deliveredAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  deliverBy: Schema.DateTimeUtcFromDate,
  /** The message that a person sent once more by this one. */
  resendOf: Schema.NullOr(MessageId)
})
export type SentMessage = typeof SentMessage.Type

export const SentAttempt = Schema.Struct({
  number: Schema.Int,
  channel: NotificationChannel,
  provider: Schema.String,
  /** The class of what the provider answered; `null` while that is not known. */
  outcome: Schema.NullOr(Schema.String),
  /** The line of the provider's table. */
  rule: Schema.NullOr(Schema.String),
  /** The provider can be asked about it. */
  keyKept: Schema.Boolean,
  /** What was said of it afterwards. */
  receipt: Schema.NullOr(Schema.String),
  receiptAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  startedAt: Schema.DateTimeUtcFromDate,
  finishedAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** KRW. */
  cost: Schema.NullOr(Schema.Finite)
})

export const SentMessageInFull = Schema.Struct({
  ...SentMessage.fields,
  /** Of a resend, who wanted it, `null` for whoever had the terminal, and why. */
  resent: Schema.NullOr(Schema.Struct({ by: Schema.NullOr(MemberId), reason: Schema.String })),
  /** What it was sent once more as, oldest first. */
  resends: Schema.Array(MessageId),
  attempts: Schema.Array(SentAttempt)
})
export type SentMessageInFull = typeof SentMessageInFull.Type

/** All that is given must fit. */
export interface MessageFilter {
  /** `null`: every academy. */
  readonly academyId: AcademyId | null
  readonly sessionId?: SessionId
  readonly recipientId?: MemberId
  readonly status?: MessageStatus
  readonly channel?: NotificationChannel
  /** Only those that did not, or may not have reached the person: UNDELIVERED, EXPIRED, UNKNOWN, opted out. */
  readonly notReached?: boolean
  /** By when they were planned: from here on, and before. */
  readonly from?: DateTime.Utc
  readonly before?: DateTime.Utc
}

/** Seconds within which that part of them was done; `null`: none was. */
const Percentiles = Schema.NullOr(Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite }))

/** How one channel did. A message that went another way in the end counts there; the money where it was spent. */
export const ChannelMeasures = Schema.Struct({
  /** `null`: of those to whom there was no way. */
  channel: Schema.NullOr(NotificationChannel),
  planned: Schema.Int,
  /** The provider took them, and has not said that they failed. */
  accepted: Schema.Int,
  /** Of these, those that arrived; a provider that tells nothing afterwards has none. */
  delivered: Schema.Int,
  notReached: Schema.Int,
  /** accepted / (accepted + notReached), 0 to 1; `null` when that is nobody. */
  successRate: Schema.NullOr(Schema.Finite),
  /** From the commit that gave the news. */
  secondsToAccepted: Percentiles,
  secondsToDelivered: Percentiles,
  /** KRW, as far as providers tell. */
  spent: Schema.Finite
})
export type ChannelMeasures = typeof ChannelMeasures.Type

export class NotificationHistory extends Context.Service<NotificationHistory, {
  /** About a session, oldest first. */
  readonly ofSession: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<ReadonlyArray<Told>, StorageUnavailable>
  /** Newest first: those behind `after`, which is the last one of the page before. */
  readonly list: (
    filter: MessageFilter,
    page: { readonly limit: number; readonly after?: MessageId }
  ) => Effect.Effect<ReadonlyArray<SentMessage>, StorageUnavailable>
  /** `null`: of whatever academy. */
  readonly find: (
    academyId: AcademyId | null,
    id: MessageId
  ) => Effect.Effect<Option.Option<SentMessageInFull>, StorageUnavailable>
  /** Of messages that were planned on these days of the academy's, by channel. */
  readonly measures: (
    academyId: AcademyId,
    days: { readonly from: LocalDate; readonly until: LocalDate }
  ) => Effect.Effect<ReadonlyArray<ChannelMeasures>, StorageUnavailable>
}>()("ams/NotificationHistory") {}
