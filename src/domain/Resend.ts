/**
 * Telling somebody once more because a person wants it: a new message about the same occasions, which goes the way of every
 * message. Whether the person was reached before is not asked: whoever resends decides that, and says why.
 */
import { Array as Arr, Data, type DateTime, type Duration, Result } from "effect"
import { type NotificationChannel, noWay, type Reach, routeOf, type Way } from "./Channel.ts"
import type { EventFact } from "./DomainEvent.ts"
import type { AcademyId, MemberId, MessageId, NotificationId } from "./Ids.ts"
import {
  messagePlanned,
  type MessageStatus,
  type NotificationKind,
  notificationUndelivered,
  timeFor
} from "./Notification.ts"

/** It, or what it was resent as before, has not come to an end: another one now would tell the person twice. */
export class MessageUnderWay extends Data.TaggedError("MessageUnderWay")<{
  /** The one that is under way. */
  readonly id: MessageId
  readonly status: MessageStatus
}> {}

/** The recipient may not be told any more of anything that it says: custody, or no longer of the academy. */
export class MayNotBeTold extends Data.TaggedError("MayNotBeTold")<{ readonly recipientId: MemberId }> {}

/** A message as it stands, and whatever tells of the same occasions. */
export interface Resendable {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly recipientId: MemberId
  readonly status: MessageStatus
  readonly reach: Reach
  /** How often its occasions were told once more. */
  readonly resends: number
  /** What tells of one of them and is PLANNED or SENDING; `null`: nothing. */
  readonly underWay: { readonly id: MessageId; readonly status: MessageStatus } | null
  readonly lines: ReadonlyArray<{
    readonly id: NotificationId
    readonly kind: NotificationKind
    /** `null`: about no session. */
    readonly sessionEndsAt: DateTime.Utc | null
    readonly mayBeTold: boolean
  }>
}

export interface Resend {
  readonly id: MessageId
  readonly of: MessageId
  readonly academyId: AcademyId
  readonly recipientId: MemberId
  /** The how many-th time, from 1: no two have the same one. */
  readonly number: number
  /** `UNDELIVERED` at once where there is no way to the person. */
  readonly status: Extract<MessageStatus, "PLANNED" | "UNDELIVERED">
  readonly channel: NotificationChannel | null
  readonly reason: string | null
  readonly deliverWithin: Duration.Duration
  /** Those of the other one that it repeats. */
  readonly lines: ReadonlyArray<NotificationId>
}

const unfinished = (status: MessageStatus) => status === "PLANNED" || status === "SENDING"

/**
 * The message once more, by the way that reaches the person now, with its time anew. Who has muted its kind gets it all the
 * same. Fails `MessageUnderWay` and `MayNotBeTold`.
 */
export const resend = (
  message: Resendable,
  given: { readonly id: MessageId; readonly now: DateTime.Utc; readonly ways: ReadonlyArray<Way> }
): Result.Result<{ readonly resend: Resend; readonly event: EventFact }, MessageUnderWay | MayNotBeTold> => {
  const underWay = unfinished(message.status) ? message : message.underWay
  if (underWay !== null) return Result.fail(new MessageUnderWay({ id: underWay.id, status: underWay.status }))
  const lines = message.lines.filter(({ mayBeTold }) => mayBeTold)
  if (!Arr.isReadonlyArrayNonEmpty(lines)) return Result.fail(new MayNotBeTold({ recipientId: message.recipientId }))
  const { id, now, ways } = given
  const [channel = null] = routeOf(ways, message.reach)
  return Result.succeed({
    resend: {
      id,
      of: message.id,
      academyId: message.academyId,
      recipientId: message.recipientId,
      number: message.resends + 1,
      status: channel === null ? "UNDELIVERED" : "PLANNED",
      channel,
      reason: channel === null ? noWay(message.reach) : null,
      deliverWithin: timeFor(lines[0].kind, lines.map(({ sessionEndsAt }) => sessionEndsAt), now),
      lines: lines.map(({ id }) => id)
    },
    event: channel === null ? notificationUndelivered(id) : messagePlanned(id, channel)
  })
}
