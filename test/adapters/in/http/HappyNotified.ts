/** Good requests about who was told what, and who was not. */
import { expect, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { person } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { planted } from "./asked.ts"
import { arrived, good, idOf, make, office, refused } from "./good.ts"

/** A check-in that a new parent was told, by the sandbox. */
const told = Effect.gen(function*() {
  const as = yield* office
  const { params, studentId, teacher } = yield* arrived()
  const parent = person("PARENT")
  const parentId = yield* make("members.create", { ...as, body: parent })
  yield* good("members.linkGuardian", { ...as, params: { studentId }, body: { parentId, relationship: "MOTHER" } })
  yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "PRESENT" }] } })
  yield* (yield* Ams).settled
  return { as, parent, parentId, studentId, sessionId: params.sessionId }
})

export const notified = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("sees who was told what, and sends it once more", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const { as, parent, parentId, sessionId, studentId } = yield* told
      const message = {
        academyId: a.id,
        recipient: { id: parentId, name: parent.name, phone: expect.stringMatching(/^010\*{4}\d{4}$/) },
        lines: [{ kind: "CHECK_IN", studentId, studentName: expect.any(String), sessionId, leaveId: null }],
        status: "ACCEPTED",
        channel: "KAKAO_TALK",
        reason: null,
        plannedAt: expect.stringMatching(/Z$/),
        acceptedAt: expect.stringMatching(/Z$/),
        deliveredAt: null,
        resendOf: null
      }
      const listed = yield* good("notifications.list", { ...as, query: `?recipientId=${parentId}` })
      expect(listed).toMatchObject([message])
      const id = idOf(Array.isArray(listed) ? listed[0] : {})
      const since = new Date(Date.now() - 600_000).toISOString()
      const filters = `&recipientId=${parentId}&sessionId=${sessionId}&status=ACCEPTED&channel=KAKAO_TALK&from=${since}`
      expect(yield* good("notifications.list", { ...as, query: `?limit=1${filters}` })).toEqual(listed)
      for (const none of [`&before=${since}`, "&notReached=true", "&channel=SMS", "&status=EXPIRED"]) {
        const query = `?recipientId=${parentId}${none}`
        expect(yield* good("notifications.list", { ...as, query })).toEqual([])
      }
      const shown = yield* good("notifications.show", { ...as, params: { messageId: id } })
      expect(shown).toMatchObject({
        ...message,
        resent: null,
        resends: [],
        attempts: [{ number: 1, provider: "sandbox", outcome: "Accepted", rule: "sandbox", keyKept: true, cost: null }]
      })

      const reason = "the parent asked for it"
      const resend = { ...as, params: { messageId: id }, body: { reason: ` ${reason} ` } }
      const again = yield* good("notifications.resend", resend)
      expect(again).toMatchObject({
        lines: message.lines,
        recipient: message.recipient,
        resendOf: id,
        resent: { by: a.manager.id, reason }
      })
      yield* ams.settled
      const params = { messageId: idOf(again) }
      expect(yield* good("notifications.show", { ...as, params })).toMatchObject({ status: "ACCEPTED" })
      const inbox = yield* ams.call("GET", `/dev/inbox.json?academyId=${a.id}`)
      expect(inbox.text.split(parent.phone?.slice(-8) ?? "nobody")).toHaveLength(3)
      yield* refused("notifications.resend", { ...resend, body: { reason: " " } }, 400, "COMMON_VALIDATION_FAILED")
    }))

  it.effect("reads why somebody was not reached, in one's language, and resends nothing that is under way", () =>
    Effect.gen(function*() {
      const { b } = yield* World
      const as = { token: b.manager.token }
      const things = {
        academyId: b.id,
        parentId: b.own.parent.id,
        sessionId: b.own.sessionId,
        studentId: b.own.student.id
      }
      const missed = yield* planted(things, "UNDELIVERED", "no-phone")
      const query = "?notReached=true"
      expect(yield* good("notifications.list", { ...as, query })).toMatchObject([
        { id: missed, status: "UNDELIVERED", reason: { rule: "no-phone", text: expect.stringContaining("번호") } }
      ])
      const english = { ...as, params: { messageId: missed }, headers: { "accept-language": "en" } }
      expect(yield* good("notifications.show", english)).toMatchObject({
        reason: { rule: "no-phone", text: expect.stringContaining("phone number") }
      })
      for (const status of ["PLANNED", "SENDING"]) {
        const messageId = yield* planted(things, status, null)
        const sent = { ...as, params: { messageId }, body: { reason: "again" } }
        const problem = yield* refused("notifications.resend", sent, 409, "NOTIFICATION_UNDER_WAY")
        expect(problem).toMatchObject({ currentState: status })
      }
    }))

  it.effect("measures channels over days of the academy's", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const { as } = yield* told
      const days = (from: number) => `?dateFrom=${addDays(a.own.date, from)}&dateTo=${addDays(a.own.date, 1)}`
      const measured = yield* good("notifications.measures", { ...as, query: days(-1) })
      const seconds = { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) }
      expect(measured).toContainEqual(expect.objectContaining({
        channel: "KAKAO_TALK",
        delivered: 0,
        secondsToAccepted: seconds,
        secondsToDelivered: null,
        spent: 0
      }))
      yield* refused("notifications.measures", { ...as, query: days(-91) }, 400, "STATISTICS_INVALID_PERIOD")
    }))
}
