import { assert, describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { MessageId } from "../../src/domain/Ids.ts"
import { conclude, type Conclusion, type Message, type Outcome, receive } from "../../src/domain/Message.ts"
import { MessageStatus } from "../../src/domain/Notification.ts"
import { uuid } from "./given.ts"

const kakao = NotificationChannel.make("KAKAO_TALK")
const sms = NotificationChannel.make("SMS")
const deliverBy = DateTime.makeUnsafe("2026-03-02T07:30:00Z")
const inTime = DateTime.makeUnsafe("2026-03-02T07:00:00Z")
const tooLate = DateTime.makeUnsafe("2026-03-02T07:30:01Z")
const id = MessageId.make(uuid(30))
const message = (status: MessageStatus, attempts = 1): Message => ({ id, status, channel: kakao, attempts, deliverBy })
const sending = message("SENDING")

const accepted: Outcome = { _tag: "Accepted", rule: "2000", providerId: "M4V1" }
const delivered: Outcome = { _tag: "Delivered", rule: "4000" }
const tags = [
  "NotSent",
  "Ambiguous",
  "Uncertain",
  "InvalidRecipient",
  "ChannelUnavailable",
  "OptedOut",
  "Refused",
  "Account"
] as const
const said = (tag: (typeof tags)[number]): Outcome => ({ _tag: tag, rule: "r" })
const every = [accepted, delivered, ...tags.map(said)]

const events = (conclusion: Conclusion | null) => conclusion?.events.map(({ type }) => type)
const shape = (conclusion: Conclusion | null) =>
  conclusion && [conclusion.status, conclusion.channel, events(conclusion)]

describe("an attempt ends", () => {
  it.each<readonly [Outcome, MessageStatus]>([
    [accepted, "ACCEPTED"],
    [delivered, "DELIVERED"],
    [said("NotSent"), "PLANNED"],
    [said("Account"), "PLANNED"],
    [said("Ambiguous"), "SENDING"],
    [said("Uncertain"), "UNKNOWN"],
    [said("OptedOut"), "SKIPPED"]
  ])("%o: it is %s on the same channel, and nobody else is told", (outcome, status) => {
    const conclusion = conclude(sending, outcome, { now: inTime, next: sms })
    assert.deepStrictEqual(shape(conclusion), [status, kakao, []])
  })

  it.each(["ChannelUnavailable", "Refused"] as const)(
    "%s: another channel is taken while there is one and time",
    (tag) => {
      const next = conclude(sending, said(tag), { now: inTime, next: sms })
      assert.deepStrictEqual(shape(next), ["PLANNED", sms, ["MessagePlanned"]])
      expect(next.events[0]?.payload).toEqual({ messageId: id, channel: sms })
      for (const given of [{ now: inTime, next: null }, { now: tooLate, next: sms }]) {
        assert.deepStrictEqual(
          shape(conclude(sending, said(tag), given)),
          ["UNDELIVERED", kakao, ["NotificationUndelivered"]]
        )
      }
    }
  )

  it("InvalidRecipient: no other channel is tried with the same number", () => {
    const conclusion = conclude(sending, said("InvalidRecipient"), { now: inTime, next: sms })
    assert.deepStrictEqual(shape(conclusion), ["UNDELIVERED", kakao, ["NotificationUndelivered"]])
    assert.strictEqual(conclusion.reason, "r")
  })
})

describe("a receipt", () => {
  const given = { now: inTime, next: sms }

  it.each(["SENDING", "ACCEPTED", "UNKNOWN"] as const)("of what is %s brings the truth, whichever it is", (status) => {
    assert.deepStrictEqual(shape(receive(message(status), 1, delivered, given)), ["DELIVERED", kakao, []])
    assert.deepStrictEqual(
      shape(receive(message(status), 1, said("ChannelUnavailable"), given)),
      ["PLANNED", sms, ["MessagePlanned"]]
    )
    assert.deepStrictEqual(
      shape(receive(message(status), 1, said("InvalidRecipient"), given)),
      ["UNDELIVERED", kakao, ["NotificationUndelivered"]]
    )
  })

  it("that it was taken says something before the send's own answer, and nothing after it", () => {
    assert.deepStrictEqual(shape(receive(message("SENDING"), 1, accepted, given)), ["ACCEPTED", kakao, []])
    assert.isNull(receive(message("ACCEPTED"), 1, accepted, given))
  })

  it("that comes twice starts nothing twice: by then it is planned on the other channel, or has ended", () => {
    for (const status of ["PLANNED", "DELIVERED", "UNDELIVERED", "EXPIRED", "SKIPPED"] as const) {
      const twice = every.filter(({ _tag }) => _tag !== "Delivered")
      assert.deepStrictEqual(twice.filter((outcome) => receive(message(status), 1, outcome, given) !== null), [])
    }
  })

  it("too late to try another channel only says that it is undelivered", () => {
    assert.deepStrictEqual(
      shape(receive(message("ACCEPTED"), 1, said("ChannelUnavailable"), { now: tooLate, next: sms })),
      ["UNDELIVERED", kakao, ["NotificationUndelivered"]]
    )
  })

  it("of an attempt after which another began is only about that one, unless it arrived and nothing else went out", () => {
    for (const outcome of [accepted, ...tags.map(said)]) {
      assert.isNull(receive(message("ACCEPTED", 2), 1, outcome, given))
    }
    assert.isNull(receive(message("ACCEPTED", 2), 1, delivered, given))
    assert.strictEqual(receive(message("UNDELIVERED", 2), 1, delivered, given)?.status, "DELIVERED")
    // The fallback is planned and has not gone out.
    assert.strictEqual(receive(message("PLANNED"), 1, delivered, given)?.status, "DELIVERED")
  })

  it("never moves what was delivered or is nobody's wish", () => {
    for (const status of ["DELIVERED", "SKIPPED"] as const) {
      for (const outcome of every) assert.isNull(receive(message(status), 1, outcome, given))
    }
  })
})
