import { Context, type DateTime, type Duration, type Effect } from "effect"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** By what is slowed down: a network (`networkOf`), and a login id or a phone. */
export class LoginDelays extends Context.Service<LoginDelays, {
  /** Zero: nobody has to wait. */
  readonly waitFor: (key: string, now: DateTime.Utc) => Effect.Effect<Duration.Duration, StorageUnavailable>
  readonly failed: (key: string, now: DateTime.Utc) => Effect.Effect<void, StorageUnavailable>
  readonly succeeded: (key: string) => Effect.Effect<void, StorageUnavailable>
}>()("ams/LoginDelays") {}
