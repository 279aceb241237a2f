import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Result } from "effect"
import { NotificationChannel, type Way } from "../../src/domain/Channel.ts"
import { AcademyId, MemberId, MessageId, NotificationId } from "../../src/domain/Ids.ts"
import { MessageStatus } from "../../src/domain/Notification.ts"
import { resend, type Resendable } from "../../src/domain/Resend.ts"
import { uuid } from "./given.ts"

const sms = NotificationChannel.make("SMS")
const push = NotificationChannel.make("PUSH")
const ways: ReadonlyArray<Way> = [
  { channel: push, reaches: "DEVICE", on: true },
  { channel: sms, reaches: "PHONE", on: true }
]
const now = DateTime.makeUnsafe("2026-03-02T07:00:00Z")
const again = MessageId.make(uuid(99))
const line = { id: NotificationId.make(uuid(40)), kind: "CHECK_IN", sessionEndsAt: null, mayBeTold: true } as const
const message = (changed: Partial<Resendable> = {}): Resendable => ({
  id: MessageId.make(uuid(30)),
  academyId: AcademyId.make(uuid(1)),
  recipientId: MemberId.make(uuid(2)),
  status: "UNDELIVERED",
  reach: { phone: true, device: false, prefers: [], off: [] },
  resends: 0,
  underWay: null,
  lines: [line],
  ...changed
})
const resent = (changed: Partial<Resendable> = {}) =>
  Result.getOrThrow(resend(message(changed), { id: again, now, ways }))
const refused = (changed: Partial<Resendable>) =>
  Result.getOrThrow(Result.flip(resend(message(changed), { id: again, now, ways })))

const unfinished: ReadonlyArray<MessageStatus> = ["PLANNED", "SENDING"]
const over = MessageStatus.literals.filter((status) => !unfinished.includes(status))

describe("a resend", () => {
  it.each(over)("of what is %s is a new message that is planned by the way that reaches the person now", (status) => {
    const { event, resend } = resent({ status, resends: 2 })
    assert.deepInclude(resend, {
      id: again,
      of: message().id,
      number: 3,
      status: "PLANNED",
      channel: sms,
      reason: null
    })
    assert.deepInclude(event, { type: "MessagePlanned", payload: { messageId: again, channel: sms } })
  })

  it.each(unfinished)("is refused while the message is %s", (status) => {
    assert.deepInclude(refused({ status }), { _tag: "MessageUnderWay", id: message().id, status })
  })

  it("is refused while something else that tells the same is under way", () => {
    const underWay = { id: MessageId.make(uuid(31)), status: "SENDING" } as const
    assert.deepInclude(refused({ status: "EXPIRED", underWay }), { _tag: "MessageUnderWay", ...underWay })
  })

  it("repeats what may be told, and is refused where nothing may", () => {
    const other = { ...line, id: NotificationId.make(uuid(41)), mayBeTold: false }
    assert.deepStrictEqual(resent({ lines: [line, other] }).resend.lines, [line.id])
    for (const lines of [[other], []]) assert.strictEqual(refused({ lines })._tag, "MayNotBeTold")
  })

  it("is UNDELIVERED at once where there is no way, with the reason", () => {
    const nobody = { phone: false, device: false, prefers: [], off: [] }
    const { event, resend } = resent({ reach: nobody })
    assert.deepInclude(resend, { status: "UNDELIVERED", channel: null, reason: "no-phone" })
    assert.strictEqual(event.type, "NotificationUndelivered")
    assert.strictEqual(resent({ reach: { ...nobody, phone: true, off: [sms] } }).resend.reason, "no-channel")
  })

  it("has its time anew, about a session that goes on at most until it ends", () => {
    const within = (lines: Resendable["lines"]) => Duration.toMinutes(resent({ lines }).resend.deliverWithin)
    const missing = (
      endsAt: string
    ) => ({ ...line, kind: "MISSING", sessionEndsAt: DateTime.makeUnsafe(endsAt) } as const)
    assert.strictEqual(within([line]), 30)
    assert.strictEqual(within([{ ...line, kind: "CORRECTED" }]), 24 * 60)
    assert.strictEqual(within([missing("2026-03-02T07:20:00Z"), missing("2026-03-02T07:10:00Z")]), 10)
    assert.strictEqual(within([missing("2026-03-02T06:59:00Z")]), 0)
  })
})
