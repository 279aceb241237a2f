/** Everything that is known of one event: its transaction, its deliveries, its attempts, the messages that came of it. */
import { Context, type Effect, type Option, Schema } from "effect"
import { AcademyId, EventId } from "../domain/Ids.ts"
import { FailedEvent } from "./FailedEventStore.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export const StoryDelivery = Schema.Struct({
  handler: Schema.String,
  state: Schema.Literals(["done", "waiting", "in hand", "failed", "discarded"]),
  owner: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  takeovers: Schema.Int,
  nextAttemptAt: Schema.NullOr(Schema.Date),
  history: FailedEvent.fields.attempts
})

export const StoryAttempt = Schema.Struct({
  number: Schema.Int,
  channel: Schema.String,
  provider: Schema.String,
  outcome: Schema.NullOr(Schema.String),
  startedAt: Schema.Date,
  finishedAt: Schema.NullOr(Schema.Date)
})

export const StoryMessage = Schema.Struct({
  id: Schema.String,
  kind: Schema.String,
  status: Schema.String,
  channel: Schema.NullOr(Schema.String),
  attempts: Schema.Array(StoryAttempt)
})

export const Story = Schema.Struct({
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
  /** The other events that the same transaction wrote. */
  together: Schema.Array(Schema.Struct({ id: EventId, type: Schema.String, aggregateId: Schema.String })),
  /** One for each handler that hears of it. A delivery without row is done. */
  deliveries: Schema.Array(StoryDelivery),
  /** With every attempt that it had. */
  failed: Schema.Array(FailedEvent),
  /** Messages planned for it, without recipient and text: those are personal. */
  messages: Schema.Array(StoryMessage)
})
export type Story = typeof Story.Type

export class EventStory extends Context.Service<EventStory, {
  /** None when there is no such event, at this academy (`null`: any). */
  readonly of: (academyId: AcademyId | null, id: EventId) => Effect.Effect<Option.Option<Story>, StorageUnavailable>
}>()("ams/EventStory") {}
