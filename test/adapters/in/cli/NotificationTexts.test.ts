import { assert, describe, it } from "@effect/vitest"
import { whatNext, works } from "../../../../src/adapters/in/cli/NotificationTexts.ts"
import type { Outcome } from "../../../../src/domain/Message.ts"

const tested = (tag: Exclude<Outcome["_tag"], "Accepted">, rule = "solapi-1", provider = "solapi") => ({
  provider,
  outcome: { _tag: tag, rule }
})
const accepted = (
  provider: string
) => ({ provider, outcome: { _tag: "Accepted", rule: "ok", providerId: "1" } } as const)

describe("after a test message", () => {
  it("the channel works when the provider took it, and in no other case", () => {
    for (const one of [accepted("solapi"), tested("Delivered")]) assert.isTrue(works(one))
    for (const tag of ["NotSent", "Ambiguous", "Uncertain", "OptedOut", "Refused", "Account"] as const) {
      assert.isFalse(works(tested(tag)))
    }
  })

  it("nobody is told to try again what may have gone out", () => {
    assert.match(whatNext(tested("NotSent")), /trying again is safe/)
    for (const tag of ["Ambiguous", "Uncertain"] as const) assert.match(whatNext(tested(tag)), /before you try again/)
  })

  it("what AMS itself knows of the cause comes first", () => {
    assert.match(whatNext(tested("ChannelUnavailable", "no-template")), /^There is no approved template .*Not on this/)
    assert.match(whatNext(tested("Refused", "no-channel", "none")), /^Nobody carries this channel/)
    assert.match(whatNext(accepted("sandbox")), /dev\/inbox/)
  })
})
