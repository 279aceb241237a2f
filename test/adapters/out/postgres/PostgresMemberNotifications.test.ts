/** What members wish and were told, on PostgreSQL. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { LeaveCommands } from "../../../../src/application/commands/LeaveCommands.ts"
import { MemberNotificationCommands } from "../../../../src/application/commands/MemberNotificationCommands.ts"
import { MemberNotificationQueries } from "../../../../src/application/queries/MemberNotificationQueries.ts"
import { NotificationChannel } from "../../../../src/domain/Channel.ts"
import type { Actor } from "../../../../src/domain/Permission.ts"
import { as, makeAcademy } from "../../../support/academy.ts"
import { core } from "../../../support/app.ts"

const sms = NotificationChannel.make("SMS")

/** A notification as planning writes one; the ids of later ones are greater. */
const plan = Effect.fnUntraced(function*(
  to: Actor,
  about: { readonly kind: string; readonly studentId?: string; readonly sessionId?: string; readonly leaveId?: string }
) {
  const sql = yield* SqlClient.SqlClient
  const messageId = randomUUID()
  yield* sql`insert into message (id, academy_id, recipient_id, status, channel, deliver_by)
    values (${messageId}, ${to.academyId}::uuid, ${to.memberId}, 'ACCEPTED', 'SMS', now())`
  yield* sql`insert into notification (id, academy_id, kind, session_id, leave_id, student_id, occasion, event_id,
      recipient_id, message_id)
    values (uuidv7(), ${to.academyId}::uuid, ${about.kind}, ${about.sessionId ?? null}::uuid,
      ${about.leaveId ?? null}::uuid, ${about.studentId ?? null}::uuid, ${randomUUID()}, ${randomUUID()},
      ${to.memberId}, ${messageId})`
})
const told = (by: Actor, limit = 10) =>
  Effect.flatMap(MemberNotificationQueries, (queries) => queries.told({ limit }).pipe(as(by)))

layer(core(), { excludeTestServices: true })("a member", (it) => {
  it.effect("has the wishes said last, with one more version each time, and nobody else's", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const commands = yield* MemberNotificationCommands
      const queries = yield* MemberNotificationQueries
      const { manager, teacher } = yield* makeAcademy({ students: 0 })
      yield* commands.prefer({ channels: [sms], muted: [] }).pipe(as(teacher))
      yield* commands.prefer({ channels: [], muted: ["ROLL_UNMARKED"] }).pipe(as(teacher))
      assert.deepStrictEqual(yield* queries.preference.pipe(as(teacher)), { channels: [], muted: ["ROLL_UNMARKED"] })
      assert.deepStrictEqual(yield* queries.preference.pipe(as(manager)), { channels: [], muted: [] })
      const rows = yield* sql`select version from notification_preference where member_id = ${teacher.memberId}`
      assert.deepStrictEqual(rows.map(({ version }) => version), [2])
    }))

  it.effect("reads of sessions, of leave and of whole rolls, newest first, as much as is asked for", () =>
    Effect.gen(function*() {
      const { class: its, session, students: [child], teacher, today } = yield* makeAcademy({ students: 1 })
      const leaves = yield* LeaveCommands
      if (child === undefined) return yield* Effect.die("one student")
      const { parent, student } = child
      const leave = { studentId: student.memberId, from: today, until: today, reason: "flu" }
      const { id: leaveId } = yield* leaves.request(leave).pipe(as(parent))
      yield* plan(parent, { kind: "CHECK_IN", studentId: student.memberId, sessionId: session.id })
      yield* plan(parent, { kind: "LEAVE_APPROVED", studentId: student.memberId, leaveId })
      yield* plan(teacher, { kind: "ROLL_UNMARKED", sessionId: session.id })
      const { items, next } = yield* told(parent)
      assert.isNull(next)
      const both = { studentId: student.memberId, studentName: child.name, status: "ACCEPTED", channel: sms } as const
      assert.lengthOf(items, 2)
      assert.deepInclude(items[0], {
        ...both,
        kind: "LEAVE_APPROVED",
        sessionId: null,
        leaveId,
        className: null,
        day: today
      })
      assert.deepInclude(items[1], {
        ...both,
        kind: "CHECK_IN",
        sessionId: session.id,
        leaveId: null,
        className: its.name,
        day: session.date
      })
      const first = yield* told(parent, 1)
      assert.deepStrictEqual([first.items, first.next], [items.slice(0, 1), items[0]?.id ?? null])
      assert.deepInclude((yield* told(teacher)).items[0], { kind: "ROLL_UNMARKED", studentId: null, studentName: null })
    }))

  it.effect("of whom custody says by now to tell nothing reads nothing of that child any more", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { session, students: [child] } = yield* makeAcademy({ students: 1 })
      if (child === undefined) return yield* Effect.die("one student")
      const { parent, student } = child
      yield* plan(parent, { kind: "CHECK_IN", studentId: student.memberId, sessionId: session.id })
      assert.lengthOf((yield* told(parent)).items, 1)
      yield* sql`update guardianship set may_be_told = false where parent_id = ${parent.memberId}`
      assert.lengthOf((yield* told(parent)).items, 0)
    }))
})
