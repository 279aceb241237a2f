/** What lately became of messages, and what they cost today, by rows put there on purpose. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Measures from "../../../../src/adapters/out/postgres/PostgresMessageMeasures.ts"
import type { AcademyId } from "../../../../src/domain/Ids.ts"
import { MessageMeasures } from "../../../../src/ports/MessageMeasures.ts"
import { makeAcademy } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { clients, freshDatabaseUrl } from "../../../support/postgres.ts"

const database = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) =>
  Layer.merge(
    Layer.provideMerge(Measures.layer, clients(url)),
    coreOn(url)
  )))

/** Seconds before now. */
interface Given {
  readonly channel: string
  readonly status: string
  readonly planned?: number
  readonly taken?: number
  /** Channels and prices of attempts, begun so many seconds ago. */
  readonly attempts?: ReadonlyArray<readonly [channel: string, cost: number | null, begun: number]>
}

const put = Effect.fnUntraced(function*(academyId: AcademyId, recipientId: string, given: Given) {
  const sql = yield* SqlClient.SqlClient
  const { attempts = [], channel, planned = 30, status, taken } = given
  const [row] = yield* sql<{ id: string }>`
    insert into message (id, academy_id, recipient_id, status, channel, deliver_by, created_at, accepted_at)
    values (uuidv7(${-planned} * interval '1 second'), ${academyId}, ${recipientId}, ${status}, ${channel},
      now() + interval '1 hour', now() - ${planned} * interval '1 second',
      ${taken === undefined ? sql`null` : sql`now() - ${taken} * interval '1 second'`}) returning id`
  for (const [number, [channel, cost, begun]] of attempts.entries()) {
    yield* sql`insert into message_attempt (id, message_id, number, channel, provider, cost, started_at)
      values (uuidv7(), ${row?.id ?? ""}, ${number + 1}, ${channel}, 'test', ${cost}::numeric,
        now() - ${begun} * interval '1 second')`
  }
})

layer(database, { timeout: 60_000, excludeTestServices: true })("the measures", (it) => {
  it.effect("of the last 15 minutes are those of each channel", () =>
    Effect.gen(function*() {
      const { academy, teacher } = yield* makeAcademy({ students: 1 })
      const rows: ReadonlyArray<Given> = [
        { channel: "SMS", status: "ACCEPTED", planned: 100, taken: 98 },
        { channel: "SMS", status: "DELIVERED", planned: 300, taken: 200, attempts: [["KAKAO_TALK", null, 290]] },
        // Still on its way, and too young to say anything.
        { channel: "SMS", status: "SENDING", planned: 20 },
        { channel: "PUSH", status: "PLANNED", planned: 400 },
        { channel: "PUSH", status: "UNDELIVERED", attempts: [["PUSH", null, 20], ["PUSH", null, 10]] },
        { channel: "PUSH", status: "EXPIRED" },
        { channel: "PUSH", status: "UNKNOWN" },
        { channel: "PUSH", status: "SKIPPED" },
        // Too long ago.
        { channel: "PUSH", status: "UNDELIVERED", planned: 16 * 60 }
      ]
      yield* Effect.forEach(rows, (row) => put(academy.id, teacher.memberId, row), { discard: true })
      const lately = yield* (yield* MessageMeasures).lately
      assert.deepStrictEqual(
        lately.map(({ channel, ended, p95Seconds, reached, timed }) =>
          [channel, timed, Math.round(p95Seconds), ended, reached].join(" ")
        ),
        ["KAKAO_TALK 0 0 1 0", "PUSH 1 400 3 0", "SMS 2 100 2 2"]
      )
    }))

  it.effect("of a message that waited for the end of quiet hours are none", () =>
    Effect.gen(function*() {
      const { academy, teacher } = yield* makeAcademy({ students: 1 })
      const sql = yield* SqlClient.SqlClient
      yield* sql`delete from message_attempt`
      yield* sql`delete from message`
      // From two hours ago until in an hour, over midnight or not.
      yield* sql`update academy set quiet_from = (now() at time zone time_zone - interval '2 hours')::time,
        quiet_until = (now() at time zone time_zone + interval '1 hour')::time where id = ${academy.id}`
      yield* put(academy.id, teacher.memberId, { channel: "SMS", status: "ACCEPTED", planned: 800, taken: 1 })
      const [lately] = yield* (yield* MessageMeasures).lately
      assert.strictEqual(lately?.timed, 0)
      assert.strictEqual(lately?.reached, 1)
    }))

  it.effect("of a day's money are the attempts since midnight at the academy, and no other academy's", () =>
    Effect.gen(function*() {
      const { academy, teacher } = yield* makeAcademy({ students: 1 })
      const other = yield* makeAcademy({ students: 1 })
      const sql = yield* SqlClient.SqlClient
      const [zone] = yield* sql<{ seconds: number }>`
        select extract(epoch from now() at time zone time_zone - date_trunc('day', now() at time zone time_zone))::float8
          as seconds from academy where id = ${academy.id}`
      const sinceMidnight = zone?.seconds ?? 0
      const spent = Effect.flatMap(MessageMeasures, ({ spentToday }) => spentToday(academy.id))
      assert.strictEqual(yield* spent, 0)
      yield* put(academy.id, teacher.memberId, {
        channel: "SMS",
        status: "ACCEPTED",
        attempts: [["KAKAO_TALK", 13, 0], ["SMS", 18.5, 0], ["SMS", null, 0]]
      })
      // Planned yesterday: one attempt before midnight, one after.
      yield* put(academy.id, teacher.memberId, {
        channel: "SMS",
        status: "ACCEPTED",
        planned: sinceMidnight + 60,
        attempts: [["SMS", 100, sinceMidnight + 30], ["SMS", 45, 0]]
      })
      yield* put(other.academy.id, other.teacher.memberId, {
        channel: "SMS",
        status: "ACCEPTED",
        attempts: [["SMS", 1_000, 0]]
      })
      assert.strictEqual(yield* spent, 76.5)
    }))
})
