import { assert, describe, it } from "@effect/vitest"
import { DateTime, Redacted } from "effect"
import { type AcademyChannel, change, type ChannelChange, reviewTexts } from "../../src/domain/AcademyChannel.ts"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { AcademyId } from "../../src/domain/Ids.ts"
import { template, templateNames } from "../../src/domain/NotificationText.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"

const academy = { id: AcademyId.make("0199aaaa-0000-7000-8000-000000000001"), version: 7 }
const off = { providerId: "KA01", offSince: DateTime.makeUnsafe("2026-03-02T00:00:00Z"), offReason: "other words" }
const on = (providerId: string) => ({ providerId, offSince: null, offReason: null })
const before: AcademyChannel = {
  channel: NotificationChannel.make("KAKAO_TALK"),
  enabled: true,
  sender: PhoneNumber.make("+82212345678"),
  profile: "KA01PF",
  ownAccount: true,
  templates: { "CHECK_IN/ko": off, "LATE/ko": on("KA02") },
  version: 3
}
const after = (to: ChannelChange) => change(before, to, academy).channel

describe("how an academy appears on a channel", () => {
  it("changes where something is said, and stays elsewhere", () => {
    assert.deepStrictEqual(after({ enabled: false }), { ...before, enabled: false, version: 4 })
    assert.deepStrictEqual(after({ sender: null }), { ...before, sender: null, version: 4 })
    assert.deepStrictEqual(after({ profile: "KA09PF" }), { ...before, profile: "KA09PF", version: 4 })
    assert.deepStrictEqual(after({ credentials: null }), { ...before, ownAccount: false, version: 4 })
  })

  it("a template that was off is used again when the office sets its id, and by nothing else", () => {
    assert.deepStrictEqual(after({ templates: { "CHECK_IN/ko": "KA03" } }).templates, {
      "CHECK_IN/ko": on("KA03"),
      "LATE/ko": on("KA02")
    })
    assert.deepStrictEqual(after({ templates: { "CHECK_IN/ko": null, "LATE/ko": null, "LATE/en": null } }).templates, {
      "CHECK_IN/ko": { ...off, providerId: null }
    })
    assert.deepStrictEqual(after({ enabled: true }).templates, before.templates)
  })

  it("is told as a change of the academy, and in the audit in words without secrets", () => {
    const credentials = { apiKey: Redacted.make("the-key"), apiSecret: Redacted.make("the-secret") }
    const to = { enabled: true, sender: null, credentials, templates: { "LATE/ko": "KA04", "LATE/en": null } }
    const { audit, event } = change(before, to, academy)
    assert.deepStrictEqual(audit, {
      action: "change-channel",
      subject: "academy_channel/KAKAO_TALK",
      reason: "on, sender the system's, account of its own, template LATE/ko KA04, template LATE/en the system's"
    })
    assert.deepStrictEqual([event.type, event.aggregate], [
      "AcademyUpdated",
      { type: "academy", id: academy.id, version: 7 }
    ])
  })
})

describe("the texts for review", () => {
  it("are each template in each language, word by word, with every variable it has", () => {
    assert.deepStrictEqual(
      reviewTexts.map((one) => one.template),
      templateNames.flatMap((name) => [`${name}/ko`, `${name}/en`])
    )
    for (const { text, variables } of reviewTexts) {
      const rest = variables.reduce((left, variable) => left.replaceAll(variable, ""), text)
      assert.notInclude(rest, "#{")
      assert.isTrue(variables.every((variable) => text.includes(variable)))
      assert.lengthOf(new Set(variables), variables.length)
    }
    assert.strictEqual(reviewTexts[1]?.text, template("CHECK_IN", "en"))
  })
})
