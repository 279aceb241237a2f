/** Handlers that somebody paused: stored, so that it holds in every process and after a restart. */
import { Context, type Effect } from "effect"
import type { MemberId } from "../domain/Ids.ts"
import type { HandlerName } from "../domain/Subscription.ts"
import type { Operator } from "./FailedEventStore.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface PausedHandler {
  readonly handler: HandlerName
  readonly reason: string
  readonly pausedBy: MemberId | null
  readonly pausedAt: Date
}

export class PausedHandlers extends Context.Service<PausedHandlers, {
  readonly list: Effect.Effect<ReadonlyArray<PausedHandler>, StorageUnavailable>
  /** With an audit entry; the processes are woken. False when it was paused already. */
  readonly pause: (by: Operator, handler: HandlerName, reason: string) => Effect.Effect<boolean, StorageUnavailable>
  /** With an audit entry; the processes are woken. False when it was running. */
  readonly resume: (by: Operator, handler: HandlerName) => Effect.Effect<boolean, StorageUnavailable>
}>()("ams/PausedHandlers") {}
