/** What each sign of SOLAPI means, written down once more by hand. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import { phases, Unanswered } from "../../../../../src/adapters/out/http/Client.ts"
import {
  failureOf,
  ofCode,
  ofTrouble,
  outcomeOf,
  signOf,
  table,
  Trouble
} from "../../../../../src/adapters/out/notification/solapi/Outcomes.ts"

/** Before the group is sent, and from then on. */
const expected: Readonly<Record<string, string>> = {
  "2000": "Accepted Accepted",
  "3000": "Accepted Accepted",
  "4000": "Delivered Delivered",
  "3010": "InvalidRecipient InvalidRecipient",
  "3032": "InvalidRecipient InvalidRecipient",
  "3050": "InvalidRecipient InvalidRecipient",
  "3104": "ChannelUnavailable ChannelUnavailable",
  "3107": "ChannelUnavailable ChannelUnavailable",
  "1060": "OptedOut OptedOut",
  "2060": "OptedOut OptedOut",
  "3047": "OptedOut OptedOut",
  "1010": "Refused Refused",
  "1011": "Refused Refused",
  "1012": "Refused Refused",
  "1013": "Refused Refused",
  "1014": "Refused Refused",
  "1025": "Refused Refused",
  "1028": "Refused Refused",
  "1029": "Refused Refused",
  "1030": "Account Account",
  "1031": "Refused Refused",
  "1032": "Refused Refused",
  "1041": "Refused Refused",
  "1042": "Refused Refused",
  "1043": "Refused Refused",
  "1044": "Refused Refused",
  "1045": "Refused Refused",
  "1046": "Refused Refused",
  "1047": "Refused Refused",
  "1048": "Refused Refused",
  "1049": "Refused Refused",
  "1050": "Refused Refused",
  "1051": "Refused Refused",
  "1052": "Refused Refused",
  "1053": "Refused Refused",
  "3103": "Refused Refused",
  "3105": "Refused Refused",
  "1062": "Account Account",
  "2062": "Account Account",
  "3013": "Account Account",
  "3059": "Account Account",
  "3014": "Uncertain Uncertain",
  "3048": "Uncertain Uncertain",
  "unknown-code": "Refused Uncertain",
  NotEnoughBalance: "Account Account",
  InvalidAPIKey: "Account Account",
  DuplicatedSignature: "NotSent NotSent",
  SignatureDoesNotMatch: "Account Account",
  RequestTimeTooSkewed: "Account Account",
  GroupInProcessing: "NotSent AlreadyDone",
  AlreadySent: "NotSent AlreadyDone",
  "http-401": "Account Account",
  "http-402": "Account Account",
  "http-403": "Account Account",
  "http-404": "NotSent NotSent",
  "http-429": "NotSent NotSent",
  "http-3xx": "NotSent NotSent",
  "http-408": "NotSent Ambiguous",
  "http-409": "NotSent Ambiguous",
  "http-5xx": "NotSent Ambiguous",
  "http-4xx": "Refused Refused",
  unreadable: "NotSent Ambiguous",
  dns: "NotSent NotSent",
  refused: "NotSent NotSent",
  unreachable: "NotSent NotSent",
  "connect-timeout": "NotSent NotSent",
  tls: "NotSent NotSent",
  busy: "NotSent NotSent",
  request: "Account Account",
  "write-timeout": "NotSent Ambiguous",
  "read-timeout": "NotSent Ambiguous",
  "total-timeout": "NotSent Ambiguous",
  reset: "NotSent Ambiguous",
  answer: "NotSent Ambiguous"
}

const trouble = (sign: string, retryAfter?: Duration.Duration) =>
  new Trouble({ sign, status: null, told: false, retryAfter: Option.fromUndefinedOr(retryAfter) })

const rows = table.flatMap((row) => row.seen.map((sign) => [sign, `${row.before} ${row.sending}`] as const))

describe("a sign of SOLAPI", () => {
  it.each(rows)("%s means what it should: %s", (sign, tags) => {
    assert.strictEqual(tags, expected[sign])
    const code = /^\d/.test(sign)
    const of = (step: "before" | "sending") => code ? ofCode(step, sign) : ofTrouble(step, trouble(sign))
    assert.strictEqual(`${of("before").tag} ${of("sending").tag}`, expected[sign])
    assert.strictEqual(of("sending").rule, `solapi-${sign}`)
  })

  it("stands in one row only, and all of them are here", () => {
    assert.deepStrictEqual(rows.map(([sign]) => sign).sort(), Object.keys(expected).sort())
  })

  it("is there for every way in which an answer can fail to come", () => {
    for (const phase of phases) {
      const { sign, surelyNotSent } = new Unanswered({ phase, message: "" })
      assert.property(expected, sign)
      assert.strictEqual(expected[sign]?.endsWith("Ambiguous"), !surelyNotSent)
    }
  })

  it("that nobody knows: no answer of a message is sent again for it, and none of a call is lost", () => {
    assert.include(ofCode("sending", "3999"), { tag: "Uncertain", rule: "solapi-3999" })
    assert.include(ofTrouble("before", trouble(signOf(418, "Teapot"))), { tag: "Refused", rule: "solapi-http-418" })
    assert.include(ofTrouble("sending", trouble(signOf(503, null))), { tag: "Ambiguous", rule: "solapi-http-503" })
    assert.include(ofTrouble("sending", trouble(signOf(402, "NotEnoughBalance"))), {
      tag: "Account",
      rule: "solapi-NotEnoughBalance"
    })
  })
})

describe("an outcome", () => {
  const took = { providerId: "M1", cost: 8 }

  it("says who has it and what it costs, only where it was taken", () => {
    assert.deepStrictEqual(outcomeOf(ofCode("sending", "3000"), took), {
      _tag: "Accepted",
      rule: "solapi-3000",
      ...took
    })
    assert.deepStrictEqual(outcomeOf(ofCode("sending", "4000"), took), { _tag: "Delivered", rule: "solapi-4000" })
  })

  it("waits as long as SOLAPI wishes, but not for an absurd time", () => {
    const waits = (asked?: Duration.Duration) => outcomeOf(ofTrouble("sending", trouble("http-429", asked)), took)
    assert.deepInclude(waits(Duration.seconds(7)), { _tag: "NotSent", retryAfter: Duration.seconds(7) })
    assert.deepInclude(waits(Duration.days(365)), { _tag: "NotSent", retryAfter: Duration.minutes(10) })
    assert.notProperty(waits(), "retryAfter")
  })
})

describe("a question that SOLAPI does not answer", () => {
  it.each([
    ["http-503", "transient"],
    ["http-429", "transient"],
    ["read-timeout", "transient"],
    ["unreadable", "transient"],
    ["http-401", "account"],
    ["NotEnoughBalance", "account"],
    ["http-400", "permanent"]
  ])("%s is %s", (sign, expected) => {
    const failure = failureOf(trouble(sign, Duration.seconds(3)))
    assert.strictEqual(failure.class, expected)
    assert.strictEqual(failure.rule, `solapi-${sign}`)
    assert.deepStrictEqual(failure.retryAfter, Duration.seconds(3))
  })
})
