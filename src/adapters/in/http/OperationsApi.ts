import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Reason } from "../../../application/operations/Operator.ts"
import { AcademyId, EventId, Incarnation, MemberId } from "../../../domain/Ids.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import { FailedEvent } from "../../../ports/FailedEventStore.ts"
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

export const EventStory = Schema.Struct({
  event: Schema.Struct({
    id: EventId,
    type: Schema.String,
    version: Schema.Int,
    academyId: Schema.NullOr(AcademyId),
    aggregate: Schema.Struct({ type: Schema.String, id: Schema.String, version: Schema.Int }),
    occurredAt: Schema.Date,
    actor: Schema.NullOr(Schema.String),
    correlationId: Schema.NullOr(Schema.String),
    traceparent: Schema.NullOr(Schema.String),
    payload: Schema.Unknown
  }),
  together: Schema.Array(Schema.Struct({ id: EventId, type: Schema.String, aggregateId: Schema.String })),
  deliveries: Schema.Array(Schema.Struct({
    handler: Schema.String,
    state: Schema.Literals(["done", "waiting", "in hand", "failed", "discarded"]),
    owner: Schema.NullOr(Schema.String),
    attempts: Schema.Int,
    takeovers: Schema.Int,
    nextAttemptAt: Schema.NullOr(Schema.Date),
    history: FailedEvent.fields.attempts
  })),
  failed: Schema.Array(FailedEvent),
  messages: Schema.Array(Schema.Struct({
    id: Schema.String,
    kind: Schema.String,
    status: Schema.String,
    channel: Schema.NullOr(Schema.String),
    attempts: Schema.Array(Schema.Struct({
      number: Schema.Int,
      channel: Schema.String,
      provider: Schema.String,
      outcome: Schema.NullOr(Schema.String),
      startedAt: Schema.Date,
      finishedAt: Schema.NullOr(Schema.Date)
    }))
  }))
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
    success: One(EventStory),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/operations") {}
