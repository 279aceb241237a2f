/** What KAKAO_TALK and SMS make of a message, as SOLAPI gets to see it, and what they refuse before anybody is asked. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as KakaoTalk from "../../../../../src/adapters/out/notification/solapi/KakaoTalk.ts"
import * as Sms from "../../../../../src/adapters/out/notification/solapi/Sms.ts"
import { PhoneNumber } from "../../../../../src/domain/PhoneNumber.ts"
import { eucKrBytes } from "../../../../../src/domain/SmsText.ts"
import type { Dispatch, Sender } from "../../../../../src/ports/NotificationPort.ts"
import { dispatch, keeper } from "../server.ts"
import { messageId, serving } from "./solapi.ts"

const foreign = PhoneNumber.make("+4915112345678")
const given = dispatch()
const sentBy = (changed: Partial<Sender>): Partial<Dispatch> => ({ sender: { ...given.sender, ...changed } })
const saying = (body: string, academyName = "한빛학원"): Partial<Dispatch> => ({
  text: { ...given.text, academyName, body }
})

/** The outcome, and the message that SOLAPI got; `null` when it was asked nothing. */
const sent = Effect.fnUntraced(function*(channel: "KakaoTalk" | "Sms", changed: Partial<Dispatch> = {}) {
  const { journal, solapi } = yield* serving()
  const adapter = channel === "Sms"
    ? Sms.make({ solapi, prices: { sms: 18, lms: 45 } })
    : KakaoTalk.make({ solapi, price: 13 })
  const outcome = yield* adapter.send({ ...given, ...changed }, keeper().keep)
  const add = journal[1]
  return { outcome, message: add === undefined ? null : JSON.parse(add.body).messages[0] }
})

describe("KAKAO_TALK", () => {
  it.live("sends the approved template with its variables, no text, and leaves falling back to us", () =>
    Effect.gen(function*() {
      const { message, outcome } = yield* sent("KakaoTalk")
      assert.deepStrictEqual(message, {
        to: "01012345678",
        from: "0212345678",
        type: "ATA",
        kakaoOptions: {
          pfId: "PF1",
          templateId: "TP1",
          variables: { "#{학원명}": "한빛학원", "#{학생명}": "김민서", "#{수업명}": "수학", "#{시각}": "16:00" },
          disableSms: true
        },
        customFields: { dispatchId: given.id }
      })
      assert.deepStrictEqual(outcome, { _tag: "Accepted", rule: "solapi-2000", providerId: messageId, cost: 13 })
      assert.notProperty((yield* sent("KakaoTalk", sentBy({ from: null }))).message, "from")
    }))

  it.live.each<readonly [string, Partial<Dispatch>]>([
    ["no-template", { text: { ...given.text, templated: null } }],
    ["no-template", sentBy({ templateId: null })],
    ["no-profile", sentBy({ profile: null })],
    ["no-phone", { phone: null }],
    ["foreign-number", { phone: foreign }]
  ])("is no way to a person without asking anybody: %s", ([rule, changed]) =>
    Effect.gen(function*() {
      const { message, outcome } = yield* sent("KakaoTalk", changed)
      assert.deepStrictEqual(outcome, { _tag: "ChannelUnavailable", rule })
      assert.isNull(message)
    }))
})

describe("SMS", () => {
  it.live("is short up to 90 bytes and long from then on", () =>
    Effect.gen(function*() {
      const short = yield* sent("Sms", saying("가".repeat(45)))
      assert.include(short.message, { type: "SMS", text: "가".repeat(45) })
      assert.notProperty(short.message, "subject")
      assert.include(short.outcome, { _tag: "Accepted", cost: 18 })
      const long = yield* sent("Sms", saying(`${"가".repeat(45)}a`))
      assert.include(long.message, { type: "LMS", subject: "한빛학원" })
      assert.include(long.outcome, { _tag: "Accepted", cost: 45 })
    }))

  it.live("counts what phones can show: plain punctuation, no emoji", () =>
    Effect.gen(function*() {
      const { message } = yield* sent("Sms", saying("“안녕”🎉"))
      assert.strictEqual(message.text, "\"안녕\"")
    }))

  it.live("cuts a subject to 40 bytes between two letters", () =>
    Effect.gen(function*() {
      const { message } = yield* sent("Sms", saying("가".repeat(60), `A${"나".repeat(100)}`))
      assert.strictEqual(message.subject, `A${"나".repeat(19)}`)
      assert.strictEqual(eucKrBytes(message.subject), 39)
    }))

  it.live("refuses what is longer than a long one may be", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* sent("Sms", saying("가".repeat(1000)))).message.type, "LMS")
      const { message, outcome } = yield* sent("Sms", saying(`${"가".repeat(1000)}a`))
      assert.deepStrictEqual(outcome, { _tag: "Refused", rule: "too-long" })
      assert.isNull(message)
    }))

  it.live.each<readonly [string, Partial<Dispatch>]>([
    ["no-sender", sentBy({ from: null })],
    ["no-sender", sentBy({ from: foreign })],
    ["no-phone", { phone: null }],
    ["foreign-number", { phone: foreign }]
  ])("is no way to a person without asking anybody: %s", ([rule, changed]) =>
    Effect.gen(function*() {
      const { message, outcome } = yield* sent("Sms", changed)
      assert.deepStrictEqual(outcome, { _tag: "ChannelUnavailable", rule })
      assert.isNull(message)
    }))
})
