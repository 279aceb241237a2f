import { describe, expect, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { judge } from "../../src/domain/PasswordRules.ts"

const judged = (password: string, about: Partial<Parameters<typeof judge>[1]> = {}) =>
  Result.match(judge(Redacted.make(password), { loginId: "minjun", isCommon: false, hadBefore: false, ...about }), {
    onSuccess: () => "taken",
    onFailure: ({ why }) => why
  })

describe("a new password", () => {
  it("is taken, whatever it is made of", () => {
    expect(judged("aaaaaaab")).toBe("taken")
    expect(judged("비밀번호는 길면 좋다")).toBe("taken")
  })
  it.each([
    ["many people have", "password1", { isCommon: true }, "COMMON"],
    ["holds the login id, in whatever letters", "my-MinJun-2026", {}, "LOGIN_ID"],
    ["was had not long ago", "a fine long one", { hadBefore: true }, "HAD_BEFORE"]
  ])("is refused when it is one that %s", (_, password, about, why) => {
    expect(judged(password, about)).toBe(why)
  })
})
