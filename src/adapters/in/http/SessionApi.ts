import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { ClassId, SessionId } from "../../../domain/Ids.ts"
import { Session } from "../../../domain/Session.ts"
import { When } from "../../../domain/SessionChange.ts"
import { Auth } from "./Auth.ts"
import { Body, Created, Reason, Versioned } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** Single sessions, and how a manager changes them. */
export class SessionApi extends HttpApiGroup.make("sessions").add(
  HttpApiEndpoint.post("add", "/classes/:classId/sessions", {
    params: { classId: ClassId },
    payload: Body(Schema.Struct({ ...When.fields, reason: Schema.optionalKey(Reason) })),
    success: Created(Session),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/sessions/:sessionId", {
    params: { sessionId: SessionId },
    success: Versioned(Session),
    error: problems
  }),
  HttpApiEndpoint.post("cancel", "/sessions/:sessionId/cancel", {
    params: { sessionId: SessionId },
    payload: Body(Schema.Struct({ reason: Reason })),
    success: Versioned(Session),
    error: problems
  }),
  HttpApiEndpoint.post("move", "/sessions/:sessionId/move", {
    params: { sessionId: SessionId },
    payload: Body(Schema.Struct({ ...When.fields, reason: Reason })),
    success: Versioned(Session),
    error: problems
  })
).middleware(Auth).prefix("/api/v1") {}
