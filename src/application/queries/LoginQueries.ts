/** On which devices somebody is logged in. */
import { Context, DateTime, Effect, Layer } from "effect"
import type { LoginSession } from "../../domain/LoginSession.ts"
import { LoginSessions } from "../../ports/LoginSessions.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { CurrentActor } from "../Authorize.ts"

export interface OwnLogin extends LoginSession {
  /** The one that asks. */
  readonly current: boolean
}

export class LoginQueries extends Context.Service<LoginQueries, {
  /** One's own, the latest used first. */
  readonly own: Effect.Effect<ReadonlyArray<OwnLogin>, StorageUnavailable, CurrentActor>
}>()("ams/LoginQueries") {
  static readonly layer = Layer.effect(
    LoginQueries,
    Effect.gen(function*() {
      const sessions = yield* LoginSessions
      return LoginQueries.of({
        own: Effect.gen(function*() {
          const { memberId, session } = yield* CurrentActor
          const found = yield* sessions.list(memberId, yield* DateTime.now)
          return found.map((one) => ({ ...one, current: one.id === session }))
        }).pipe(Effect.withSpan("LoginQueries.own"))
      })
    })
  )
}
