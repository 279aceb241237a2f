/** Who was told what, and the messages that carried it. */
import { Context, type DateTime, type Duration, type Effect, type Option } from "effect"
import type { AcademyId, MemberId, MessageId, NotificationId } from "../domain/Ids.ts"
import type { MessageStatus, NotificationChannel, Occasion } from "../domain/Notification.ts"
import type { Line } from "../domain/NotificationText.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** One person to be told of one occasion, not told before. */
export interface Concerned {
  readonly academyId: AcademyId
  /** As it is for this person: an arrival is a plain check-in to whoever had not heard of an absence. */
  readonly occasion: Pick<Occasion, "kind" | "sessionId" | "leaveId" | "studentId" | "occasion" | "eventId">
  readonly recipientId: MemberId
  /** `null`: about no session. */
  readonly sessionEndsAt: DateTime.Utc | null
}

export interface PlannedMessage {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly recipientId: MemberId
  readonly deliverWithin: Duration.Duration
  readonly notifications: ReadonlyArray<{ readonly id: NotificationId; readonly occasion: Concerned["occasion"] }>
}

/** A message with everything that sending it needs, as things are now. */
export interface MessageToSend {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly academyName: string
  readonly status: MessageStatus
  readonly tooLate: boolean
  readonly recipient: { readonly id: MemberId; readonly phone: PhoneNumber | null; readonly locale: "ko" | "en" }
  readonly lines: ReadonlyArray<Line & { readonly stillHolds: boolean }>
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
  /** PLANNED (or UNDELIVERED, replayed) → SENDING with a new attempt, by compare-and-set; none when somebody else has it. */
  readonly begin: (
    id: MessageId,
    channel: NotificationChannel,
    provider: string
  ) => Effect.Effect<Option.Option<number>, StorageUnavailable>
  /** Records how the attempt ended and where that leaves the message; only SENDING moves. */
  readonly finish: (
    id: MessageId,
    status: MessageStatus,
    outcome: { readonly outcome: string; readonly detail?: string; readonly providerId?: string }
  ) => Effect.Effect<void, StorageUnavailable>
  /** From where `begin` may start to where nothing is sent any more. */
  readonly drop: (
    id: MessageId,
    status: "EXPIRED" | "SKIPPED" | "UNDELIVERED"
  ) => Effect.Effect<void, StorageUnavailable>
}>()("ams/NotificationLedger") {}
