/** Who was told what, and how channels did: on PostgreSQL, as the office of an academy and as an operator. */
import { assert, expect, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Notifications } from "../../../src/application/operations/Notifications.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { addDays } from "../../../src/domain/LocalTime.ts"
import { zone } from "../../support/academy.ts"
import { core } from "../../support/app.ts"
import { given, member, plant, reason, terminal } from "./messages.ts"

const sms = NotificationChannel.make("SMS")

layer(core({ role: "api", channels: "SMS,KAKAO_TALK,PUSH" }), { excludeTestServices: true })("notifications", (it) => {
  it.effect("are listed newest first, a number masked, with a line for each child, by whatever is asked for", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const { about, academy, manager, one, other, session } = yield* given
      const first = yield* plant({ ...about, status: "DELIVERED", age: 7200, accepted: 1, delivered: 2 })
      const second = yield* plant({ ...about, status: "UNDELIVERED", reason: "no-phone", channel: null, age: 3600 })
      const third = yield* plant({
        ...about,
        recipientId: other.parent.memberId,
        sessionId: null,
        studentId: null,
        status: "ACCEPTED",
        channel: "KAKAO_TALK"
      })
      const ids = (filter: object, limit = 10) =>
        notifications.list({ academyId: null, ...filter }, { limit }).pipe(
          member(manager),
          Effect.map(({ items }) => items.map(({ id }) => id))
        )
      const page = yield* notifications.list({ academyId: null }, { limit: 2 }).pipe(member(manager))
      assert.deepStrictEqual([page.items.map(({ id }) => id), page.next], [[third, second], second])
      const rest = yield* notifications.list({ academyId: null }, { limit: 2, after: second }).pipe(member(manager))
      expect(rest).toMatchObject({
        next: null,
        items: [{
          id: first,
          academyId: academy.id,
          recipient: { id: one.parent.memberId, phone: expect.stringMatching(/^010\*{4}\d{4}$/) },
          lines: [{ kind: "CORRECTED", studentId: one.student.memberId, studentName: one.name, sessionId: session.id }],
          status: "DELIVERED",
          channel: "SMS",
          reason: null,
          resendOf: null
        }]
      })
      const hourAgo = DateTime.subtract(DateTime.nowUnsafe(), { minutes: 90 })
      assert.deepStrictEqual(
        [
          yield* ids({ sessionId: session.id }),
          yield* ids({ recipientId: other.parent.memberId }),
          yield* ids({ status: "DELIVERED" }),
          yield* ids({ channel: "KAKAO_TALK" }),
          yield* ids({ notReached: true }),
          yield* ids({ from: hourAgo }),
          yield* ids({ before: hourAgo }),
          yield* ids({ sessionId: session.id, status: "ACCEPTED" })
        ],
        [[second, first], [third], [first], [third], [second], [third, second], [first], []]
      )
    }))

  it.effect("did not reach somebody when they failed, were too late, are not known of, or the person had opted out", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const { about, manager } = yield* given
      for (
        const [status, reason] of [
          ["PLANNED", null],
          ["SENDING", null],
          ["ACCEPTED", null],
          ["DELIVERED", null],
          ["SKIPPED", null],
          ["SKIPPED", "overtaken"],
          ["SKIPPED", "muted"],
          ["SKIPPED", "solapi-3047"],
          ["UNDELIVERED", "no-phone"],
          ["EXPIRED", "too-late"],
          ["UNKNOWN", "solapi-3014"]
        ] as const
      ) {
        yield* plant({ ...about, status, reason })
      }
      const { items } = yield* notifications.list({ academyId: null, notReached: true }, { limit: 20 }).pipe(
        member(manager)
      )
      assert.deepStrictEqual(
        items.map(({ reason, status }) => `${status} ${reason}`).toSorted(),
        ["EXPIRED too-late", "SKIPPED solapi-3047", "UNDELIVERED no-phone", "UNKNOWN solapi-3014"]
      )
    }))

  it.effect("are the office's own: of another academy there are none, and nobody else asks", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const { about, admin, manager, one, teacher } = yield* given
      const there = yield* given
      const id = yield* plant({ ...about, status: "UNDELIVERED", reason: "no-phone" })
      const calls = [notifications.show(id), notifications.resend(id, reason)]
      for (const call of calls) {
        expect(yield* Effect.flip(call.pipe(member(there.manager)))).toMatchObject({
          _tag: "NotFound",
          what: "message"
        })
        for (const nobody of [teacher, one.parent, one.student]) {
          assert.strictEqual((yield* Effect.flip(call.pipe(member(nobody))))._tag, "NotAllowed")
        }
        const everywhere = yield* Effect.flip(call.pipe(member({ ...admin, academyId: null })))
        assert.strictEqual(everywhere._tag, "AcademyNotNamed")
      }
      const shown = notifications.show(id)
      for (const allowed of [shown.pipe(member(manager)), shown.pipe(member(admin)), shown.pipe(terminal)]) {
        assert.strictEqual((yield* allowed).id, id)
      }
    }))

  it.effect("are measured by channel: how many, how quickly from the news on, and for how much, on the academy's days", () =>
    Effect.gen(function*() {
      const notifications = yield* Notifications
      const sql = yield* SqlClient.SqlClient
      const { about, academy, manager, today } = yield* given
      const measured = (from = addDays(today, -1), until = addDays(today, 1)) =>
        notifications.measures(from, until).pipe(member(manager))
      assert.deepStrictEqual(yield* measured(), [])
      const cost = (channel: string, cost: number) => ({ channel, outcome: "Accepted", rule: "solapi-2000", cost })
      for (const second of [1, 2, 3, 4, 5]) {
        yield* plant({
          ...about,
          status: "DELIVERED",
          eventAge: 1,
          accepted: second,
          delivered: 10 * second,
          attempts: [cost("SMS", 8.4)]
        })
      }
      // Taken by one channel, carried in the end by another one.
      yield* plant({ ...about, status: "ACCEPTED", accepted: 2, attempts: [cost("KAKAO_TALK", 7), cost("SMS", 8.4)] })
      yield* plant({ ...about, status: "UNDELIVERED", reason: "solapi-3010" })
      yield* plant({ ...about, status: "SKIPPED", reason: "overtaken" })
      yield* plant({ ...about, status: "UNDELIVERED", reason: "no-phone", channel: null })
      const found = yield* measured()
      assert.deepStrictEqual(found.map(({ channel }) => channel), [NotificationChannel.make("KAKAO_TALK"), sms, null])
      const [kakaoTalk, bySms, none] = found
      expect(kakaoTalk).toEqual({
        channel: "KAKAO_TALK",
        planned: 0,
        accepted: 0,
        delivered: 0,
        notReached: 0,
        successRate: null,
        secondsToAccepted: null,
        secondsToDelivered: null,
        spent: 7
      })
      expect(bySms).toMatchObject({ planned: 8, accepted: 6, delivered: 5, notReached: 1 })
      assert.closeTo(bySms?.successRate ?? 0, 6 / 7, 1e-9)
      assert.closeTo(bySms?.spent ?? 0, 6 * 8.4, 1e-6)
      // The event was a second old when it was planned; of the one without, the planning itself is the beginning.
      assert.closeTo(bySms?.secondsToDelivered?.p50 ?? 0, 31, 0.1)
      assert.closeTo(bySms?.secondsToAccepted?.p99 ?? 0, 6, 0.2)
      expect(none).toMatchObject({ planned: 1, accepted: 0, notReached: 1, successRate: 0, spent: 0 })

      // The academy's midnight, not the database's.
      yield* sql`update message set created_at = (${today}::date)::timestamp at time zone ${zone}
        where academy_id = ${academy.id}`
      const planned = (all: typeof found) => all.reduce((sum, { planned }) => sum + planned, 0)
      assert.strictEqual(planned(yield* measured(today, today)), 9)
      assert.strictEqual(planned(yield* measured(addDays(today, -1), addDays(today, -1))), 0)
      for (const [from, until] of [[today, addDays(today, -1)], [addDays(today, -92), today]] as const) {
        expect(yield* Effect.flip(measured(from, until))).toMatchObject({ _tag: "InvalidPeriod", mostDays: 92 })
      }
    }))
})
