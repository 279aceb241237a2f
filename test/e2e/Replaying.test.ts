/** Operators and a real AMS process: what they replay is handled, some a second, and done for ever. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ams } from "../adapters/in/cli/support.ts"
import { becomes, startAms } from "../support/ams.ts"
import { plant, someAcademy } from "../support/failedEvents.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

const statuses = (academyId: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ status: string; count: number }>`
      select status, count(*)::int as count from failed_event where academy_id = ${academyId} group by status`
    return Object.fromEntries(rows.map(({ count, status }) => [status, count]))
  })

/** Failures whose cause is mended by now. */
const mended = Effect.fnUntraced(function*(academyId: string, count: number, redriveIn?: number) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(Array.from({ length: count }), () =>
    plant(sql, {
      academyId,
      handler: "ReadModelSync",
      eventType: "MemberCreated",
      payload: { roles: [] },
      class: "transient",
      ...(redriveIn === undefined ? {} : { redriveIn })
    }))
})

describe("failed events of a running AMS", () => {
  it.live(
    "are replayed by an operator's run, not faster than asked, and by the system itself when it is time",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl()
        const settings = { DATABASE_URL: Redacted.value(url) }
        yield* Effect.gen(function*() {
          yield* startAms(settings)
          const [asked, due, later] = [someAcademy(), someAcademy(), someAcademy()]
          yield* mended(asked, 25)
          yield* mended(due, 3, -1)
          yield* mended(later, 3, 3600)

          const began = yield* Clock.currentTimeMillis
          const line = ["failed-events", "replay", "--academy", asked, "--rate", "10", "--yes"]
          const ran = yield* ams(line, settings)
          const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
          assert.deepStrictEqual([ran.code, ran.stdout], [0, "25 of 25 replayed.\n"])
          // The first step does a second's worth.
          assert.isAtLeast(seconds, 1.5)
          yield* becomes(statuses(asked), (now) => assert.deepStrictEqual(now, { RESOLVED: 25 }))
          yield* becomes(statuses(due), (now) => assert.deepStrictEqual(now, { RESOLVED: 3 }))
          assert.deepStrictEqual(yield* statuses(later), { OPEN: 3 })
          const sql = yield* SqlClient.SqlClient
          assert.deepStrictEqual(yield* sql`select event_id from event_delivery`, [])
        }).pipe(Effect.provide(clients(url)))
      })
  )
})
