/** Leave and attendance on PostgreSQL: who is excused by the system, and that nobody is alarmed about them. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { SqlClient } from "effect/sql"
import { background } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { LeaveCommands } from "../../../src/application/commands/LeaveCommands.ts"
import { detectMissing } from "../../../src/application/jobs/DetectMissing.ts"
import { LeaveId } from "../../../src/domain/Ids.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const core = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => coreOn(url)))
const detect = Effect.flatMap(detectMissing, (job) => job.run).pipe(Effect.provide(background))

type Given = Effect.Success<ReturnType<typeof makeAcademy>>
const of = (given: Given, n: number) => given.students[n] ?? { student: given.teacher, parent: given.teacher }

/** Leave on the day of the session, as a parent asks for it or as the office enters it. */
const ask = (given: Given, n: number, by: Actor) =>
  Effect.flatMap(LeaveCommands, (commands) =>
    commands.request({
      studentId: of(given, n).student.memberId,
      from: given.today,
      until: given.today,
      reason: "flu"
    }).pipe(as(by)))
const enter = (given: Given, n: number) => ask(given, n, given.manager)
const press = (given: Given, n: number) =>
  Effect.flatMap(AttendanceCommands, (commands) => commands.request(given.session.id).pipe(as(of(given, n).student)))
const confirm = (given: Given, n: number, status?: "EXCUSED") =>
  Effect.flatMap(AttendanceCommands, (commands) =>
    commands.confirm(given.session.id, [{
      studentId: of(given, n).student.memberId,
      ...(status === undefined ? {} : { status })
    }]).pipe(as(given.teacher)))

/** Of each student: the status and how it came about. */
const attendances = (given: Given) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ student: string; status: string; channel: string; by: string | null }>`
      select a.student_id as student, a.status, h.channel, coalesce(a.confirmed_by, h.actor_id) as by
      from attendance a join attendance_change h on h.attendance_id = a.id and h.version = a.version
      where a.session_id = ${given.session.id}`
    return given.students.map(({ student }) => {
      const row = rows.find((one) => one.student === student.memberId)
      return row === undefined ? null : `${row.status} ${row.channel}${row.by === null ? "" : " by somebody"}`
    })
  })
const decisions = (given: Given) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ student: string; state: string; reason: string }>`
      select student_id as student, state, reason from absence_decision where session_id = ${given.session.id}`
    return given.students.map(({ student }) => {
      const row = rows.find((one) => one.student === student.memberId)
      return row === undefined ? null : `${row.state} ${row.reason}`
    })
  })

layer(core, { excludeTestServices: true })("an approved leave", (it) => {
  it.effect("becomes EXCUSED when the session has begun, once, by nobody but the system", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const given = yield* makeAcademy({ students: 3, startsIn: -1 })
      yield* enter(given, 0)
      yield* ask(given, 1, of(given, 1).parent)
      yield* Effect.all([detect, detect, detect], { concurrency: 3 })
      assert.deepStrictEqual(yield* attendances(given), ["EXCUSED SYSTEM", null, null])
      const events = yield* sql<{ actor: string | null; status: string }>`
        select actor, payload ->> 'status' as status from event
        where type = 'AttendanceConfirmed' and payload ->> 'sessionId' = ${given.session.id}`
      assert.deepStrictEqual(events.map((one) => ({ ...one })), [{ actor: null, status: "EXCUSED" }])
    }))

  it.effect("waits for the session to begin", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 1, startsIn: 20 })
      yield* enter(given, 0)
      yield* detect
      assert.deepStrictEqual(yield* attendances(given), [null])
    }))

  it.effect("in the middle of the session excuses whom nobody has seen, and whose request was refused", () =>
    Effect.gen(function*() {
      const commands = yield* AttendanceCommands
      const given = yield* makeAcademy({ students: 4, startsIn: -20 })
      const pressed = yield* press(given, 1)
      yield* press(given, 2)
      yield* confirm(given, 3)
      yield* detect
      for (const n of [0, 1, 2, 3]) yield* enter(given, n)
      yield* detect
      const present = "LATE API by somebody"
      assert.deepStrictEqual(yield* attendances(given), [
        "EXCUSED SYSTEM",
        "REQUESTED API by somebody",
        "REQUESTED API by somebody",
        present
      ])
      yield* commands.refuse(pressed.id, "not seen").pipe(as(given.teacher))
      yield* confirm(given, 2)
      yield* detect
      assert.deepStrictEqual(yield* attendances(given), ["EXCUSED SYSTEM", "EXCUSED SYSTEM", present, present])
    }))

  it.effect("keeps the alarm from the parents, and marks nobody's roll", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 3, startsIn: -12, missingAfter: 10 })
      yield* enter(given, 0)
      yield* detect
      assert.deepStrictEqual(yield* decisions(given), ["SKIPPED LEAVE", "HELD ROLL_UNMARKED", "HELD ROLL_UNMARKED"])
      yield* confirm(given, 1)
      yield* detect
      assert.deepStrictEqual(yield* decisions(given), ["SKIPPED LEAVE", "SKIPPED ATTENDED", "ALERTED NOT_THERE"])
    }))
})

/** What people and the detector do at once, about one of two students; a third one is present from the start. */
const Act = Schema.Struct({
  what: Schema.Literals(["ask", "approve", "enter", "press", "confirm", "excuse", "detect", "detect"]),
  student: Schema.Literals([0, 1])
})
const History = Schema.Array(Schema.Array(Act).check(Schema.isMinLength(1), Schema.isMaxLength(5)))
  .check(Schema.isMinLength(1), Schema.isMaxLength(4))

/** Sees at each alarm, behind every lock, what has been committed about the student. */
const watching = Layer.effectDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`create table wrong_alarm (session_id uuid, why text)`
  yield* sql`create function watch_alarm() returns trigger language plpgsql as $$
    begin
      insert into wrong_alarm
      select new.session_id, 'leave' from class_session s join leave_note l on l.student_id = new.student_id
        and l.status = 'APPROVED' and s.day between l.from_date and l.until_date where s.id = new.session_id
      union all
      select new.session_id, a.status from attendance a where a.session_id = new.session_id
        and a.student_id = new.student_id and a.status not in ('NONE', 'ABSENT');
      return null;
    end $$`
  yield* sql`create trigger watch_alarm after insert or update on absence_decision
    for each row when (new.state = 'ALERTED') execute function watch_alarm()`
}))

layer(watching.pipe(Layer.provideMerge(core)), { excludeTestServices: true })("whatever happens at once", (it) => {
  const act = (given: Given, { student, what }: typeof Act.Type) =>
    Effect.gen(function*() {
      const leaves = yield* LeaveCommands
      const sql = yield* SqlClient.SqlClient
      switch (what) {
        case "ask":
          return yield* ask(given, student, of(given, student).parent)
        case "approve": {
          const rows = yield* sql<{ id: string }>`
            select id from leave_note where student_id = ${of(given, student).student.memberId}`
          return yield* Effect.forEach(
            rows,
            ({ id }) => leaves.approve(LeaveId.make(id), {}).pipe(as(given.manager))
          )
        }
        case "enter":
          return yield* enter(given, student)
        case "press":
          return yield* press(given, student)
        case "confirm":
          return yield* confirm(given, student)
        case "excuse":
          return yield* confirm(given, student, "EXCUSED")
        case "detect":
          return yield* detect
      }
    }).pipe(Effect.catchTags({
      // What cannot be is refused.
      InvalidTransition: () => Effect.void,
      LeaveOverlaps: () => Effect.void,
      LeaveNotRequested: () => Effect.void
    }))

  it.effect.prop(
    "nobody is alarmed about a student of whom it is committed that they came, asked, or need not come",
    [Arbitrary.schema(History)],
    ([history]) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const given = yield* makeAcademy({ students: 3, startsIn: -12, missingAfter: 10 })
        yield* confirm(given, 2)
        for (const round of history) {
          yield* Effect.forEach(round, (one) => act(given, one), { concurrency: "unbounded", discard: true })
        }
        yield* detect
        assert.deepStrictEqual(yield* sql`select * from wrong_alarm`, [])
        // And in the end everybody has been thought of.
        const states = yield* decisions(given)
        const statuses = yield* attendances(given)
        for (const n of [0, 1]) assert.isTrue(states[n] !== null || statuses[n] !== null, `${states[n]} ${statuses[n]}`)
      }),
    { arbitrary: { runs: 25 } }
  )
})
