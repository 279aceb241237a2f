import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { NotificationId, PushTargetId } from "../../../domain/Ids.ts"
import { NotificationPreference } from "../../../domain/NotificationPreference.ts"
import { OwnNotification } from "../../../domain/OwnNotification.ts"
import { NewPushTarget, PushTargetView } from "../../../domain/PushTarget.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, cursorOf, Many, One, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Of the one who asks. */
export class MemberNotificationApi extends HttpApiGroup.make("me").add(
  HttpApiEndpoint.get("preference", "/notification-preferences", {
    success: One(NotificationPreference),
    error: problems
  }),
  HttpApiEndpoint.put("prefer", "/notification-preferences", {
    payload: Body(NotificationPreference),
    success: One(NotificationPreference),
    error: problems
  }),
  HttpApiEndpoint.get("pushTargets", "/push-targets", { success: Many(PushTargetView), error: problems }),
  HttpApiEndpoint.post("register", "/push-targets", {
    payload: Body(NewPushTarget),
    success: Created(PushTargetView),
    error: problems
  }),
  HttpApiEndpoint.delete("unregister", "/push-targets/:pushTargetId", {
    params: { pushTargetId: PushTargetId },
    success: One(Schema.Struct({ id: PushTargetId })),
    error: problems
  }),
  HttpApiEndpoint.get("notifications", "/notifications", {
    query: { limit: paging.limit, cursor: cursorOf(NotificationId) },
    success: Many(OwnNotification),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/me") {}
