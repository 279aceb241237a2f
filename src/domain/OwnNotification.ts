/** What a person was told, as that person reads it. */
import { Schema } from "effect"
import { NotificationChannel } from "./Channel.ts"
import { LeaveId, MemberId, NotificationId, SessionId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
import { MessageStatus, NotificationKind } from "./Notification.ts"

export const OwnNotification = Schema.Struct({
  id: NotificationId,
  kind: NotificationKind,
  /** `null`: about leave. */
  sessionId: Schema.NullOr(SessionId),
  /** `null`: about a session. */
  leaveId: Schema.NullOr(LeaveId),
  /** `null`: about the whole roll. */
  studentId: Schema.NullOr(MemberId),
  studentName: Schema.NullOr(Schema.String),
  className: Schema.NullOr(Schema.String),
  /** Of the session, or the leave's first one. */
  day: LocalDate,
  status: MessageStatus,
  /** On which it went out or is to go out; `null`: on none. */
  channel: Schema.NullOr(NotificationChannel),
  /** When the message came to be so. */
  at: Schema.DateTimeUtc
})
export type OwnNotification = typeof OwnNotification.Type
