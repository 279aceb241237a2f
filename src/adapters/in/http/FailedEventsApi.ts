import { Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { defaultRate, RunRate } from "../../../application/operations/FailedEventRuns.ts"
import { Reason } from "../../../application/operations/Operator.ts"
import { EventType } from "../../../domain/DomainEvent.ts"
import { FailedEventId, FailedEventRunId } from "../../../domain/Ids.ts"
import { Instant } from "../../../domain/LocalTime.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import { FailureClass } from "../../../ports/EventHandler.ts"
import {
  FailedEvent,
  FailedEventGroup,
  FailedEventRun,
  FailedEventStatus,
  Preview
} from "../../../ports/FailedEventStore.ts"
import { Auth } from "./Auth.ts"
import { Accepted, Begun, Body, cursorOf, Many, One, paging } from "./Envelope.ts"
import { problems } from "./Problem.ts"

/** All that is given must fit. The academy is the caller's, or the one that an administrator names. */
const filters = {
  handler: Schema.optionalKey(HandlerName),
  eventType: Schema.optionalKey(EventType),
  class: Schema.optionalKey(FailureClass),
  fingerprint: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[A-Z]\w*:[ -~]{1,400}$/u, {
        expected: "a fingerprint as failed events and their groups show it"
      })
    )
  ),
  /** By the last failure: from here on, and before. */
  failedFrom: Schema.optionalKey(Instant),
  failedBefore: Schema.optionalKey(Instant)
}

/** REPLAY gives what is OPEN and fits to its handlers again, DISCARD gives it up for good. */
export const RunRequest = Schema.Struct({
  action: FailedEventRun.fields.action,
  filter: Schema.Struct(filters),
  /** Failed events a second. */
  rate: RunRate.pipe(Schema.withDecodingDefaultKey(Effect.succeed(defaultRate))),
  /** Of a discard, and mandatory there. */
  reason: Schema.optionalKey(Reason)
}).check(
  Schema.makeFilter(({ action, reason }) => {
    if ((action === "DISCARD") === (reason !== undefined)) return true
    return {
      path: ["reason"],
      issue: action === "DISCARD" ? "Expected a reason" : "Expected none: nothing is given up"
    }
  }, {
    toJsonSchema: () => ({
      oneOf: [
        { properties: { action: { const: "DISCARD" } }, required: ["reason"] },
        { properties: { action: { const: "REPLAY" } }, not: { required: ["reason"] } }
      ]
    })
  })
)

const failedEvent = { failedEventId: FailedEventId }
const run = { runId: FailedEventRunId }

export class FailedEventsApi extends HttpApiGroup.make("failedEvents").add(
  HttpApiEndpoint.get("list", "/", {
    query: {
      limit: paging.limit,
      cursor: cursorOf(FailedEventId),
      status: Schema.optionalKey(FailedEventStatus),
      ...filters
    },
    success: Many(FailedEvent),
    error: problems
  }),
  HttpApiEndpoint.get("groups", "/groups", { query: filters, success: Many(FailedEventGroup), error: problems }),
  // What a run would meet now; changes nothing.
  HttpApiEndpoint.get("preview", "/preview", { query: filters, success: One(Preview), error: problems }),
  HttpApiEndpoint.get("runs", "/runs", {
    query: { limit: paging.limit, cursor: cursorOf(FailedEventRunId) },
    success: Many(FailedEventRun),
    error: problems
  }),
  HttpApiEndpoint.post("startRun", "/runs", {
    headers: { "idempotency-key": Schema.optionalKey(Schema.String) },
    payload: Body(RunRequest),
    success: Begun(FailedEventRun),
    error: problems
  }),
  HttpApiEndpoint.get("run", "/runs/:runId", { params: run, success: One(FailedEventRun), error: problems }),
  HttpApiEndpoint.post("abortRun", "/runs/:runId/abort", {
    params: run,
    success: One(FailedEventRun),
    error: problems
  }),
  HttpApiEndpoint.get("show", "/:failedEventId", { params: failedEvent, success: One(FailedEvent), error: problems }),
  HttpApiEndpoint.post("replay", "/:failedEventId/replay", {
    params: failedEvent,
    success: Accepted(FailedEvent),
    error: problems
  }),
  HttpApiEndpoint.post("discard", "/:failedEventId/discard", {
    params: failedEvent,
    payload: Body(Schema.Struct({ reason: Reason })),
    success: One(FailedEvent),
    error: problems
  })
).middleware(Auth).prefix("/api/v1/operations/failed-events") {}
