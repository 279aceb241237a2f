/** The child who is not there, on PostgreSQL: who is told, how often, and what happens when it comes meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { background, handlers } from "../../../src/App.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { detectMissing } from "../../../src/application/jobs/DetectMissing.ts"
import { Queries } from "../../../src/application/queries/Queries.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { coreOn, testSettings } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const detect = Effect.flatMap(detectMissing, (job) => job.run).pipe(Effect.provide(background))

/** Use cases, and handlers where messages are looked at. */
const core = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => coreOn(url)))
const running = Layer.unwrap(
  Effect.map(freshDatabaseUrl(), ({ url }) => handlers(testSettings).pipe(Layer.provideMerge(coreOn(url))))
)

type Given = Effect.Success<ReturnType<typeof makeAcademy>>

const studentOf = (given: Given, n: number) => given.students[n]?.student ?? given.teacher
const confirm = (given: Given, n: number, status?: "ABSENT") =>
  Effect.flatMap(AttendanceCommands, (commands) =>
    commands.confirm(given.session.id, [{
      studentId: studentOf(given, n).memberId,
      ...(status === undefined ? {} : { status })
    }]).pipe(as(given.teacher)))
const decisions = (given: Given) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ student: string; state: string }>`
      select student_id as student, state from absence_decision where session_id = ${given.session.id}`
    return given.students.map(({ student }) => rows.find((row) => row.student === student.memberId)?.state ?? null)
  })
const events = (type: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return (yield* sql`select id from event where type = ${type}`).length
  })
/** What reached whom, in the order of planning. */
const inbox = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ kind: string; status: string }>`
    select n.kind, m.status from notification n join message m on m.id = n.message_id order by n.id`
  return rows.map(({ kind, status }) => `${kind} ${status}`)
})
const settled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* becomes(sql`select 1 from event_delivery`, (left) => assert.lengthOf(left, 0))
})

describe("the detector", () => {
  it.live("alarms about who is not there once somebody is, each once, however often and by how many it runs", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 3, startsIn: -12, missingAfter: 10 })
      yield* detect
      assert.deepStrictEqual(yield* decisions(given), ["HELD", "HELD", "HELD"])
      assert.strictEqual(yield* events("RollUnmarked"), 1)
      yield* confirm(given, 0)
      yield* Effect.all([detect, detect, detect, detect], { concurrency: 4 })
      assert.deepStrictEqual(yield* decisions(given), ["SKIPPED", "ALERTED", "ALERTED"])
      assert.strictEqual(yield* events("AttendanceMissed"), 2)
      yield* detect
      assert.strictEqual(yield* events("AttendanceMissed"), 2)
      assert.strictEqual(yield* events("RollUnmarked"), 1)
    }).pipe(Effect.provide(core)))

  it.live("leaves a session alone that has just begun", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 2, startsIn: -8, missingAfter: 10 })
      yield* confirm(given, 0)
      yield* detect
      assert.deepStrictEqual(yield* decisions(given), [null, null])
    }).pipe(Effect.provide(core)))

  it.live(
    "never alarms about a student whom a committed attendance covers, and takes back each alarm of one who comes",
    () =>
      Effect.gen(function*() {
        // Many rolls, on each of which the detector and the teacher's confirmation run at the same moment.
        for (let round = 0; round < 12; round++) {
          const given = yield* makeAcademy({ students: 4, startsIn: -12, missingAfter: 10 })
          yield* confirm(given, 0)
          yield* Effect.all([detect, confirm(given, 1), detect, confirm(given, 2), detect], { concurrency: 5 })
          const [, one, two, three] = yield* decisions(given)
          assert.strictEqual(three, "ALERTED")
          for (const state of [one, two]) assert.include([null, "RETRACTED"], state)
          const sql = yield* SqlClient.SqlClient
          const told = yield* sql<{ alarms: number; takenBack: number }>`
          select (select count(*)::int from event where type = 'AttendanceMissed'
              and payload ->> 'sessionId' = ${given.session.id}) as alarms,
            (select count(*)::int from event where type = 'AttendanceConfirmed'
              and payload ->> 'sessionId' = ${given.session.id} and (payload ->> 'afterAlert')::boolean) as "takenBack"`
          const retracted = [one, two].filter((state) => state === "RETRACTED").length
          assert.deepStrictEqual({ ...told[0] }, { alarms: 1 + retracted, takenBack: retracted })
        }
      }).pipe(Effect.provide(core))
  )
})

describe("the guardians", () => {
  it.live("hear that the child is missing, and that it has arrived when it comes after all", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 2, startsIn: -12, missingAfter: 10 })
      yield* confirm(given, 0)
      yield* detect
      yield* becomes(inbox, (now) => assert.deepStrictEqual(now, ["LATE ACCEPTED", "MISSING ACCEPTED"]))
      yield* confirm(given, 1)
      yield* becomes(
        inbox,
        (now) => assert.deepStrictEqual(now, ["LATE ACCEPTED", "MISSING ACCEPTED", "ARRIVED ACCEPTED"])
      )
      yield* detect
      yield* settled
      assert.lengthOf(yield* inbox, 3)
      const queries = yield* Queries
      const seen = yield* queries.absences(given.session.id).pipe(as(given.teacher))
      assert.deepStrictEqual(seen.map(({ reason, state }) => [state, reason]), [["RETRACTED", "CAME_AFTER_ALL"]])
    }).pipe(Effect.provide(running)))

  it.live("hear of a check-in only, when the alarm had not gone out yet", () =>
    Effect.gen(function*() {
      // No handler runs until both have happened.
      const { url } = yield* freshDatabaseUrl()
      const given = yield* Effect.gen(function*() {
        const given = yield* makeAcademy({ students: 2, startsIn: -12, missingAfter: 10 })
        yield* confirm(given, 0)
        yield* detect
        yield* confirm(given, 1)
        return given
      }).pipe(Effect.provide(coreOn(url, { role: "api" })))
      yield* Effect.gen(function*() {
        yield* settled
        assert.deepStrictEqual((yield* inbox).sort(), ["LATE ACCEPTED", "LATE ACCEPTED"])
        assert.deepStrictEqual(yield* decisions(given), [null, "RETRACTED"])
      }).pipe(Effect.provide(handlers(testSettings).pipe(Layer.provideMerge(coreOn(url)))))
    }))

  it.live("of a child whom the teacher marks absent hear it as well; the teacher hears of an unmarked roll", () =>
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 2, startsIn: -12, missingAfter: 10 })
      yield* detect
      yield* becomes(inbox, (now) => assert.deepStrictEqual(now, ["ROLL_UNMARKED ACCEPTED"]))
      yield* confirm(given, 0, "ABSENT")
      yield* detect
      yield* becomes(
        inbox,
        (now) => assert.deepStrictEqual(now, ["ROLL_UNMARKED ACCEPTED", "MISSING ACCEPTED", "MISSING ACCEPTED"])
      )
    }).pipe(Effect.provide(running)))
})
