import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { twice } from "../../../../src/adapters/in/http/UniqueNames.ts"

describe("a name that stands twice in a JSON object", () => {
  it.each([
    ["{\"a\":1,\"a\":1}", "a"],
    ["[{\"b\":{\"a\":[1,{\"c\":0}]},\"a\":2,\"b\":1}]", "b"],
    ["{\"a\" : 1,\n\t\"\\u0061\" :2}", "a"],
    ["{\"\\\"\":1,\"\\\"\":2}", "\""],
    ["{\"__proto__\":1,\"__proto__\":2}", "__proto__"]
  ])("%s: %s", (json, name) => assert.strictEqual(twice(json), name))

  it.effect.prop(
    "is in no text that JSON.stringify writes",
    [Schema.Json],
    ([value]) => Effect.sync(() => assert.isUndefined(twice(JSON.stringify(value))))
  )

  it("takes the time of one look, whatever a text is like", () => {
    const began = performance.now()
    const long = 2 ** 20
    assert.strictEqual(twice(`{"a":"${"x".repeat(long)}","a":"${"\\n".repeat(long)}"}`), "a")
    for (const piece of ["\"", "\\\"", "\"\\", "\" ", "{\"a\"", "[", "}", "\"\\u"]) {
      twice(piece.repeat(long / piece.length))
    }
    // Eight megabytes at some 50 ms each; what is quadratic takes minutes.
    assert.isBelow(performance.now() - began, 10_000)
  })
})
