/** Who was told what, and the messages that carried it. */
import { Context, type DateTime, type Duration, type Effect, type Option } from "effect"
import type { NotificationChannel, Reach } from "../domain/Channel.ts"
import type { AcademyId, DispatchId, MemberId, MessageId, NotificationId } from "../domain/Ids.ts"
import type { Conclusion, Message, Outcome } from "../domain/Message.ts"
import type { MessageStatus, Occasion } from "../domain/Notification.ts"
import type { Line } from "../domain/NotificationText.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { QuietHours } from "../domain/QuietHours.ts"
import type { Appearance, Begun, Device } from "./NotificationPort.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** One person to be told of one occasion, not told before. */
export interface Concerned {
  readonly academyId: AcademyId
  /** As it is for this person: an arrival is a plain check-in to whoever had not heard of an absence. */
  readonly occasion: Pick<Occasion, "kind" | "sessionId" | "leaveId" | "studentId" | "occasion" | "eventId">
  readonly recipientId: MemberId
  readonly reach: Reach
  /** The person does not want to hear of this kind. */
  readonly muted: boolean
  /** `null`: about no session. */
  readonly sessionEndsAt: DateTime.Utc | null
}

export interface PlannedMessage {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly recipientId: MemberId
  /** `UNDELIVERED` at once where there is no way to the person, `SKIPPED` where nothing is wanted. */
  readonly status: Extract<MessageStatus, "PLANNED" | "UNDELIVERED" | "SKIPPED">
  /** `null` where there is no way. */
  readonly channel: NotificationChannel | null
  readonly reason: string | null
  readonly deliverWithin: Duration.Duration
  readonly notifications: ReadonlyArray<{ readonly id: NotificationId; readonly occasion: Concerned["occasion"] }>
}

/** A message with everything that sending it needs, as things are now. */
export interface MessageToSend extends Message, Appearance {
  /** When it was planned; `null` where it waited for the end of quiet hours. */
  readonly since: DateTime.Utc | null
  readonly academyId: AcademyId
  readonly academyName: string
  /** When nothing may be sent at this academy; `null`: never. */
  readonly quiet: QuietHours | null
  readonly recipient: {
    readonly id: MemberId
    readonly phone: PhoneNumber | null
    readonly locale: "ko" | "en"
    readonly devices: ReadonlyArray<Device>
  }
  readonly reach: Reach
  /** Channels on which it was tried. */
  readonly tried: ReadonlyArray<NotificationChannel>
  /** What the last attempt left, when its end is not known. */
  readonly begun: Begun | null
  /** An alert that this one takes back is under way: it goes out first. */
  readonly behind: boolean
  readonly lines: ReadonlyArray<
    Line & {
      readonly stillHolds: boolean
      /** The recipient may hear of this student. */
      readonly mayBeTold: boolean
    }
  >
}

/** A message that a provider is to be asked about: it took it, or nobody knows. */
export interface Asked {
  readonly message: Pick<Message, "id">
  readonly begun: Begun
}

/** An attempt by our id of it, or by the provider's id of its message. */
export type AttemptName = { readonly dispatchId: DispatchId } | { readonly providerId: string }

/** What a provider says of an attempt. */
export interface Receipt {
  readonly attempt: AttemptName
  readonly outcome: Outcome
}

/** A message under a lock, as a receipt or an outcome finds it. */
export interface Held extends Message {
  /** When it was planned; `null` where it waited for the end of quiet hours. */
  readonly since: DateTime.Utc | null
  readonly academyId: AcademyId
  readonly reach: Reach
  readonly tried: ReadonlyArray<NotificationChannel>
  /** The number of the attempt in question. */
  readonly attempt: number
  readonly dispatchId: DispatchId
  /** What its receipts have said so far; empty when none came. */
  readonly heard: string
}

export class NotificationLedger extends Context.Service<NotificationLedger, {
  /**
   * Who is to be told of each occasion and has not been: guardians who may be told (of one
   * student, or of everybody on the roll, each then with the own child), the teacher, the managers, the parent who asked.
   * Alarms that
   * were planned for a student who came meanwhile, and have not gone out, are skipped; of an absence that was retracted
   * meanwhile nobody is told.
   */
  readonly audience: (
    academyId: AcademyId,
    occasions: ReadonlyArray<Occasion>
  ) => Effect.Effect<ReadonlyArray<Concerned>, StorageUnavailable, Transaction>
  /** Writes messages and ledger rows; if somebody planned one of them meanwhile, the unit of work runs again. */
  readonly plan: (messages: ReadonlyArray<PlannedMessage>) => Effect.Effect<void, never, Transaction>
  readonly load: (id: MessageId) => Effect.Effect<Option.Option<MessageToSend>, StorageUnavailable>
  /**
   * PLANNED to SENDING on this channel, with a row for the attempt; also UNDELIVERED, which an operator has replayed and
   * nobody has resent. The attempt's number; none when somebody else was there before, or when it is to go another way.
   */
  readonly begin: (
    id: MessageId,
    channel: NotificationChannel,
    provider: string,
    dispatchId: DispatchId
  ) => Effect.Effect<Option.Option<number>, StorageUnavailable>
  /** Writes down by what the provider can be asked. False when the attempt is somebody else's by now. */
  readonly keep: (dispatchId: DispatchId, key: string) => Effect.Effect<boolean, StorageUnavailable>
  /** Locks the message of an attempt. None when there is no such attempt. */
  readonly hold: (
    attempt: AttemptName
  ) => Effect.Effect<Option.Option<Held>, StorageUnavailable, Transaction>
  /** Whose attempt it is; none when there is no such attempt. */
  readonly whose: (attempt: AttemptName) => Effect.Effect<Option.Option<AcademyId>, StorageUnavailable>
  /**
   * Under the lock: what was said of an attempt, at its end or by a receipt, and what becomes of its message, if anything.
   * `ask`: its provider says later on what became of it.
   */
  readonly conclude: (
    held: Held,
    said: { readonly outcome: Outcome; readonly as: "answer" | "receipt"; readonly ask: boolean },
    conclusion: Conclusion | null
  ) => Effect.Effect<void, never, Transaction>
  /** From where `begin` may start to where nothing is sent any more. */
  readonly drop: (
    id: MessageId,
    status: Extract<MessageStatus, "EXPIRED" | "SKIPPED">,
    reason: string
  ) => Effect.Effect<void, StorageUnavailable>
  /**
   * Planned messages that nobody wants to hear any more become EXPIRED, and those whose provider could not be asked for
   * 80 hours UNKNOWN. The channel of each of them.
   */
  readonly expire: Effect.Effect<ReadonlyArray<NotificationChannel>, StorageUnavailable>
  /**
   * Messages that a provider took and has said nothing about since, or of which nobody knows; each is asked about again
   * after 1, 5, 30 minutes, 2 and 8 hours, and then every 24, until 80 hours are over. Answers those that are due, and
   * puts the next time down.
   */
  readonly toAsk: (limit: number) => Effect.Effect<ReadonlyArray<Asked>, StorageUnavailable>
}>()("ams/NotificationLedger") {}
