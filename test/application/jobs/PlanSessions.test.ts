import { expect, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { planSessions } from "../../../src/application/jobs/PlanSessions.ts"
import { makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const core = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => coreOn(url)))

layer(core, { excludeTestServices: true })("PlanSessions", (it) => {
  const run = Effect.flatMap(planSessions, (job) => job.run)
  const sessions = (classId: string) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      return yield* sql<{ plannedOn: string; startsAt: Date; status: string }>`
        select planned_on as "plannedOn", starts_at as "startsAt", status from class_session
        where class_id = ${classId} order by planned_on`
    })
  const planned = (classId: string) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      return yield* sql<{ dates: ReadonlyArray<string> }>`
        select payload -> 'dates' as dates from event
        where type = 'SessionsPlanned' and aggregate_id = ${classId} order by id`
    })

  it.effect("brings back what is missing, with one event, and nothing a second time", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { class: one } = yield* makeAcademy({ students: 0 })
      const all = yield* sessions(one.id)
      const last = all.slice(-3).map(({ plannedOn }) => plannedOn)
      // As if the class had been made three days ago.
      yield* sql`delete from class_session where class_id = ${one.id} and planned_on = any(${last}::date[])`
      yield* run
      expect(yield* sessions(one.id)).toEqual(all)
      yield* run
      expect((yield* planned(one.id)).map(({ dates }) => dates)).toEqual([expect.anything(), last])
    }))

  it.effect("makes no ghost of a session that was cancelled or moved, and none for a class that has ended", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { class: kept } = yield* makeAcademy({ students: 0 })
      const { class: ended } = yield* makeAcademy({ students: 0 })
      yield* sql`update class_session set status = 'CANCELLED', cause = 'PERSON', starts_at = starts_at - interval '1 hour'
        where class_id = ${kept.id}`
      yield* sql`delete from class_session where class_id = ${ended.id}`
      yield* sql`update class set status = 'COMPLETED' where id = ${ended.id}`
      const before = yield* sessions(kept.id)
      yield* run
      expect(yield* sessions(kept.id)).toEqual(before)
      expect(yield* sessions(ended.id)).toEqual([])
    }))

  it.effect("may be run by several processes at once", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { class: one } = yield* makeAcademy({ students: 0 })
      const all = yield* sessions(one.id)
      yield* sql`delete from class_session where class_id = ${one.id}`
      yield* Effect.all([run, run, run, run], { concurrency: 4 })
      const again = yield* sessions(one.id)
      // The session that ran when the class was made may have ended since.
      expect(again.filter(({ startsAt }) => startsAt > new Date(DateTime.nowUnsafe().epochMilliseconds)))
        .toEqual(all.filter(({ startsAt }) => startsAt > new Date(DateTime.nowUnsafe().epochMilliseconds)))
      expect(yield* planned(one.id)).toHaveLength(2)
    }))
})
