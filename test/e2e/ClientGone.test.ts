/** A phone that loses its connection in the middle of a command. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { makeAcademy, password } from "../support/academy.ts"
import { becomes, call, login, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

const commandsWaiting = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ waiting: number; open: number }>`
    select count(*) filter (where wait_event_type = 'Lock')::int as waiting,
      count(*) filter (where state like 'idle in transaction%')::int as open
    from pg_stat_activity where datname = current_database() and application_name = 'ams-commands'`
  return row ?? { waiting: 0, open: 0 }
})

describe("a client that goes away", () => {
  it.live("leaves a whole transaction or none, and no session behind", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const given = yield* makeAcademy({ students: 1, logins: true }).pipe(Effect.provide(coreOn(url)))
      const ams = yield* startAms({ DATABASE_URL: Redacted.value(url) })
      const student = yield* login(ams, `student-${given.tag}`, password)
      const press = call(ams, "POST", `/api/v1/sessions/${given.session.id}/attendances`, { token: student })
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        // Another transaction holds the enrollment: the command waits for it inside its own.
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`select 1 from enrollment for update`
          const waiting = yield* Effect.forkChild(press)
          yield* becomes(commandsWaiting, (now) => assert.strictEqual(now.waiting, 1))
          yield* Fiber.interrupt(waiting) // closes its socket
          // Whoever is answered after that knows that AMS has seen it: else the command might be through before.
          for (let n = 0; n < 3; n++) yield* call(ams, "GET", "/health/live")
        }))
        yield* becomes(commandsWaiting, (now) => assert.deepStrictEqual({ ...now }, { waiting: 0, open: 0 }))
        const [rows] = yield* sql<{ a: number; e: number }>`
          select (select count(*)::int from attendance) as a,
            (select count(*)::int from event where type = 'AttendanceRequested') as e`
        assert.deepStrictEqual({ ...rows }, { a: 0, e: 0 })
        // Its place is free: the next press goes through.
        assert.strictEqual((yield* press).status, 201)
      }).pipe(Effect.provide(clients(url)))
      assert.notInclude(ams.stderr(), "died")
    }))
})
