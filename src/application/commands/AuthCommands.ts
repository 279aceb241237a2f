import { Context, Data, type Duration, Effect, Layer, Option, type Redacted } from "effect"
import type { LoginId } from "../../domain/Member.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import { Passwords, type TooManyLogins } from "../../ports/Passwords.ts"
import { Tokens } from "../../ports/Tokens.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

/** Unknown login id, wrong password, or a member who is not ACTIVE: they look the same. */
export class LoginRefused extends Data.TaggedError("LoginRefused")<{}> {}

export interface LoggedIn {
  readonly accessToken: Redacted.Redacted
  readonly expiresIn: Duration.Duration
}

export class AuthCommands extends Context.Service<AuthCommands, {
  readonly login: (
    loginId: LoginId,
    password: Redacted.Redacted
  ) => Effect.Effect<LoggedIn, LoginRefused | TooManyLogins | StorageUnavailable>
}>()("ams/AuthCommands") {
  static readonly layer = Layer.effect(
    AuthCommands,
    Effect.gen(function*() {
      const members = yield* MemberRepository
      const passwords = yield* Passwords
      const tokens = yield* Tokens
      return AuthCommands.of({
        login: Effect.fn("AuthCommands.login")(function*(loginId, password) {
          const found = yield* members.credentials(loginId)
          const right = yield* passwords.verify(password, Option.isSome(found) ? found.value.passwordHash : null)
          if (Option.isNone(found) || !right || found.value.status !== "ACTIVE") return yield* new LoginRefused()
          const { memberId, academyId } = found.value
          const { expiresIn, token } = yield* tokens.issue({ memberId, academyId })
          return { accessToken: token, expiresIn }
        })
      })
    })
  )
}
