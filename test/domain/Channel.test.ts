import { assert, describe, it } from "@effect/vitest"
import { NotificationChannel, noWay, type Reach, routeOf, type Way } from "../../src/domain/Channel.ts"

const push = NotificationChannel.make("PUSH")
const kakao = NotificationChannel.make("KAKAO_TALK")
const sms = NotificationChannel.make("SMS")

const ways = (...off: ReadonlyArray<NotificationChannel>): ReadonlyArray<Way> => [
  { channel: push, reaches: "DEVICE", on: !off.includes(push) },
  { channel: kakao, reaches: "PHONE", on: !off.includes(kakao) },
  { channel: sms, reaches: "PHONE", on: !off.includes(sms) }
]
const everything: Reach = { phone: true, device: true, prefers: [], off: [] }

describe("the route", () => {
  it("is the system's order where the person prefers nothing", () => {
    assert.deepStrictEqual(routeOf(ways(), everything), [push, kakao, sms])
  })

  it("begins with what the person prefers, and keeps the others behind it", () => {
    assert.deepStrictEqual(routeOf(ways(), { ...everything, prefers: [sms, push] }), [sms, push, kakao])
    assert.deepStrictEqual(routeOf(ways(sms), { ...everything, prefers: [sms] }), [push, kakao])
  })

  it("leaves out what does not reach the person, what the academy does not use, and what is not set up", () => {
    assert.deepStrictEqual(routeOf(ways(), { ...everything, device: false }), [kakao, sms])
    assert.deepStrictEqual(routeOf(ways(), { ...everything, phone: false }), [push])
    assert.deepStrictEqual(routeOf(ways(), { ...everything, off: [kakao] }), [push, sms])
    assert.deepStrictEqual(routeOf(ways(push, kakao), everything), [sms])
  })

  it("is the first that would do where none is set up, so that the message waits there instead of vanishing", () => {
    assert.deepStrictEqual(routeOf(ways(push, kakao, sms), { ...everything, device: false }), [kakao])
  })

  it("is empty for who has neither number nor device, and says so", () => {
    const nobody = { ...everything, phone: false, device: false }
    assert.deepStrictEqual(routeOf(ways(), nobody), [])
    assert.strictEqual(noWay(nobody), "no-phone")
    assert.strictEqual(noWay({ ...everything, off: [push, kakao, sms] }), "no-channel")
  })
})
