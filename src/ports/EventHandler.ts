/** What happens afterwards: a handler brings one effect up to date with the events that it hears of. */
import { Data, type Duration, type Effect } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { DomainEvent } from "../domain/DomainEvent.ts"
import type { HandlerName } from "../domain/Subscription.ts"

/**
 * - transient: the other side may be well again soon; tried again on schedule
 * - permanent: about this event; parked at once
 * - account: about us (rights, balance); parked, an operator must act
 * - unknown: it may have happened; the handler looks before it does it again
 */
export type FailureClass = "transient" | "permanent" | "account" | "unknown"

export class HandlerFailure extends Data.TaggedError("HandlerFailure")<{
  readonly class: FailureClass
  /** The name of the rule that decided the class, as in `http-503` or `mongodb-network`. */
  readonly rule: string
  readonly message: string
  /** The other side's own wish; wins over the schedule. */
  readonly retryAfter?: Duration.Duration
}> {}

export interface EventHandler {
  readonly name: HandlerName
  /**
   * Handles some events at once. A failure is about the whole batch; the caller finds out whose it is by handing over
   * one at a time. Must bear being run again for the same events.
   */
  readonly handle: (events: NonEmptyReadonlyArray<DomainEvent>) => Effect.Effect<void, HandlerFailure>
}
