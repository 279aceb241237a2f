/** The end of sessions on PostgreSQL: which close, how often, and who hears of absences in a row. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { background } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { LeaveCommands } from "../../../src/application/commands/LeaveCommands.ts"
import { closeSessions } from "../../../src/application/jobs/CloseSessions.ts"
import { SessionId } from "../../../src/domain/Ids.ts"
import { addDays } from "../../../src/domain/LocalTime.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const core = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => coreOn(url)))
const closing = Effect.flatMap(closeSessions, (job) => job.run).pipe(Effect.provide(background))

type Given = Effect.Success<ReturnType<typeof makeAcademy>>
type Status = "PRESENT" | "LATE" | "ABSENT" | "EXCUSED" | "REQUESTED" | null

/** A session so many days before the one of now, that ended an hour and a minute after it began; a status a student. */
const session = Effect.fnUntraced(function*(given: Given, daysAgo: number, statuses: ReadonlyArray<Status>) {
  const sql = yield* SqlClient.SqlClient
  const id = randomUUID()
  yield* sql`update enrollment set from_date = from_date - 60
    where class_id = ${given.class.id} and from_date > ${given.today}::date - 30`
  yield* sql`insert into class_session (id, academy_id, class_id, day, starts_at, ends_at, status, version)
    values (${id}, ${given.academy.id}, ${given.class.id}, ${addDays(given.today, -daysAgo)},
      now() - ${daysAgo} * interval '1 day' - interval '122 minutes',
      now() - ${daysAgo} * interval '1 day' - interval '61 minutes', 'SCHEDULED', 1)`
  for (const [n, status] of statuses.entries()) {
    const student = given.students[n]?.student.memberId
    if (status === null || student === undefined) continue
    yield* sql`insert into attendance (id, academy_id, session_id, class_id, student_id, status, version)
      values (${randomUUID()}, ${given.academy.id}, ${id}, ${given.class.id}, ${student}, ${status}, 1)`
  }
  return id
})
const statusOf = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ status: string; version: number }>`
      select status, version from class_session where id = ${id}`
    return row === undefined ? "" : `${row.status} ${row.version}`
  })
const events = (given: Given, type: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ payload: Readonly<Record<string, unknown>> }>`
      select payload from event where type = ${type} and academy_id = ${given.academy.id} order by id`
    return rows.map(({ payload }) => payload)
  })

layer(core, { excludeTestServices: true })("CloseSessions", (it) => {
  it.effect("closes what ended long enough ago, once, however many run; nothing else", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const given = yield* makeAcademy({ students: 1 })
      const over = yield* Effect.forEach([0, 1, 2, 3], (days) => session(given, days, []))
      const cancelled = yield* session(given, 4, [])
      yield* sql`update class_session set status = 'CANCELLED', cause = 'PERSON' where id = ${cancelled}`
      const recent = yield* session(given, 0, [])
      yield* sql`update class_session set ends_at = ends_at + interval '2 minutes' where id = ${recent}`
      yield* Effect.all([closing, closing, closing, closing], { concurrency: 4 })
      yield* closing
      for (const id of over) assert.strictEqual(yield* statusOf(id), "CLOSED 2")
      assert.strictEqual(yield* statusOf(cancelled), "CANCELLED 1")
      assert.strictEqual(yield* statusOf(recent), "SCHEDULED 1")
      assert.strictEqual(yield* statusOf(given.session.id), "SCHEDULED 1")
      const told = (yield* events(given, "SessionClosed")).map(({ sessionId }) => String(sessionId))
      assert.deepStrictEqual(told.toSorted(), over.toSorted())
    }))

  it.effect("tells of the student who has just missed the third session in a row, in whatever order they close", () =>
    Effect.gen(function*() {
      const leaves = yield* LeaveCommands
      const given = yield* makeAcademy({ students: 5 })
      const [row, short, broken, onLeave] = given.students.map(({ student }) => student.memberId)
      // The first misses three, the excuse in between is passed over; the fifth is always there.
      yield* session(given, 6, ["PRESENT", "PRESENT", "ABSENT", "ABSENT", "PRESENT"])
      yield* session(given, 5, ["ABSENT", "PRESENT", "ABSENT", "ABSENT", "PRESENT"])
      // Nobody has marked this roll.
      yield* session(given, 4, [null, null, null, null, "REQUESTED"])
      yield* session(given, 3, ["EXCUSED", "ABSENT", "LATE", null, "PRESENT"])
      yield* session(given, 2, [null, "ABSENT", "ABSENT", null, "PRESENT"])
      yield* leaves.request({
        studentId: onLeave ?? given.manager.memberId,
        from: addDays(given.today, -3),
        until: addDays(given.today, -1),
        reason: "flu"
      }).pipe(as(given.manager))
      yield* Effect.all([closing, closing], { concurrency: 2 })
      assert.deepStrictEqual(yield* events(given, "AbsencesRepeated"), [])
      const last = yield* session(given, 1, [null, "REQUESTED", null, null, "LATE"])
      yield* closing
      const told = yield* events(given, "AbsencesRepeated")
      assert.deepInclude(told, {
        sessionId: last,
        classId: given.class.id,
        sessionDate: addDays(given.today, -1),
        studentId: row,
        count: 3
      })
      assert.lengthOf(told, 1)
      assert.notInclude(told.map(({ studentId }) => studentId), short)
      assert.notInclude(told.map(({ studentId }) => studentId), broken)
      yield* session(given, 0, [null, null, null, null, "PRESENT"])
      yield* closing
      // The row of the first goes on and is told no more; the others' are three long now.
      const more = (yield* events(given, "AbsencesRepeated")).slice(1).map(({ studentId }) => String(studentId))
      assert.deepStrictEqual(more.toSorted(), [short, broken, onLeave].map(String).toSorted())
    }))

  it.effect("leaves it to the office to enter who was there, for a roll that was never marked", () =>
    Effect.gen(function*() {
      const attendances = yield* AttendanceCommands
      const given = yield* makeAcademy({ students: 1 })
      const id = yield* session(given, 1, [])
      yield* closing
      const [found] = yield* events(given, "SessionClosed")
      assert.strictEqual(found?.["sessionId"], id)
      const student = given.students[0]?.student.memberId ?? given.manager.memberId
      const confirm = attendances.confirm(SessionId.make(id), [{ studentId: student }])
      assert.strictEqual((yield* Effect.flip(confirm.pipe(as(given.teacher))))._tag, "SessionNotOpen")
      const [entered] = yield* confirm.pipe(as(given.manager))
      assert.strictEqual(entered?.status, "PRESENT")
      const [told] = yield* events(given, "AttendanceConfirmed")
      assert.strictEqual(told?.["afterClose"], true)
    }))
})
