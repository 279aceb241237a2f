/** Whom a message reaches and how: what the person wishes and has, what the academy uses, and at which hours. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { AcademyCommands } from "../../../src/application/commands/AcademyCommands.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { ChannelCommands } from "../../../src/application/commands/ChannelCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { MemberNotificationCommands } from "../../../src/application/commands/MemberNotificationCommands.ts"
import { MemberNotificationQueries } from "../../../src/application/queries/MemberNotificationQueries.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { LocalTime, timeIn } from "../../../src/domain/LocalTime.ts"
import type { NotificationKind } from "../../../src/domain/Notification.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { as, makeAcademy, person, zone } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { running } from "../../support/app.ts"

const [push, kakaoTalk, sms] = [
  NotificationChannel.make("PUSH"),
  NotificationChannel.make("KAKAO_TALK"),
  NotificationChannel.make("SMS")
]

/** An academy with one student, whose parent is to be told. */
const family = Effect.gen(function*() {
  const given = yield* makeAcademy({ students: 1 })
  const [child] = given.students
  return child === undefined ? yield* Effect.die("one student") : { ...given, child, parent: child.parent }
})
type Family = Effect.Success<typeof family>

/** The teacher enters that the child is there: a CHECK_IN. */
const comes = ({ child, session, teacher }: Family) =>
  Effect.flatMap(
    AttendanceCommands,
    (commands) =>
      commands.confirm(session.id, [{ studentId: child.student.memberId, status: "PRESENT" }]).pipe(as(teacher))
  )
/** And then something else: a CORRECTED. */
const corrected = Effect.fnUntraced(function*({ child, manager, session }: Family, to: "LATE" | "EXCUSED") {
  const sql = yield* SqlClient.SqlClient
  const commands = yield* AttendanceCommands
  const [row] = yield* sql<{ id: Parameters<typeof commands.correct>[0] }>`
    select id from attendance where session_id = ${session.id} and student_id = ${child.student.memberId}`
  if (row === undefined) return yield* Effect.die("nobody came")
  yield* commands.correct(row.id, to, "mistaken").pipe(as(manager))
})
const prefer = (by: Actor, channels: ReadonlyArray<NotificationChannel>, muted: ReadonlyArray<NotificationKind> = []) =>
  Effect.flatMap(MemberNotificationCommands, (commands) => commands.prefer({ channels, muted }).pipe(as(by)))
const register = (by: Actor, token: string = randomUUID()) =>
  Effect.flatMap(
    MemberNotificationCommands,
    (commands) => commands.register({ platform: "ANDROID", token: Redacted.make(token) }).pipe(as(by))
  )

/** Messages of the academy as "KIND STATUS CHANNEL reason", in the order in which they were planned. */
const messages = ({ academy }: Family) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ told: string }>`
        select concat_ws(' ', (select min(n.kind) from notification n where n.message_id = m.id), m.status, m.channel,
          m.reason) as told from message m where m.academy_id = ${academy.id} order by m.id`,
      (rows) => rows.map(({ told }) => told)
    ))
const areTold = (given: Family, ...expected: ReadonlyArray<string>) =>
  becomes(messages(given), (now) => assert.deepStrictEqual(now, expected))
const attempts = ({ academy }: Family) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ channel: string }>`select a.channel from message_attempt a join message m on m.id = a.message_id
        where m.academy_id = ${academy.id} order by a.started_at`,
      (rows) => rows.map(({ channel }) => channel)
    ))

layer(running(), { excludeTestServices: true })("a person", (it) => {
  it.effect("who mutes a kind is not told of it, and still of the others", () =>
    Effect.gen(function*() {
      const given = yield* family
      yield* prefer(given.parent, [], ["CHECK_IN"])
      yield* comes(given)
      yield* areTold(given, "CHECK_IN SKIPPED muted")
      yield* corrected(given, "LATE")
      yield* areTold(given, "CHECK_IN SKIPPED muted", "CORRECTED ACCEPTED KAKAO_TALK")
      assert.deepStrictEqual(yield* attempts(given), ["KAKAO_TALK"])
    }))

  it.effect("is told on the channel preferred, if the academy uses it, else on the next", () =>
    Effect.gen(function*() {
      const given = yield* family
      const channels = yield* ChannelCommands
      const use = (channel: NotificationChannel, enabled: boolean) =>
        channels.change(channel, { enabled }).pipe(as(given.manager))
      yield* prefer(given.parent, [sms])
      yield* comes(given)
      yield* areTold(given, "CHECK_IN ACCEPTED SMS")
      yield* use(sms, false)
      yield* corrected(given, "LATE")
      yield* areTold(given, "CHECK_IN ACCEPTED SMS", "CORRECTED ACCEPTED KAKAO_TALK")
      yield* use(sms, true)
      yield* use(kakaoTalk, false)
      yield* prefer(given.parent, [kakaoTalk])
      yield* corrected(given, "EXCUSED")
      yield* areTold(
        given,
        "CHECK_IN ACCEPTED SMS",
        "CORRECTED ACCEPTED KAKAO_TALK",
        "CORRECTED ACCEPTED SMS"
      )
    }))

  it.effect("with a device is told there first, and on the phone when it is gone, or somebody else's", () =>
    Effect.gen(function*() {
      const given = yield* family
      const commands = yield* MemberNotificationCommands
      const token = randomUUID()
      yield* register(given.parent, token)
      yield* comes(given)
      yield* areTold(given, "CHECK_IN ACCEPTED PUSH")
      yield* register(given.child.student, token)
      yield* corrected(given, "LATE")
      yield* areTold(given, "CHECK_IN ACCEPTED PUSH", "CORRECTED ACCEPTED KAKAO_TALK")
      const { id } = yield* register(given.parent)
      yield* commands.unregister(id).pipe(as(given.parent))
      yield* corrected(given, "EXCUSED")
      yield* areTold(
        given,
        "CHECK_IN ACCEPTED PUSH",
        "CORRECTED ACCEPTED KAKAO_TALK",
        "CORRECTED ACCEPTED KAKAO_TALK"
      )
      assert.deepStrictEqual(yield* attempts(given), [push, kakaoTalk, kakaoTalk])
    }))

  it.effect("with neither a phone nor a device is not reached, and an event says so", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const given = yield* family
      yield* sql`update member set phone = null where id = ${given.parent.memberId}`
      yield* comes(given)
      yield* areTold(given, "CHECK_IN UNDELIVERED no-phone")
      const undelivered = yield* sql`
        select 1 from event e join message m on m.id = e.aggregate_id
        where e.type = 'NotificationUndelivered' and m.academy_id = ${given.academy.id}`
      assert.lengthOf(undelivered, 1)
      assert.deepStrictEqual(yield* attempts(given), [])
    }))

  it.effect("of whom custody says to tell nothing hears nothing, however well reached", () =>
    Effect.gen(function*() {
      const given = yield* family
      const members = yield* MemberCommands
      const queries = yield* MemberNotificationQueries
      const { id } = yield* members.create(person("PARENT")).pipe(as(given.manager))
      const link = { parentId: id, relationship: "FATHER", mayBeTold: false } as const
      yield* members.linkGuardian(given.child.student.memberId, link).pipe(as(given.manager))
      const barred: Actor = { ...given.parent, memberId: id, children: [] }
      yield* register(barred)
      yield* comes(given)
      yield* areTold(given, "CHECK_IN ACCEPTED KAKAO_TALK")
      const own = yield* queries.told({ limit: 10 }).pipe(as(given.parent))
      assert.deepStrictEqual(own.items.map(({ kind }) => kind), ["CHECK_IN"])
      assert.deepStrictEqual((yield* queries.told({ limit: 10 }).pipe(as(barred))).items, [])
    }))

  it.effect("is left in peace in the academy's quiet hours, and told when they are over", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const given = yield* family
      const academies = yield* AcademyCommands
      const now = yield* DateTime.now
      const time = (minutes: number) => LocalTime.make(timeIn(zone, DateTime.add(now, { minutes })))
      const quiet = (from: number, until: number) =>
        academies.change({
          settings: { ...given.academy.settings, quietHours: { from: time(from), until: time(until) } }
        }).pipe(as(given.manager))
      yield* quiet(-60, 180)
      yield* comes(given)
      const waiting = sql<{ attempts: number; later: boolean }>`
        select attempts, next_attempt_at > now() + interval '170 minutes' as later from event_delivery
        where academy_id = ${given.academy.id} and handler = 'SendMessage:KAKAO_TALK' and owner is null`
      yield* becomes(waiting, (rows) => assert.deepStrictEqual({ ...rows[0] }, { attempts: 0, later: true }))
      assert.deepStrictEqual(yield* messages(given), ["CHECK_IN PLANNED KAKAO_TALK"])
      assert.deepStrictEqual(yield* attempts(given), [])
      // Instead of hours later: they end an hour ago, and the delivery is due.
      yield* quiet(-180, -60)
      yield* sql`update event_delivery set next_attempt_at = now()
        where academy_id = ${given.academy.id} and handler = 'SendMessage:KAKAO_TALK'`
      yield* areTold(given, "CHECK_IN ACCEPTED KAKAO_TALK")
      assert.deepStrictEqual(yield* attempts(given), ["KAKAO_TALK"])
    }))
})
