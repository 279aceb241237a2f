/**
 * The table of open deliveries and of the processes that work on it. Every change of a delivery checks owner and lease
 * in the same statement, so a process that slept and woke changes nothing that was taken from it.
 *
 * All times are the database's.
 */
import { Context, type Duration, type Effect, type Stream } from "effect"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { FailedEventId, Incarnation } from "../domain/Ids.ts"
import type { HandlerName } from "../domain/Subscription.ts"
import type { Delivery } from "./EventBus.ts"
import type { FailureClass } from "./EventHandler.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface Attempt {
  readonly number: number
  readonly class: FailureClass
  readonly rule: string
  readonly error: string
}

export interface Backlog {
  readonly handler: string
  /** Open deliveries, waiting or in some process's memory. */
  readonly open: number
  /** Age of the oldest one in seconds; 0 when there is none. */
  readonly oldestSeconds: number
}

export interface Node {
  readonly incarnation: Incarnation
  readonly host: string
  readonly pid: number
  readonly startedAt: Date
  readonly silentSeconds: number
}

export class DeliveryStore extends Context.Service<DeliveryStore, {
  readonly join: (incarnation: Incarnation) => Effect.Effect<void, StorageUnavailable>
  /** False when the row is gone: others took this process for dead. */
  readonly beat: (incarnation: Incarnation) => Effect.Effect<boolean, StorageUnavailable>
  /** Removes processes silent for longer than this; their deliveries are anybody's. Returns how many. */
  readonly bury: (
    self: Incarnation,
    silentFor: Duration.Duration
  ) => Effect.Effect<number, StorageUnavailable>
  /** Gives everything that this incarnation owns back and removes its row. Returns how many were given back. */
  readonly leave: (incarnation: Incarnation) => Effect.Effect<number, StorageUnavailable>
  /** Takes due rows without owner, rows of the dead, and own old rows that `holds` does not know, oldest first. */
  readonly claim: (
    self: Incarnation,
    room: ReadonlyArray<{ readonly handler: HandlerName; readonly places: number }>,
    holds: (eventId: string, handler: HandlerName) => boolean
  ) => Effect.Effect<
    { readonly deliveries: ReadonlyArray<Delivery>; readonly undecodable: ReadonlyArray<UndecodableDelivery> },
    StorageUnavailable
  >
  /** Deletes finished ones and resolves the failed event that a replay came from. */
  readonly complete: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<void, StorageUnavailable>
  /** Notes a failed attempt; keeps the delivery (`keep`) or leaves it for anybody after the delay. */
  readonly postpone: (
    delivery: Delivery,
    attempt: Attempt,
    delay: Duration.Duration,
    keep: boolean
  ) => Effect.Effect<void, StorageUnavailable>
  /** Moves a delivery to the failed-event store, in one statement. */
  readonly park: (
    delivery: Pick<Delivery, "handler" | "owner" | "lease"> & { readonly event: Pick<DomainEvent, "id"> },
    id: FailedEventId,
    attempt: Attempt
  ) => Effect.Effect<void, StorageUnavailable>
  /** Wakes the other processes' polls. */
  readonly announce: Effect.Effect<void, StorageUnavailable>
  /** Other processes' announcements; ends with the connection. */
  readonly announcements: Stream.Stream<void, StorageUnavailable>
  readonly backlog: Effect.Effect<ReadonlyArray<Backlog>, StorageUnavailable>
  readonly nodes: Effect.Effect<ReadonlyArray<Node>, StorageUnavailable>
}>()("ams/DeliveryStore") {}

/** A claimed row whose event this version of AMS cannot read. */
export interface UndecodableDelivery {
  readonly event: { readonly id: DomainEvent["id"] }
  readonly handler: HandlerName
  readonly owner: Incarnation
  readonly lease: number
  readonly error: string
}
