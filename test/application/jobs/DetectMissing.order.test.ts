/**
 * The detector and the one who confirms meet at the same student, in both orders: the second waits for the first, and sees
 * what it has done. Which is first is made sure by a row that somebody else holds.
 */
import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { background } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { detectMissing } from "../../../src/application/jobs/DetectMissing.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const detect = Effect.flatMap(detectMissing, (job) => job.run).pipe(Effect.provide(background))

/** Two students, of whom the first is confirmed: so the second is missing. And a session that can hold rows. */
const given = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const academy = yield* makeAcademy({ students: 2, startsIn: -12, missingAfter: 10 })
  const sql = yield* SqlClient.SqlClient
  const [first, second] = academy.students.map(({ student }) => student.memberId)
  if (first === undefined || second === undefined) return yield* Effect.die("too few")
  const confirm = (studentId: typeof first) =>
    Effect.flatMap(
      AttendanceCommands,
      (commands) => commands.confirm(academy.session.id, [{ studentId, status: "PRESENT" }]).pipe(as(academy.teacher))
    )
  yield* confirm(first)
  const holder = yield* PgConnection.make({ url })
  yield* holder.query("begin")
  const waiting = (count: number) =>
    becomes(
      sql`select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      (rows) => assert.lengthOf(rows, count)
    )
  const outcome = Effect.gen(function*() {
    const [row] = yield* sql<{ decision: string | null; status: string | null; alarms: number }>`
      select (select state from absence_decision where student_id = ${second}) as decision,
        (select status from attendance where student_id = ${second}) as status,
        (select count(*)::int from event where type = 'AttendanceMissed') as alarms`
    return row
  })
  const { academy: { id: academyId }, class: { id: classId }, session: { id: sessionId } } = academy
  return { confirm: confirm(second), holder, ids: { academyId, classId, sessionId, second }, outcome, waiting }
})

const on = <A, E, R>(work: (url: Redacted.Redacted) => Effect.Effect<A, E, R>) =>
  Effect.scoped(
    Effect.flatMap(freshDatabaseUrl(), ({ url }) => Effect.provide(work(url), Layer.fresh(coreOn(url))))
  )

describe("a student who is confirmed while the detector looks", () => {
  it.live("is not reported missing when the teacher was first", () =>
    on((url) =>
      Effect.gen(function*() {
        const { confirm, holder, ids, outcome, waiting } = yield* given(url)
        // The teacher's transaction has the enrollment, and cannot end.
        yield* holder.query(
          `insert into attendance (id, academy_id, session_id, class_id, student_id, status, version)
          values (gen_random_uuid(), $1, $2, $3, $4, 'NONE', 1)`,
          [ids.academyId, ids.sessionId, ids.classId, ids.second]
        )
        const confirming = yield* Effect.forkChild(confirm)
        yield* waiting(1)
        const detecting = yield* Effect.forkChild(detect)
        yield* waiting(2)
        yield* holder.query("rollback")
        yield* Fiber.join(confirming)
        yield* Fiber.join(detecting)
        assert.deepStrictEqual(yield* outcome, { decision: null, status: "PRESENT", alarms: 0 })
      })
    ))

  it.live("is taken back when the detector was first", () =>
    on((url) =>
      Effect.gen(function*() {
        const { confirm, holder, ids, outcome, waiting } = yield* given(url)
        // The detector's transaction has the enrollments, and cannot end.
        yield* holder.query(
          `insert into absence_decision (session_id, student_id, academy_id, class_id, state, reason, version, decided_at)
          values ($1, $2, $3, $4, 'HELD', 'ROLL_UNMARKED', 1, now())`,
          [ids.sessionId, ids.second, ids.academyId, ids.classId]
        )
        const detecting = yield* Effect.forkChild(detect)
        yield* waiting(1)
        const confirming = yield* Effect.forkChild(confirm)
        yield* waiting(2)
        yield* holder.query("rollback")
        yield* Fiber.join(detecting)
        yield* Fiber.join(confirming)
        assert.deepStrictEqual(yield* outcome, { decision: "RETRACTED", status: "PRESENT", alarms: 1 })
      })
    ))
})
