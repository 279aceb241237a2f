import { describe, expect, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { mask, normalize, PhoneNumber, PhoneNumberInput } from "../../src/domain/PhoneNumber.ts"
import { whole } from "./given.ts"

const parse = Schema.decodeOption(PhoneNumberInput)

/** Subscriber numbers as Korean mobiles have them: 010 and eight digits. */
const anyKorean = Arbitrary.map(whole(0, 99_999_999), (n) => String(n).padStart(8, "0"))
const anyNumber = Arbitrary.schema(PhoneNumber)

describe("what people write", () => {
  it.prop("is one number, in whatever way a Korean mobile is written", [anyKorean], ([digits]) => {
    const [exchange, line] = [digits.slice(0, 4), digits.slice(4)]
    const written = [
      `010${digits}`,
      `010-${exchange}-${line}`,
      `010 ${exchange} ${line}`,
      `(010) ${exchange}.${line}`,
      `+82 10-${exchange}-${line}`,
      `+82 010-${exchange}-${line}`,
      `+82 (0)10 ${exchange} ${line}`
    ]
    expect(new Set(written.map((one) => parse(one)))).toEqual(new Set(written.map(() => Option.some(`+8210${digits}`))))
  })

  it("is one number also of a Korean landline", () => {
    for (const text of ["02-1234-5678", "(02) 1234 5678", "+82 2-1234-5678", "+82212345678"]) {
      expect(parse(text)).toEqual(Option.some("+82212345678"))
    }
    expect(parse("031-123-4567")).toEqual(Option.some("+82311234567"))
  })

  it.prop("in E.164 stays as it is, however often it is normalized", [anyNumber], ([phone]) => {
    const once = normalize(phone)
    expect(normalize(once)).toBe(once)
    expect(phone.startsWith("+820") || once === phone).toBe(true)
  })

  it.each([
    ["02-123-4567", "+8221234567"],
    ["011-234-5678", "+82112345678"],
    ["+1 (212) 555-0123", "+12125550123"]
  ])("%s is %s", (written, expected) => {
    expect(Option.getOrNull(parse(written))).toBe(expected)
  })

  it.each([
    "",
    "call me",
    "12345678",
    "010-1234-567x",
    "0082 10 1234 5678",
    "+0 10 1234 5678",
    "+1234",
    "+8210123456789012",
    "０１０-1234-5678"
  ])(
    "%j is refused",
    (written) => {
      expect(Option.isNone(parse(written))).toBe(true)
    }
  )
})

describe("masked", () => {
  it.each([
    ["+821012345678", "010****5678"],
    ["+82112345678", "011****678"],
    ["+12125550123", "+12****0123"],
    ["+82123456", "012****"]
  ])("%s is %s", (phone, expected) => {
    expect(mask(phone)).toBe(expected)
  })

  it.prop("a number shows three characters at its start, four at most at its end, and hides four digits or more", [
    anyNumber
  ], ([phone]) => {
    const national = phone.startsWith("+82") ? `0${phone.slice(3)}` : phone
    const [start = "", end = ""] = mask(phone).split("****")
    expect(start).toBe(national.slice(0, 3))
    expect(end.length).toBeLessThanOrEqual(4)
    expect(national.endsWith(end)).toBe(true)
    expect(national.length - start.length - end.length).toBeGreaterThanOrEqual(4)
  }, { arbitrary: { runs: 1000 } })
})
