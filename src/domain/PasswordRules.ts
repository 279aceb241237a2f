/** Which new passwords are taken. What one must contain is not asked: length and not being common is what helps (NIST SP 800-63B). */
import { Data, Redacted, Result } from "effect"
import type { Password } from "./Member.ts"

/** So many before the present one are not taken again. */
export const remembered = 5

export class PasswordRefused extends Data.TaggedError("PasswordRefused")<{
  /** Among the most common ones, holds the login id, or had before. */
  readonly why: "COMMON" | "LOGIN_ID" | "HAD_BEFORE"
}> {}

export const judge = (
  password: Password,
  about: { readonly loginId: string; readonly isCommon: boolean; readonly hadBefore: boolean }
): Result.Result<Password, PasswordRefused> => {
  const text = Redacted.value(password).toLowerCase()
  const why = about.isCommon
    ? "COMMON"
    : text.includes(about.loginId.toLowerCase())
    ? "LOGIN_ID"
    : about.hadBefore
    ? "HAD_BEFORE"
    : undefined
  return why === undefined ? Result.succeed(password) : Result.fail(new PasswordRefused({ why }))
}
