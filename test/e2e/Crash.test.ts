/** An event that kills its process does not kill them all, and takes nobody with it. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { makeAcademy } from "../support/academy.ts"
import { becomes } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { bare } from "../support/bare.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

/** Runs `crashing.ts` until it dies or the scope closes; its fate. */
const crashing = (url: string, poison: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [new URL("../support/crashing.ts", import.meta.url).pathname], {
        env: { ...bare, DATABASE_URL: url, POISON: poison },
        stdio: "ignore"
      })
      return { child, end: once(child, "exit").then(([, signal]) => String(signal)) }
    }),
    ({ child, end }) =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        await end
      })
  )

it.live(
  "an event of which process after process dies is parked as crashed, and the others are done",
  () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      // Its events, of which one is the poison.
      yield* makeAcademy({ students: 20 }).pipe(Effect.provide(coreOn(url, { role: "api" })))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`delete from event_delivery where handler <> 'ReadModelSync'`
        const [victim] = yield* sql<{ id: string }>`select event_id as id from event_delivery order by event_id limit 1`
        const poison = victim?.id ?? (yield* Effect.die("no event"))
        // Three have died of it before.
        yield* sql`update event_delivery set takeovers = 3 where event_id = ${poison}`
        const all = yield* Effect.replicateEffect(crashing(Redacted.value(url), poison), 3)

        const failed = sql<{ id: string; class: string; rule: string }>`
        select event_id as id, class, rule from failed_event`
        // Two deaths, each noticed after 8 to 12 s.
        yield* becomes(
          failed,
          (rows) => {
            const found = rows.map((row) => ({ ...row }))
            assert.deepStrictEqual(found, [{ id: poison, class: "permanent", rule: "crashed" }])
          },
          45
        )
        yield* becomes(sql`select 1 from event_delivery`, (left) => assert.lengthOf(left, 0))
        const alive = all.filter(({ child }) => child.signalCode === null && child.exitCode === null)
        assert.lengthOf(alive, 1, "two more died of it, the third one parked it")
      }).pipe(Effect.provide(clients(url)))
    })
)
