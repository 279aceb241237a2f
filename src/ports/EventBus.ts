/**
 * From the transaction that wrote an event to the handlers that hear of it, within one process.
 *
 * Places are reserved before the insert and never waited for: an event without a place is born without owner, and
 * any process takes it from the table. Each handler has one queue per academy, served in turn.
 */
import { Context, type Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { AcademyId, Incarnation } from "../domain/Ids.ts"
import type { HandlerName } from "../domain/Subscription.ts"

/** Whose queue: an academy's, or that of what belongs to none. */
export type Lane = AcademyId | null

/** One event for one handler, held by this process: finishing it needs owner and lease as they are in its row. */
export interface Delivery {
  readonly event: DomainEvent
  readonly handler: HandlerName
  readonly owner: Incarnation
  readonly lease: number
  /** Failed attempts so far. */
  readonly attempts: number
  /** Processes that died while they had it. */
  readonly takeovers: number
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

  /** Waits for work; at most `max` deliveries, academies in turn, the oldest of each first. */
  readonly take: (handler: HandlerName, max: number) => Effect.Effect<NonEmptyReadonlyArray<Delivery>>
  /** Free places of a handler, and the academies that have none. */
  readonly room: (handler: HandlerName) => { readonly places: number; readonly full: ReadonlyArray<Lane> }
  /**
   * How many places a handler has: 0 while it is paused or its circuit is open, 1 for a probe, else its own limit.
   * Answers what waited in places that are gone; it is no longer held.
   */
  readonly limit: (handler: HandlerName, places: number) => ReadonlyArray<Delivery>
  /** These academies have rows waiting in the table, so new ones of theirs get no places, until the next call. */
  readonly backlogged: (handler: HandlerName, lanes: ReadonlyArray<Lane>) => void
  /** Puts claimed deliveries, or ones that are to be tried again, into their places, also beyond the limit. */
  readonly offer: (deliveries: ReadonlyArray<Delivery>) => void
  /** The delivery has left this process's memory: finished, failed, given back. */
  readonly forget: (deliveries: ReadonlyArray<Delivery>) => void
  /** Is it in this process's memory: waiting, being handled, or on its way out of COMMIT? */
  readonly holds: (eventId: string, handler: HandlerName) => boolean
  /** How many are in memory, waiting or being handled. */
  readonly size: () => number
  /** Waits until somebody published a delivery without owner. */
  readonly unowned: Effect.Effect<void>
  /** From here deliveries are born without owner: the process stops. */
  readonly close: () => void
  /** Drops everything in memory and goes on as another incarnation. */
  readonly restart: (incarnation: Incarnation) => void
}>()("ams/EventBus") {}
