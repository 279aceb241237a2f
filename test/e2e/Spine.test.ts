/** From the student's button to the parent's phone, in real processes over real sockets and databases. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { makeAcademy, password } from "../support/academy.ts"
import { type Ams, call, eventually, login, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

/** A database with one academy of three students, made without any handler running. */
const planted = Effect.gen(function*() {
  const { name, url } = yield* freshDatabaseUrl()
  const academy = yield* makeAcademy({ students: 3, startsIn: -5, logins: true }).pipe(Effect.provide(coreOn(url)))
  return { academy, name, url: Redacted.value(url) }
})
type Planted = Effect.Success<typeof planted>

const studentAndTeacher = Effect.fnUntraced(function*(ams: Ams, { academy }: Planted) {
  return {
    student: yield* login(ams, `student-${academy.tag}`, password),
    teacher: yield* login(ams, `teacher-${academy.tag}`, password)
  }
})

const requestAndConfirm = Effect.fnUntraced(function*(ams: Ams, given: Planted) {
  const { student, teacher } = yield* studentAndTeacher(ams, given)
  const { session, students } = given.academy
  const requested = yield* call(ams, "POST", `/api/v1/sessions/${session.id}/attendances`, { token: student })
  assert.strictEqual(requested.status, 201)
  assert.strictEqual(requested.at("data.status"), "REQUESTED")
  const confirmed = yield* call(ams, "POST", `/api/v1/sessions/${session.id}/attendances/confirm`, {
    token: teacher,
    body: { students: [{ studentId: students[0]?.student.memberId }] }
  })
  assert.strictEqual(confirmed.status, 200)
  assert.strictEqual(confirmed.at("data.0.status"), "PRESENT")
  return String(requested.at("data.id"))
})

/** What everybody should see afterwards. */
const told = Effect.fnUntraced(function*(ams: Ams, given: Planted, attendanceId: string) {
  const { academy } = given
  const { teacher } = yield* studentAndTeacher(ams, given)
  yield* eventually(
    Effect.gen(function*() {
      const inbox = yield* call(ams, "GET", `/dev/inbox.json?academyId=${academy.academy.id}`)
      assert.strictEqual(inbox.at("data.length"), 1)
      assert.include(String(inbox.at("data.0.body")), String(academy.students[0]?.name))
      const list = yield* call(ams, "GET", `/api/v1/classes/${academy.class.id}/attendances?date=${academy.today}`, {
        token: teacher
      })
      assert.strictEqual(list.at("data.length"), 1)
      assert.deepInclude(list.at("data.0"), { id: attendanceId, status: "PRESENT" })
      const days = yield* call(
        ams,
        "GET",
        `/api/v1/statistics/class-days?classId=${academy.class.id}&dateFrom=${academy.today}&dateTo=${academy.today}`,
        { token: teacher }
      )
      assert.deepInclude(days.at("data.0"), { expected: 3, present: 1, late: 0, requested: 0, sessions: 1 })
    }),
    25
  )
})

const openDeliveries = Effect.fnUntraced(function*(url: string) {
  return yield* Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql<{ handler: string; owner: string | null; node: boolean }>`
      select handler, owner, exists (select from node n where n.incarnation = owner) as node from event_delivery`
  }).pipe(Effect.provide(clients(Redacted.make(url))))
})

const readSides = [
  { name: "documents in PostgreSQL", env: () => ({}) },
  {
    name: "documents in MongoDB",
    env: ({ name }: Planted) => ({ MONGODB_URL: inject("mongoUrl"), MONGODB_DATABASE: name })
  }
]

describe.each(readSides)("the spine, $name", ({ env }) => {
  it.live(
    "request → confirm → the parent is told once, the read side and the statistics show it",
    () =>
      Effect.gen(function*() {
        const given = yield* planted
        const ams = yield* startAms({ DATABASE_URL: given.url, ...env(given) })
        const attendance = yield* requestAndConfirm(ams, given)
        yield* told(ams, given, attendance)
        yield* eventually(Effect.map(openDeliveries(given.url), (open) => assert.lengthOf(open, 0)))
        // Still once when everything is done.
        const inbox = yield* call(ams, "GET", `/dev/inbox.json?academyId=${given.academy.academy.id}`)
        assert.strictEqual(inbox.at("data.length"), 1)
        ams.signal("SIGTERM")
        assert.strictEqual(yield* ams.ended, 0)
        assert.strictEqual(ams.stderr(), "")
      })
  )

  it.live("the same after kill -9 between the commit and the handlers", () =>
    Effect.gen(function*() {
      const given = yield* planted
      const settings = { DATABASE_URL: given.url, ...env(given) }
      const first = yield* startAms(settings)
      // Handlers cannot end while these tables are locked; the commands do not touch them.
      const { attendance, held } = yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        return yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`set local idle_in_transaction_session_timeout = 0`
          yield* sql`lock table notification in access exclusive mode`
          const attendance = yield* requestAndConfirm(first, given)
          const held = yield* openDeliveries(given.url)
          first.signal("SIGKILL")
          yield* first.ended
          return { attendance, held }
        }))
      }).pipe(Effect.provide(clients(Redacted.make(given.url))))
      assert.include(held.map((one) => one.handler), "Notifications")
      assert.isTrue(held.every((one) => one.owner !== null && one.node), "owned by the process that was killed")

      const second = yield* startAms(settings)
      yield* told(second, given, attendance)
      yield* eventually(Effect.map(openDeliveries(given.url), (open) => assert.lengthOf(open, 0)))
      const inbox = yield* call(second, "GET", `/dev/inbox.json?academyId=${given.academy.academy.id}`)
      assert.strictEqual(inbox.at("data.length"), 1)
    }))
})
