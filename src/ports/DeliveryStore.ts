/**
 * The table of open deliveries and of the processes that work on it. Every change of a delivery checks owner and lease
 * in the same statement, so a process that slept and woke changes nothing that was taken from it.
 *
 * All times are the database's.
 */
import { Context, type Duration, type Effect, type Stream } from "effect"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { AcademyId, FailedEventId, Incarnation } from "../domain/Ids.ts"
import type { HandlerName } from "../domain/Subscription.ts"
import type { Delivery, Lane } from "./EventBus.ts"
import type { FailureClass } from "./EventHandler.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** The rule of what was parked since its circuit did not close. */
export const circuitOpenRule = "circuit-open"

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
  /** Of these, waiting until their next attempt. */
  readonly postponed: number
  /** Age of the oldest one in seconds; 0 when there is none. */
  readonly oldestSeconds: number
}

export interface Node {
  readonly incarnation: Incarnation
  readonly host: string
  readonly pid: number
  readonly startedAt: Date
  readonly silentSeconds: number
  /** Handlers whose circuit is open in this process. */
  readonly openCircuits: ReadonlyArray<string>
}

/** How much one handler has room for. */
export interface Room {
  readonly handler: HandlerName
  /** Rows at the most, over all academies. */
  readonly places: number
  /** Rows of one academy at the most. */
  readonly each: number
  /** Academies that have enough in memory: nothing of theirs. */
  readonly full: ReadonlyArray<Lane>
}

export interface Claimed {
  readonly deliveries: ReadonlyArray<Delivery>
  /** Rows whose event this version of AMS cannot read. */
  readonly undecodable: ReadonlyArray<UndecodableDelivery>
  /** Rows whose processes died too often: to be parked. */
  readonly crashed: ReadonlyArray<Delivery>
}

/** What is to be parked: what `park` needs of a delivery. */
export interface Parked extends Pick<Delivery, "handler" | "owner" | "lease"> {
  readonly event: Pick<DomainEvent, "id">
}

export class DeliveryStore extends Context.Service<DeliveryStore, {
  readonly join: (incarnation: Incarnation) => Effect.Effect<void, StorageUnavailable>
  /** Says that it lives, and which circuits are open. False when the row is gone: others took this process for dead. */
  readonly beat: (
    incarnation: Incarnation,
    openCircuits: ReadonlyArray<HandlerName>
  ) => Effect.Effect<boolean, StorageUnavailable>
  /** Removes processes silent for longer than this; their deliveries are anybody's. Returns who they were. */
  readonly bury: (
    self: Incarnation,
    silentFor: Duration.Duration
  ) => Effect.Effect<ReadonlyArray<Pick<Node, "incarnation" | "host" | "pid">>, StorageUnavailable>
  /**
   * Gives everything that this incarnation owns back, deliveries and jobs, and removes its row: no take-over is counted,
   * since nothing crashed. Returns how many deliveries were given back.
   */
  readonly leave: (incarnation: Incarnation) => Effect.Effect<number, StorageUnavailable>
  /**
   * Takes due rows without owner, academies in turn and the oldest of each first; rows of the dead; own old rows that
   * `holds` does not know. A row whose processes died twice is left to be taken alone: one at a time, and only when
   * `suspect` allows one.
   */
  readonly claim: (
    self: Incarnation,
    rooms: ReadonlyArray<Room>,
    suspect: boolean,
    holds: (eventId: string, handler: HandlerName) => boolean
  ) => Effect.Effect<Claimed, StorageUnavailable>
  /** Deletes finished ones and resolves the failed event that a replay came from, in one statement. */
  readonly complete: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<void, StorageUnavailable>
  /**
   * Notes a failed attempt, once for each number; keeps the delivery (`keep`) or leaves it for anybody after the delay.
   */
  readonly postpone: (
    delivery: Delivery,
    attempt: Attempt,
    delay: Duration.Duration,
    keep: boolean
  ) => Effect.Effect<void, StorageUnavailable>
  /** Leaves these for anybody after the delay, with the attempts that they had. */
  readonly giveBack: (
    deliveries: ReadonlyArray<Delivery>,
    delay: Duration.Duration
  ) => Effect.Effect<void, StorageUnavailable>
  /**
   * Moves a delivery to the failed-event store, in one statement. True when it is the first OPEN one of its fingerprint.
   */
  readonly park: (
    delivery: Parked,
    id: FailedEventId,
    attempt: Attempt,
    fingerprint: string
  ) => Effect.Effect<boolean, StorageUnavailable>
  /** Takes waiting rows of a handler whose events are older than this, at most so many, to be parked. */
  readonly claimOverdue: (
    self: Incarnation,
    handler: HandlerName,
    olderThan: Duration.Duration,
    limit: number
  ) => Effect.Effect<ReadonlyArray<Parked>, StorageUnavailable>
  /** Wakes the other processes' polls. */
  readonly announce: Effect.Effect<void, StorageUnavailable>
  /** Other processes' announcements; ends with the connection. */
  readonly announcements: Stream.Stream<void, StorageUnavailable>
  /** `null`: of every academy. */
  readonly backlog: (academyId: AcademyId | null) => Effect.Effect<ReadonlyArray<Backlog>, StorageUnavailable>
  readonly nodes: Effect.Effect<ReadonlyArray<Node>, StorageUnavailable>
}>()("ams/DeliveryStore") {}

/** A claimed row whose event this version of AMS cannot read. */
export interface UndecodableDelivery extends Parked {
  readonly error: string
}
