/** What was told, told once more: on PostgreSQL, by the office of an academy and by an operator. */
import { assert, expect, layer } from "@effect/vitest"
import { DateTime, Effect, Result } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as UnitsOfWork from "../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { sendMessage } from "../../../src/application/handlers/SendMessage.ts"
import { Notifications } from "../../../src/application/operations/Notifications.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import type { DomainEvent } from "../../../src/domain/DomainEvent.ts"
import { EventId, type MessageId } from "../../../src/domain/Ids.ts"
import { core } from "../../support/app.ts"
import { given, member, plant, reason, terminal } from "./messages.ts"

const sms = NotificationChannel.make("SMS")

/** What the sender of SMS makes of a message that is planned. */
const sent = Effect.fnUntraced(function*(academyId: DomainEvent["academyId"], messageId: MessageId) {
  const sender = yield* sendMessage(sms)
  yield* sender.handle([{
    id: EventId.make(randomUUID()),
    type: "MessagePlanned",
    version: 1,
    academyId,
    aggregate: { type: "message", id: messageId, version: 1 },
    occurredAt: 0,
    actor: null,
    correlationId: null,
    traceparent: null,
    payload: { messageId, channel: sms }
  }])
}, Effect.provide(UnitsOfWork.layerBackground))

layer(core({ role: "api", channels: "SMS,KAKAO_TALK,PUSH" }), { excludeTestServices: true })("resending", (it) => {
  it.effect("are told once more by a new message, with who wanted it and why, and go out by the usual way", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const sql = yield* SqlClient.SqlClient
      const { about, academy, manager, one, session } = yield* given
      yield* sql`insert into attendance (id, academy_id, session_id, class_id, student_id, status, confirmed_at, version)
        values (uuidv7(), ${academy.id}, ${session.id}, ${session.classId}, ${one.student.memberId}, 'PRESENT', now(), 1)`
      const id = yield* plant({
        ...about,
        kind: "CHECK_IN",
        occasion: "",
        status: "UNDELIVERED",
        reason: "solapi-3010",
        attempts: [{ channel: "SMS", outcome: "InvalidRecipient", rule: "solapi-3010", key: "G1", cost: 8.4 }]
      })
      const again = yield* notifications.resend(id, reason).pipe(member(manager))
      expect(again).toMatchObject({
        status: "PLANNED",
        channel: "SMS",
        resendOf: id,
        resent: { by: manager.memberId, reason },
        attempts: [],
        lines: [{ kind: "CHECK_IN", studentId: one.student.memberId, sessionId: session.id }]
      })
      assert.closeTo(
        DateTime.toEpochMillis(again.deliverBy) - DateTime.toEpochMillis(again.plannedAt),
        30 * 60_000,
        5000
      )
      expect(yield* notifications.show(id).pipe(member(manager))).toMatchObject({
        status: "UNDELIVERED",
        resends: [again.id],
        attempts: [{ number: 1, outcome: "InvalidRecipient", rule: "solapi-3010", keyKept: true, cost: 8.4 }]
      })
      expect(yield* sql`select actor_id, channel, action, reason from audit_entry where subject = ${`message/${id}`}`)
        .toEqual([{ actor_id: manager.memberId, channel: "API", action: "notification.resend", reason }])
      expect(yield* sql`select type, actor from event where aggregate_id = ${again.id}`)
        .toEqual([{ type: "MessagePlanned", actor: manager.memberId }])

      // Whoever replays the other one beside it sends nothing.
      yield* sent(academy.id, id)
      assert.lengthOf((yield* notifications.show(id).pipe(terminal)).attempts, 1)
      yield* sent(academy.id, again.id)
      expect(yield* notifications.show(again.id).pipe(terminal)).toMatchObject({
        status: "ACCEPTED",
        attempts: [{ number: 1, provider: "sandbox", outcome: "Accepted" }]
      })
      assert.strictEqual((yield* notifications.resend(again.id, reason).pipe(terminal)).resent?.by, null)
      const rows = yield* sql<{ resend: number }>`select resend from notification where session_id = ${session.id}
        and kind = 'CHECK_IN' order by resend`
      assert.deepStrictEqual(rows.map(({ resend }) => resend), [0, 1, 2])
    }))

  it.effect("that no longer hold are SKIPPED as ever", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const { about, academy, manager } = yield* given
      // Nobody has checked in.
      const id = yield* plant({
        ...about,
        kind: "CHECK_IN",
        occasion: "",
        status: "UNDELIVERED",
        reason: "solapi-3010"
      })
      const again = yield* notifications.resend(id, reason).pipe(member(manager))
      yield* sent(academy.id, again.id)
      expect(yield* notifications.show(again.id).pipe(terminal)).toMatchObject({
        status: "SKIPPED",
        reason: "overtaken",
        attempts: []
      })
    }))

  it.effect("wanted by several people at the same moment are told once more once, and the others hear that it is under way", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const { about, manager } = yield* given
      const id = yield* plant({ ...about, status: "EXPIRED", reason: "too-late" })
      const all = yield* Effect.forEach(
        Array.from({ length: 6 }),
        () => Effect.result(notifications.resend(id, reason).pipe(member(manager))),
        { concurrency: "unbounded" }
      )
      const tags = all.map((one) => (Result.isSuccess(one) ? one.success.status : one.failure._tag)).toSorted()
      assert.deepStrictEqual(tags, [...Array.from({ length: 5 }, () => "MessageUnderWay"), "PLANNED"])
    }))

  it.effect("are not told once more to whom custody has forbidden it since, and at once UNDELIVERED to whom there is no way", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const sql = yield* SqlClient.SqlClient
      const { about, manager, one } = yield* given
      const id = yield* plant({ ...about, status: "UNDELIVERED", reason: "no-phone" })
      yield* sql`update member set phone = null where id = ${one.parent.memberId}`
      expect(yield* notifications.resend(id, reason).pipe(member(manager))).toMatchObject({
        status: "UNDELIVERED",
        channel: null,
        reason: "no-phone",
        recipient: { phone: null }
      })
      yield* sql`update guardianship set may_be_told = false where parent_id = ${one.parent.memberId}`
      const refusal = yield* Effect.flip(notifications.resend(id, reason).pipe(member(manager)))
      assert.strictEqual(refusal._tag, "MayNotBeTold")
    }))

  it.effect("about several absences in a row keep their count", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const sql = yield* SqlClient.SqlClient
      const { about, academy, manager, one } = yield* given
      const to = { ...about, recipientId: manager.memberId, kind: "ABSENCES_REPEATED", occasion: "3" }
      const id = yield* plant({ ...to, status: "UNDELIVERED", reason: "solapi-3010" })
      const again = yield* notifications.resend(id, reason).pipe(member(manager))
      yield* sent(academy.id, again.id)
      const [row] = yield* sql<{ body: string }>`select s.body from sandbox_message s
        join message_attempt a on a.id = s.id where a.message_id = ${again.id}`
      assert.include(row?.body, `${one.name} 학생이 수학 A 수업에 3회 연속 결석했습니다.`)
    }))
})
