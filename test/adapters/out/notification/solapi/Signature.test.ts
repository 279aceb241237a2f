/** The signature of SOLAPI, against a vector from its own SDK. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { authorization, signed } from "../../../../../src/adapters/out/notification/solapi/Signature.ts"
import { at } from "../server.ts"

const credentials = { apiKey: "KEY", apiSecret: Redacted.make("SECRET") }

describe("a signature", () => {
  it("is the one of the vector", () => {
    assert.strictEqual(
      signed(credentials, "2026-01-02T03:04:05.000Z", "0123456789abcdef0123456789abcdef"),
      "HMAC-SHA256 apiKey=KEY, date=2026-01-02T03:04:05.000Z, salt=0123456789abcdef0123456789abcdef, " +
        "signature=57ac81d33c22310ae17698918dc8ec6b7778e6975cba74d73f9811056f967be8"
    )
  })

  it.effect("is another one for each request, of the time of that request", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(at.epochMilliseconds)
      const [first, second] = [yield* authorization(credentials), yield* authorization(credentials)]
      assert.include(first, "date=2026-11-27T07:00:00.000Z, ")
      assert.match(first, /salt=[0-9a-f]{32}, /)
      assert.notStrictEqual(first, second)
    }))
})
