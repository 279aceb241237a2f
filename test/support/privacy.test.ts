/** That the look at what AMS says sees what it should, and that AMS is looked at. */
import { assert, describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Ams, World } from "./http.ts"
import { count, findings, heard, measured, told } from "./privacy.ts"

const found = (text: string) => {
  told("log", text)
  return findings().map((one) => one.replace(/ \(.*/s, ""))
}

describe("the look at what AMS says", () => {
  it.each([
    ["a phone number", "called 010-1234-5678"],
    ["a phone number", "{\"to\":\"+821012345678\"}"],
    ["a token", `bearer eyJhbGciOiJFZERTQSJ9.${"a".repeat(20)}.${"b".repeat(20)}`],
    ["a name", "parent 12 has no phone"],
    ["a password", "refused test-password"]
  ])("finds %s", (what, text) => {
    assert.deepStrictEqual(found(text), [`log: ${what}`])
  })

  it.each([
    ["a code", { code: "407912" }, "the code 407912 is over"],
    ["a refresh token", { data: { refreshToken: "r4nd0m-and-long" } }, "\"r4nd0m-and-long\" was used"],
    ["a name", { name: "이하늘" }, "GET /api/v1/members?name=%EC%9D%B4%ED%95%98%EB%8A%98"],
    ["an address", { members: [{ address: "서울 강남구 1" }] }, "moved to 서울 강남구 1."]
  ])("finds %s that somebody was told", (what, body, text) => {
    heard(body, "/api/v1/members")
    assert.deepStrictEqual(found(text), [`log: ${what}`])
  })

  it.each([
    "to 010****5678",
    "0199aaaa-0000-7000-8000-000000000001",
    "after 1407912 µs",
    "\"at\":407912,",
    "the parent of member/1"
  ])("finds nothing in %s", (text) => {
    heard({ code: "407912" }, "/api/v1/auth/login")
    assert.deepStrictEqual(found(text), [])
  })
})

layer(World.layer, { excludeTestServices: true })("an AMS of the tests", (it) => {
  it.effect("is heard: its log down to the details, its spans, its measures and its problems", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const before = [count("span"), count("problem")]
      yield* ams.call("GET", "/api/v1/nothing")
      yield* measured
      const after = [count("span"), count("problem")]
      expect(after.map((now, n) => now > (before[n] ?? 0))).toEqual([true, true])
      expect(count("log")).toBeGreaterThan(0)
      expect(count("metrics")).toBeGreaterThan(0)
    }))
})
