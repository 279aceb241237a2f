import { describe, expect, it } from "@effect/vitest"
import { masked } from "../../src/domain/Masking.ts"

describe("masked", () => {
  it.each([
    ["010-1234-5678 does not answer", "010****5678 does not answer"],
    ["{\"to\":\"+821012345678\"}", "{\"to\":\"010****5678\"}"],
    ["0111234567,01012345678", "011****567,010****5678"],
    ["Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_ expired", "Bearer <token> expired"],
    ["postgres://ams:s3cret@db:5432/ams", "postgres://***@db:5432/ams"],
    ["postgresql://ams:p@ss@db/ams", "postgresql://***@db/ams"],
    ["mongodb+srv://ams:s3cret@db/ and more", "mongodb+srv://***@db/ and more"],
    ["mongodb://db:27017/ has no password", "mongodb://db:27017/ has no password"],
    [
      "class 01960000-0000-7000-8000-010123456789 at 2026-03-02",
      "class 01960000-0000-7000-8000-010123456789 at 2026-03-02"
    ]
  ])("%s is %s", (text, expected) => {
    expect(masked(text)).toBe(expected)
  })
})
