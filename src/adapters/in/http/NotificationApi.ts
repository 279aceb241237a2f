import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Reason } from "../../../application/operations/Operator.ts"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { MemberId, MessageId, SessionId } from "../../../domain/Ids.ts"
import { Instant, LocalDate } from "../../../domain/LocalTime.ts"
import { MessageStatus } from "../../../domain/Notification.ts"
import { ChannelMeasures, SentMessage, SentMessageInFull } from "../../../ports/NotificationHistory.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, cursorOf, Many, One, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Why it stands where it does: for programs, and for whoever reads it. */
const reason = Schema.NullOr(Schema.Struct({ rule: Schema.String, text: Schema.String }))
const Sent = Schema.Struct({ ...SentMessage.fields, reason })
const SentInFull = Schema.Struct({ ...SentMessageInFull.fields, reason })

const params = { messageId: MessageId }

/** Who was told what, and who was not; for the academy's office. */
export class NotificationApi extends HttpApiGroup.make("notifications").add(
  HttpApiEndpoint.get("list", "/", {
    query: {
      limit: paging.limit,
      cursor: cursorOf(MessageId),
      sessionId: Schema.optionalKey(SessionId),
      recipientId: Schema.optionalKey(MemberId),
      status: Schema.optionalKey(MessageStatus),
      channel: Schema.optionalKey(NotificationChannel),
      /** UNDELIVERED, EXPIRED, UNKNOWN, and SKIPPED where the person has told the provider not to. */
      notReached: Schema.optionalKey(Schema.Literal("true")),
      /** By when they were planned: from here on, and before. */
      from: Schema.optionalKey(Instant),
      before: Schema.optionalKey(Instant)
    },
    success: Many(Sent),
    error: problems
  }),
  HttpApiEndpoint.get("measures", "/measures", {
    query: { dateFrom: LocalDate, dateTo: LocalDate },
    success: Many(ChannelMeasures),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/:messageId", { params, success: One(SentInFull), error: problems }),
  HttpApiEndpoint.post("resend", "/:messageId/resend", {
    params,
    payload: Body(Schema.Struct({ reason: Reason })),
    success: Created(SentInFull),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/notifications") {}
