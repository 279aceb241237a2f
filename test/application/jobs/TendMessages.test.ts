/** What waits for too long expires, and is counted by its channel. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { tendMessages } from "../../../src/application/jobs/TendMessages.ts"
import { makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

const expired = Effect.map(
  Metric.snapshot,
  (all) =>
    Object.fromEntries(
      all.flatMap(({ attributes, id, state }) =>
        id === "ams.messages" && "count" in state && attributes?.["ams.message.outcome"] === "expired"
          ? [[attributes["ams.channel"] ?? "", Number(state.count)]]
          : []
      )
    )
)

describe("TendMessages", () => {
  it.live("lets messages expire that nobody wants to hear any more, and no others", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      yield* Effect.gen(function*() {
        const { academy, teacher } = yield* makeAcademy({ students: 1 })
        const sql = yield* SqlClient.SqlClient
        for (
          const [channel, status, minutes] of [
            ["SMS", "PLANNED", -1],
            ["SMS", "PLANNED", -2],
            ["PUSH", "PLANNED", -1],
            ["PUSH", "PLANNED", 1],
            ["PUSH", "ACCEPTED", -1]
          ] as const
        ) {
          yield* sql`insert into message (id, academy_id, recipient_id, status, channel, deliver_by) values
            (uuidv7(), ${academy.id}, ${teacher.memberId}, ${status}, ${channel},
              now() + ${minutes} * interval '1 minute')`
        }
        yield* (yield* tendMessages).run
        const rows = yield* sql<{ status: string; channel: string; n: number }>`
          select status, channel, count(*)::int as n from message group by 1, 2 order by 1, 2`
        assert.deepStrictEqual(rows.map(({ channel, n, status }) => `${status} ${channel} ${n}`), [
          "ACCEPTED PUSH 1",
          "EXPIRED PUSH 1",
          "EXPIRED SMS 2",
          "PLANNED PUSH 1"
        ])
        assert.deepStrictEqual(yield* expired, { PUSH: 1, SMS: 2 })
      }).pipe(Effect.provide(Layer.fresh(coreOn(url))), Effect.provideService(Metric.MetricRegistry, new Map()))
    }).pipe(Effect.scoped), 60_000)
})
