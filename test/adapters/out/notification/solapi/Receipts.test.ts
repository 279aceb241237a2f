/** What SOLAPI's webhook brings, in all the shapes in which it may come. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Redacted } from "effect"
import { isFromSolapi, receiptsOf } from "../../../../../src/adapters/out/notification/solapi/Receipts.ts"
import { DispatchId } from "../../../../../src/domain/Ids.ts"

const dispatchId = DispatchId.make("0197f000-0000-7000-8000-000000000001")

const message = {
  groupId: "G1",
  messageId: "M1",
  statusCode: "4000",
  customFields: { dispatchId },
  dateCreated: "2026-11-27T07:00:00.000Z",
  dateReported: "2026-11-27T07:00:03.000Z",
  to: "01012345678",
  networkCode: null
}

describe("receipts", () => {
  it("say of which attempt, what, and when", () => {
    assert.deepStrictEqual(receiptsOf([message]), {
      receipts: [{
        dispatchId,
        groupId: "G1",
        messageId: "M1",
        outcome: { _tag: "Delivered", rule: "solapi-4000" },
        at: DateTime.makeUnsafe("2026-11-27T07:00:03.000Z")
      }],
      skipped: 0
    })
  })

  it("are read one by one, also those of others and with numbers for texts", () => {
    const { receipts, skipped } = receiptsOf([
      { ...message, customFields: null, statusCode: 3104, dateReported: "yesterday" },
      { ...message, customFields: { dispatchId: "theirs" }, dateCreated: null, dateReported: null },
      { messageId: "M2" },
      null,
      "M3",
      message
    ])
    assert.strictEqual(skipped, 3)
    assert.deepStrictEqual(receipts.map(({ dispatchId }) => dispatchId), [null, null, dispatchId])
    assert.deepStrictEqual(receipts[0]?.outcome, { _tag: "ChannelUnavailable", rule: "solapi-3104" })
    assert.deepStrictEqual(receipts[0]?.at, DateTime.makeUnsafe("2026-11-27T07:00:00.000Z"))
    assert.isNull(receipts[1]?.at)
  })

  it.each([null, "text", 1, {}, { messages: [message] }])("of %j are none", (body) => {
    assert.deepStrictEqual(receiptsOf(body), { receipts: [], skipped: 1 })
  })

  it("are none in an empty list", () => {
    assert.deepStrictEqual(receiptsOf([]), { receipts: [], skipped: 0 })
  })
})

describe("the secret of a webhook", () => {
  const secret = Redacted.make("secret")
  // printf secret | sha1sum
  const sha1 = "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"

  it("is known by its SHA-1", () => {
    assert.isTrue(isFromSolapi(secret, sha1))
    assert.isTrue(isFromSolapi(secret, sha1.toUpperCase()))
  })

  it.each([undefined, "", "secret", sha1.slice(1), `${sha1} `, `f${sha1.slice(1)}`])("is not %s", (header) => {
    assert.isFalse(isFromSolapi(secret, header))
  })
})
