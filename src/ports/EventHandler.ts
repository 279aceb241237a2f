/** What happens afterwards: a handler brings one effect up to date with the events that it hears of. */
import { Data, type Duration, type Effect, Schema } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { HandlerName } from "../domain/Subscription.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/**
 * - transient: the other side may be well again soon; tried again on schedule
 * - permanent: about this event; parked at once
 * - account: about us (rights, balance); opens the circuit at once, deliveries wait until an operator has acted
 * - unknown: it may have happened; the handler looks before it does it again
 */
export const FailureClass = Schema.Literals(["transient", "permanent", "account", "unknown"])
export type FailureClass = typeof FailureClass.Type

export class HandlerFailure extends Data.TaggedError("HandlerFailure")<{
  readonly class: FailureClass
  /** The name of the rule that decided the class, as in `http-503` or `mongodb-network`. */
  readonly rule: string
  readonly message: string
  /** The other side's own wish; wins over the schedule. */
  readonly retryAfter?: Duration.Duration
  readonly cause?: unknown
}> {}

/** The rule of a failure that is our own database's: whatever the other side is, it has nothing to do with it. */
export const storageRule = "postgres"

/** A handler could not read or write our own database: time heals it. */
export const storageFailure = (error: StorageUnavailable): HandlerFailure =>
  new HandlerFailure({
    class: "transient",
    rule: storageRule,
    message: "the database does not answer",
    cause: error.cause
  })

/** Not now, and nobody's fault: the delivery waits for so long, its attempts unspent. */
export class NotYet extends Data.TaggedError("NotYet")<{ readonly after: Duration.Duration }> {}

/** Those of a batch that failed or are to wait; the others are done. */
export type Failures = ReadonlyMap<DomainEvent["id"], HandlerFailure | NotYet>

export interface EventHandler {
  readonly name: HandlerName
  /**
   * Handles some events at once and reports which of them failed. A failure of the whole is about the whole batch: the
   * caller finds out whose it is by handing over one at a time. Must bear being run again for the same events.
   */
  readonly handle: (events: NonEmptyReadonlyArray<DomainEvent>) => Effect.Effect<Failures, HandlerFailure>
}

/** Nobody failed. */
export const allDone: Failures = new Map()
/** Nobody failed, and the other side was not asked: it says nothing about how that one is. */
export const unasked: Failures = new Map()
