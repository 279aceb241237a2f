/** What each sign of FCM means, written down once more by hand. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import { phases, Unanswered } from "../../../../../src/adapters/out/http/Client.ts"
import {
  accepted,
  judge,
  signOf,
  table,
  type Tag,
  together
} from "../../../../../src/adapters/out/notification/fcm/Outcomes.ts"

const expected: Readonly<Record<string, Tag>> = {
  UNREGISTERED: "Gone",
  SENDER_ID_MISMATCH: "Foreign",
  INVALID_ARGUMENT: "Refused",
  QUOTA_EXCEEDED: "NotSent",
  INTERNAL: "NotSent",
  UNAVAILABLE: "NotSent",
  THIRD_PARTY_AUTH_ERROR: "Account",
  "http-401": "Account",
  "http-403": "Account",
  "http-404": "Account",
  "http-429": "NotSent",
  "http-500": "NotSent",
  "http-503": "NotSent",
  "http-3xx": "NotSent",
  "http-408": "Ambiguous",
  "http-5xx": "Ambiguous",
  "http-4xx": "Refused",
  unreadable: "Ambiguous",
  dns: "NotSent",
  refused: "NotSent",
  unreachable: "NotSent",
  "connect-timeout": "NotSent",
  tls: "NotSent",
  busy: "NotSent",
  request: "Account",
  "write-timeout": "Ambiguous",
  "read-timeout": "Ambiguous",
  "total-timeout": "Ambiguous",
  reset: "Ambiguous",
  answer: "Ambiguous"
}

const rows = table.flatMap(({ seen, tag }) => seen.map((sign) => [sign, tag] as const))

describe("a sign of FCM", () => {
  it.each(rows)("%s means what it should: %s", (sign, tag) => {
    assert.strictEqual(tag, expected[sign])
    assert.strictEqual(judge(sign).tag, expected[sign])
    assert.strictEqual(judge(sign).rule, `fcm-${sign}`)
  })

  it("stands in one row only, and all of them are here", () => {
    assert.deepStrictEqual(rows.map(([sign]) => sign).sort(), Object.keys(expected).sort())
  })

  it("is there for every way in which an answer can fail to come", () => {
    for (const phase of phases) {
      const { sign, surelyNotSent } = new Unanswered({ phase, message: "" })
      assert.strictEqual(expected[sign] === "Ambiguous", !surelyNotSent, sign)
    }
  })

  it("that nobody knows is taken by its hundred", () => {
    assert.include(judge(signOf(502, null)), { tag: "Ambiguous", rule: "fcm-http-502" })
    assert.include(judge(signOf(400, "FAILED_PRECONDITION")), { tag: "Refused", rule: "fcm-http-400" })
    assert.include(judge(signOf(403, "PERMISSION_DENIED")), { tag: "Account", rule: "fcm-http-403" })
  })

  it("waits a minute for a quota unless FCM says otherwise, and never for an absurd time", () => {
    const waits = (sign: string, asked?: Duration.Duration) =>
      Option.getOrUndefined(judge(sign, Option.fromUndefinedOr(asked)).retryAfter)
    assert.deepStrictEqual(waits("QUOTA_EXCEEDED"), Duration.minutes(1))
    assert.deepStrictEqual(waits("http-429", Duration.seconds(5)), Duration.seconds(5))
    assert.deepStrictEqual(waits("UNAVAILABLE", Duration.days(9)), Duration.minutes(10))
    assert.isUndefined(waits("UNAVAILABLE"))
  })
})

describe("all devices together", () => {
  const [gone, unsure, account, later, no] = [
    "UNREGISTERED",
    "read-timeout",
    "http-401",
    "QUOTA_EXCEEDED",
    "INVALID_ARGUMENT"
  ].map((sign) => judge(sign))
  it.each([
    [[accepted("a"), unsure, account], { _tag: "Accepted", rule: "fcm-accepted", providerId: "a", cost: 0 }],
    [[gone, accepted("a"), accepted("b")], { _tag: "Accepted", rule: "fcm-accepted", providerId: "a,b", cost: 0 }],
    [[account, unsure, later], { _tag: "Uncertain", rule: "fcm-read-timeout" }],
    [[no, later, account], { _tag: "Account", rule: "fcm-http-401" }],
    [[no, gone, later], { _tag: "NotSent", rule: "fcm-QUOTA_EXCEEDED", retryAfter: Duration.minutes(1) }],
    [[gone, no], { _tag: "Refused", rule: "fcm-INVALID_ARGUMENT" }],
    [[gone, judge("SENDER_ID_MISMATCH")], { _tag: "ChannelUnavailable", rule: "no-device" }],
    [[], { _tag: "ChannelUnavailable", rule: "no-device" }]
  ])("%#", (verdicts, outcome) => {
    assert.deepStrictEqual(together(verdicts.filter((verdict) => verdict !== undefined)), outcome)
  })
})
