import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Reason } from "../../../application/operations/Operator.ts"
import { AcademyId, EventId, Incarnation, MemberId } from "../../../domain/Ids.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import { Story } from "../../../ports/EventStory.ts"
import { Auth } from "./Auth.ts"
import { Body, Many, One } from "./Envelope.ts"
import { problems } from "./Problem.ts"

const backlog = { open: Schema.Int, postponed: Schema.Int, oldestSeconds: Schema.Finite }

export const HandlerState = Schema.Struct({
  handler: HandlerName,
  /** Null: it runs. `by` is null for whoever sat at the terminal. */
  paused: Schema.NullOr(Schema.Struct({ reason: Schema.String, since: Schema.Date, by: Schema.NullOr(MemberId) })),
  backlog: Schema.Struct(backlog),
  circuitOpen: Schema.Boolean,
  /** Null for whoever operates one academy only. */
  openIn: Schema.NullOr(Schema.Array(Schema.Struct({ host: Schema.String, pid: Schema.Int }))),
  policy: Schema.Struct({
    concurrency: Schema.Int,
    batch: Schema.Int,
    timeoutSeconds: Schema.Finite,
    retries: Schema.Int
  })
})

export const DeliveryStatus = Schema.Struct({
  /** Null: those of every academy. */
  academyId: Schema.NullOr(AcademyId),
  backlog: Schema.Array(Schema.Struct({ handler: Schema.String, ...backlog })),
  open: Schema.Int,
  oldestSeconds: Schema.Finite,
  /** Null for whoever operates one academy only. */
  nodes: Schema.NullOr(Schema.Array(Schema.Struct({
    incarnation: Incarnation,
    host: Schema.String,
    pid: Schema.Int,
    startedAt: Schema.Date,
    silentSeconds: Schema.Finite,
    openCircuits: Schema.Array(Schema.String)
  })))
})

export class OperationsApi extends HttpApiGroup.make("operations").add(
  HttpApiEndpoint.get("handlers", "/handlers", { success: Many(HandlerState), error: problems }),
  HttpApiEndpoint.post("pause", "/handlers/:handler/pause", {
    params: { handler: HandlerName },
    payload: Body(Schema.Struct({ reason: Reason })),
    success: One(HandlerState),
    error: problems
  }),
  HttpApiEndpoint.post("resume", "/handlers/:handler/resume", {
    params: { handler: HandlerName },
    success: One(HandlerState),
    error: problems
  }),
  HttpApiEndpoint.get("deliveries", "/deliveries", { success: One(DeliveryStatus), error: problems }),
  HttpApiEndpoint.get("event", "/events/:eventId", {
    params: { eventId: EventId },
    success: One(Story),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/operations") {}
