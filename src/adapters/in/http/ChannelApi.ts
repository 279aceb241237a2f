import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { ChannelChange, ChannelView, ReviewText } from "../../../domain/AcademyChannel.ts"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { Auth } from "./Auth.ts"
import { ifMatch } from "./Conditional.ts"
import { Body, Many, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

export class ChannelApi extends HttpApiGroup.make("channels").add(
  HttpApiEndpoint.get("list", "/channels", { success: Many(ChannelView), error: problems }),
  HttpApiEndpoint.put("change", "/channels/:channel", {
    params: { channel: NotificationChannel },
    headers: ifMatch,
    payload: Body(ChannelChange),
    success: Versioned(ChannelView),
    error: problems
  }),
  HttpApiEndpoint.get("texts", "/message-templates", { success: Many(ReviewText), error: problems })
).middleware(Auth).prefix("/api/v1/academy") {}
