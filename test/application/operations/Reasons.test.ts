import { assert, describe, it } from "@effect/vitest"
import { ownReasons, sentenceOf } from "../../../src/application/operations/Reasons.ts"

describe("the sentence of a reason", () => {
  it.each([
    ["solapi-3010", "SOLAPI", "3010"],
    ["solapi-http-503", "HTTP", "503"],
    ["fcm-UNREGISTERED", "FCM", "UNREGISTERED"],
    ["other-provider-7", "중계사", "other-provider-7"]
  ])("%s names the provider and what it said, in both languages", (rule, who, what) => {
    const { en, ko } = sentenceOf(rule)
    assert.include(ko, who)
    for (const text of [en, ko]) assert.include(text, what)
  })

  it("is another one for each reason of ours", () => {
    assert.strictEqual(new Set(ownReasons.map((rule) => sentenceOf(rule).ko)).size, ownReasons.length)
    assert.strictEqual(new Set(ownReasons.map((rule) => sentenceOf(rule).en)).size, ownReasons.length)
  })

  it.each(["constructor", "__proto__", ""])("%j is of nobody, and has one all the same", (rule) => {
    assert.include(sentenceOf(rule).en, "The provider did not carry it")
  })
})
