/** Live views over processes: what one has written is seen at another, and a stop ends what would never end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { makeAcademy, password } from "../support/academy.ts"
import { becomes, call, login, spawnAms, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"
import { read } from "../support/stream.ts"

describe("a live view", () => {
  it.live(
    "at one process shows within moments what another has written, and ends when its process stops",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl()
        const given = yield* makeAcademy({ students: 2, logins: true }).pipe(Effect.provide(coreOn(url)))
        const settings = { DATABASE_URL: Redacted.value(url) }
        const [watched, other] = [
          yield* startAms({ ...settings, AMS_ROLE: "api" }),
          yield* startAms({ ...settings, AMS_ROLE: "api" })
        ]
        yield* spawnAms({ ...settings, AMS_ROLE: "worker" })
        yield* becomes(
          Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select event_id from event_delivery`),
          (left) => assert.isEmpty(left)
        ).pipe(Effect.provide(clients(url)))
        const teacher = yield* login(watched, `teacher-${given.tag}`, password)
        const student = yield* login(other, `student-${given.tag}`, password)
        const path = `/api/v1/sessions/${given.session.id}/register`
        yield* becomes(call(watched, "GET", path, { token: teacher }), ({ status }) => assert.strictEqual(status, 200))
        const register = yield* read(`${watched.url}${path}/events`, teacher)
        const day = yield* read(`${watched.url}/api/v1/academy/day/events`, teacher)
        const requested = Effect.sync(() =>
          [register, day].map((reader) => JSON.stringify(reader.snapshots().at(-1)).includes("\"requested\":1"))
        )
        yield* becomes(Effect.sync(() => [register, day].map((one) => one.snapshots().length)), (n) =>
          assert.deepStrictEqual(n, [1, 1]))

        const press = yield* call(other, "POST", `/api/v1/sessions/${given.session.id}/attendances`, { token: student })
        assert.strictEqual(press.status, 201)
        const pressed = performance.now()
        yield* becomes(requested, (seen) =>
          assert.deepStrictEqual(seen, [true, true]))
        // Told of it, not found out at the next look, which is up to 15 s away.
        assert.isBelow(performance.now() - pressed, 5_000)

        const stopping = performance.now()
        watched.signal("SIGTERM")
        assert.strictEqual(yield* watched.ended, 0)
        // Requests in flight would have 8 s: the streams had not to be waited for.
        assert.isBelow(performance.now() - stopping, 6_000)
        assert.deepStrictEqual([register.isOver(), day.isOver()], [true, true])
        assert.strictEqual(watched.stderr(), "")
      })
  )
})
