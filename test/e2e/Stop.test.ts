/** Roles in processes of their own, and an end by SIGTERM in the middle of work. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { makeAcademy, password } from "../support/academy.ts"
import { type Ams, becomes, call, login, spawnAms, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

const planted = Effect.gen(function*() {
  const { url } = yield* freshDatabaseUrl()
  const academy = yield* makeAcademy({ students: 2, logins: true }).pipe(Effect.provide(coreOn(url)))
  return { academy, url, settings: { DATABASE_URL: Redacted.value(url) } }
})
type Planted = Effect.Success<typeof planted>

const confirm = ({ academy }: Planted, ams: Ams, token: string, student: number) =>
  call(ams, "POST", `/api/v1/sessions/${academy.session.id}/attendances/confirm`, {
    token,
    body: { students: [{ studentId: academy.students[student]?.student.memberId }] }
  })

const deliveries = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ handler: string; owner: string | null }>`
    select handler, owner from event_delivery order by handler`
})
const told = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`select id from sandbox_message`
})
const nodes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ pid: number }>`select pid from node`
})

/** Sessions of AMS's that wait for a lock of ours. */
const waiting = (applicationName: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql`
      select pid from pg_stat_activity
      where datname = current_database() and application_name = ${applicationName} and wait_event_type = 'Lock'`
  })

const refusesConnections = (ams: Ams) =>
  Effect.promise(() => fetch(`${ams.url}/health/live`).then(() => false, () => true))

describe("roles", () => {
  it.live(
    "what an api process commits belongs to nobody, until a worker process delivers it",
    () =>
      Effect.gen(function*() {
        const given = yield* planted
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          yield* sql`delete from event_delivery`
          const api = yield* startAms({ ...given.settings, AMS_ROLE: "api" })
          const teacher = yield* login(api, `teacher-${given.academy.tag}`, password)
          assert.strictEqual((yield* confirm(given, api, teacher, 0)).status, 200)
          const open = yield* deliveries
          assert.isNotEmpty(open)
          assert.isTrue(open.every(({ owner }) => owner === null))

          const worker = yield* spawnAms({ ...given.settings, AMS_ROLE: "worker" })
          yield* becomes(told, (messages) => assert.lengthOf(messages, 1))
          yield* becomes(deliveries, (left) => assert.deepStrictEqual(left, []))
          assert.isTrue(yield* refusesConnections(worker))
          assert.strictEqual(worker.stdout(), "")

          // From one living process to the other.
          assert.strictEqual((yield* confirm(given, api, teacher, 1)).status, 200)
          const committed = performance.now()
          yield* becomes(told, (messages) => assert.lengthOf(messages, 2))
          // At once, not at the worker's next look, which is up to a second away.
          assert.isBelow(performance.now() - committed, 900)

          for (const ams of [worker, api]) {
            ams.signal("SIGTERM")
            assert.strictEqual(yield* ams.ended, 0)
            assert.strictEqual(ams.stderr(), "")
          }
          assert.deepStrictEqual(yield* nodes, [])
        }).pipe(Effect.provide(clients(given.url)))
      })
  )
})

describe("SIGTERM", () => {
  it.live(
    "answers what is running, gives back what could not be delivered, and ends with 0",
    () =>
      Effect.gen(function*() {
        const given = yield* planted
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const ams = yield* startAms(given.settings)
          const teacher = yield* login(ams, `teacher-${given.academy.tag}`, password)
          yield* becomes(deliveries, (left) => assert.deepStrictEqual(left, []))

          // Messages cannot be planned while another transaction holds this table.
          yield* sql.withTransaction(Effect.gen(function*() {
            yield* sql`set local idle_in_transaction_session_timeout = 0`
            yield* sql`lock table notification in access exclusive mode`
            assert.strictEqual((yield* confirm(given, ams, teacher, 0)).status, 200)
            yield* becomes(waiting("ams-handlers"), (sessions) => assert.isNotEmpty(sessions))
            yield* sql`savepoint free`
            yield* sql`select 1 from enrollment for update`
            const running = yield* Effect.forkChild(confirm(given, ams, teacher, 1))
            yield* becomes(waiting("ams-commands"), (sessions) => assert.lengthOf(sessions, 1))
            ams.signal("SIGTERM")
            yield* becomes(refusesConnections(ams), (refuses) => assert.isTrue(refuses))
            yield* sql`rollback to savepoint free`
            assert.strictEqual((yield* Fiber.join(running)).status, 200)
            assert.strictEqual(yield* ams.ended, 0)
          }))

          const left = yield* deliveries
          assert.include(left.map(({ handler }) => handler), "Notifications")
          assert.isTrue(left.every(({ owner }) => owner === null))
          assert.deepStrictEqual(yield* nodes, [])

          const next = yield* startAms(given.settings)
          yield* becomes(told, (messages) => assert.lengthOf(messages, 2))
          next.signal("SIGTERM")
          assert.strictEqual(yield* next.ended, 0)
        }).pipe(Effect.provide(clients(given.url)))
      })
  )
})
