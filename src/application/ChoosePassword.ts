/** A new password: looked at by the rules, and hashed before any transaction begins, since that takes tens of milliseconds. */
import { Effect, type Redacted } from "effect"
import type { Password } from "../domain/Member.ts"
import { judge, type PasswordRefused } from "../domain/PasswordRules.ts"
import { Passwords, type TooManyLogins } from "../ports/Passwords.ts"

/** `hadBefore`: hashes of passwords that are not taken again. */
export const passwordChooser = Effect.map(
  Passwords,
  (passwords) =>
    Effect.fnUntraced(function*(
      password: Password,
      loginId: string,
      hadBefore: ReadonlyArray<Redacted.Redacted> = []
    ): Effect.fn.Return<Redacted.Redacted, PasswordRefused | TooManyLogins> {
      // What costs nothing comes first.
      const about = { loginId, isCommon: passwords.isCommon(password) }
      yield* Effect.fromResult(judge(password, { ...about, hadBefore: false }))
      const same = yield* Effect.findFirst(hadBefore, (hash) => passwords.verify(password, hash))
      yield* Effect.fromResult(judge(password, { ...about, hadBefore: same._tag === "Some" }))
      return yield* passwords.hash(password)
    })
)
