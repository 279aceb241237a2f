import { describe, expect, it } from "@effect/vitest"
import { DateTime, Result, Schema } from "effect"
import { PhoneVerificationId } from "../../src/domain/Ids.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { begin, Code, codeText, fits, type Holder, misfitText, Purpose } from "../../src/domain/PhoneVerification.ts"
import { eucKrBytes, forSms, smsBytes } from "../../src/domain/SmsText.ts"
import { academyId, instant, uuid } from "./given.ts"

const holder = (changed: Partial<Holder> = {}): Holder => ({
  hasLogin: true,
  left: false,
  isStudent: false,
  ...changed
})

describe("a code for a number", () => {
  it.each<readonly [Purpose, string, ReadonlyArray<Holder>, boolean]>([
    ["SIGN_UP", "that nobody has", [], true],
    ["SIGN_UP", "of a member, who may verify it for a child", [holder()], true],
    ["LOGIN", "that nobody has", [], false],
    ["LOGIN", "of somebody who logs in", [holder()], true],
    ["LOGIN", "of somebody whom the office has entered", [holder({ hasLogin: false })], false],
    ["LOGIN", "of somebody who has left", [holder({ left: true })], false],
    ["LOGIN", "of one of several who logs in", [holder({ hasLogin: false }), holder()], true],
    ["RESET_PASSWORD", "of somebody who logs in", [holder()], true],
    ["RESET_PASSWORD", "that nobody has", [], false],
    ["CHANGE_PHONE", "that nobody has", [], true],
    ["CHANGE_PHONE", "of a student, who shares it", [holder({ isStudent: true })], true],
    ["CHANGE_PHONE", "of somebody else", [holder()], false]
  ])("for %s %s", (purpose, _, holders, expected) => {
    expect(fits(purpose, holders)).toBe(expected)
  })

  it("is good for five minutes", () => {
    const given = {
      id: PhoneVerificationId.make(uuid(1)),
      academyId,
      phone: PhoneNumber.make("+821012345678"),
      purpose: "LOGIN"
    } as const
    const { createdAt, expiresAt } = begin(given, instant("2026-03-02T07:00:00Z"))
    expect([createdAt, expiresAt].map(DateTime.formatIso)).toEqual([
      "2026-03-02T07:00:00.000Z",
      "2026-03-02T07:05:00.000Z"
    ])
  })

  it.each(["12345", "1234567", "12345a", "１２３４５６", " 12345", ""])("is six digits, not %j", (text) => {
    expect(Result.isFailure(Schema.decodeUnknownResult(Code)(text))).toBe(true)
  })
})

describe("the text", () => {
  const texts = (["ko", "en"] as const).flatMap((locale) => [
    codeText(locale, "123456"),
    ...Purpose.literals.map((purpose) => misfitText(locale, purpose))
  ])
  it.each(texts)("is one short text message as it stands: %s", (text) => {
    expect(eucKrBytes(text)).toBeLessThanOrEqual(smsBytes)
    expect(forSms(text)).toBe(text)
  })
})
