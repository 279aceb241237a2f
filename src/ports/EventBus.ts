/**
 * From the transaction that wrote an event to the handlers that hear of it, within one process.
 *
 * Places are reserved before the insert and never waited for: an event without a place is born without owner, and
 * any process takes it from the table.
 */
import { Context, type Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { Incarnation } from "../domain/Ids.ts"
import type { HandlerName } from "../domain/Subscription.ts"

/** One event for one handler, held by this process: finishing it needs owner and lease as they are in its row. */
export interface Delivery {
  readonly event: DomainEvent
  readonly handler: HandlerName
  readonly owner: Incarnation
  readonly lease: number
  /** Failed attempts so far. */
  readonly attempts: number
}

/** A delivery as the publishing transaction writes it. */
export interface NewDelivery {
  readonly event: DomainEvent
  readonly handler: HandlerName
  /** `null`: no place here, anybody may take it. */
  readonly owner: Incarnation | null
}

export interface Reservation {
  readonly deliveries: ReadonlyArray<NewDelivery>
  /** After COMMIT: the owned ones take their places, the others are announced. Cannot wait or fail. */
  readonly take: () => void
  /** After ROLLBACK, or a COMMIT of unknown outcome. */
  readonly giveBack: () => void
}

export class EventBus extends Context.Service<EventBus, {
  readonly incarnation: () => Incarnation
  readonly reserve: (events: ReadonlyArray<DomainEvent>) => Reservation

  /** Waits for work; at most `max` deliveries, oldest first. */
  readonly take: (handler: HandlerName, max: number) => Effect.Effect<NonEmptyReadonlyArray<Delivery>>
  /** Free places of a handler. */
  readonly room: (handler: HandlerName) => number
  /** Puts claimed deliveries, or ones that are to be tried again, into their places, also beyond the limit. */
  readonly offer: (deliveries: ReadonlyArray<Delivery>) => void
  /** The delivery has left this process's memory: finished, failed, given back. */
  readonly forget: (deliveries: ReadonlyArray<Delivery>) => void
  /** Is it in this process's memory, waiting or being handled? */
  readonly holds: (eventId: string, handler: HandlerName) => boolean
  /** How many are in memory, waiting or being handled. */
  readonly size: () => number
  /** Waits until somebody published a delivery without owner. */
  readonly unowned: Effect.Effect<void>
  /** From here deliveries are born without owner (stopping, paused). */
  readonly close: () => void
  /** Drops everything in memory and goes on as another incarnation. */
  readonly restart: (incarnation: Incarnation) => void
}>()("ams/EventBus") {}
