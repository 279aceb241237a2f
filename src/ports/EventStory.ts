/** Everything that is known of one event: its transaction, its deliveries, its attempts, the messages that came of it. */
import { Context, type Effect, type Option } from "effect"
import type { AcademyId, EventId } from "../domain/Ids.ts"
import type { FailedEvent } from "./FailedEventStore.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface Story {
  readonly event: {
    readonly id: EventId
    readonly type: string
    readonly version: number
    readonly academyId: AcademyId | null
    readonly aggregate: { readonly type: string; readonly id: string; readonly version: number }
    readonly occurredAt: Date
    readonly actor: string | null
    readonly correlationId: string | null
    readonly traceparent: string | null
    readonly payload: unknown
  }
  /** The other events that the same transaction wrote. */
  readonly together: ReadonlyArray<{ readonly id: EventId; readonly type: string; readonly aggregateId: string }>
  /** One for each handler that hears of it. A delivery without row is done. */
  readonly deliveries: ReadonlyArray<{
    readonly handler: string
    readonly state: "done" | "waiting" | "in hand" | "failed" | "discarded"
    readonly owner: string | null
    readonly attempts: number
    readonly takeovers: number
    readonly nextAttemptAt: Date | null
    readonly history: FailedEvent["attempts"]
  }>
  /** With every attempt that it had. */
  readonly failed: ReadonlyArray<FailedEvent>
  /** Messages planned for it, without recipient and text: those are personal. */
  readonly messages: ReadonlyArray<{
    readonly id: string
    readonly kind: string
    readonly status: string
    readonly channel: string | null
    readonly attempts: ReadonlyArray<{
      readonly number: number
      readonly channel: string
      readonly provider: string
      readonly outcome: string | null
      readonly startedAt: Date
      readonly finishedAt: Date | null
    }>
  }>
}

export class EventStory extends Context.Service<EventStory, {
  /** None when there is no such event, at this academy (`null`: any). */
  readonly of: (academyId: AcademyId | null, id: EventId) => Effect.Effect<Option.Option<Story>, StorageUnavailable>
}>()("ams/EventStory") {}
