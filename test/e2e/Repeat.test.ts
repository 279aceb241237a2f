/** A client that never got its answer asks again. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { makeAcademy, password, person } from "../support/academy.ts"
import { call, login, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

it.live(
  "AMS dies between COMMIT and its answer: the request that is sent again gets it, and has acted once",
  () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const { tag } = yield* makeAcademy({ students: 0, logins: true }).pipe(Effect.provide(coreOn(url)))
      const env = { DATABASE_URL: Redacted.value(url), AMS_ENV: "production", NOTIFICATIONS: "off" }
      const preload = new URL("../support/dieBeforeAnswer.ts", import.meta.url).href
      const dying = yield* startAms({ ...env, NODE_OPTIONS: `--import ${preload}` })
      const name = `only ${randomUUID()}`
      const key = randomUUID()
      const ask = (ams: { readonly url: string }, headers: Readonly<Record<string, string>> = {}) =>
        Effect.flatMap(login(ams, `manager-${tag}`, password), (token) =>
          call(ams, "POST", "/api/v1/members", {
            token,
            body: person("STUDENT", { name, studentProfile: { schoolName: "s", schoolType: "PRIMARY", grade: 3 } }),
            headers: { "idempotency-key": key, ...headers }
          }))
      const lost = yield* Effect.exit(ask(dying, { "x-die": "now" }))
      assert.strictEqual(lost._tag, "Failure")
      assert.isNull(yield* dying.ended)
      const rows = Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        return yield* sql<{ id: string }>`select id from member where name = ${name}`
      }).pipe(Effect.provide(clients(url)))
      const [made, ...others] = yield* rows
      assert.deepStrictEqual(others, [])
      assert.isDefined(made)

      const living = yield* startAms(env)
      const answer = yield* ask(living)
      assert.deepStrictEqual([answer.status, answer.at("data.id")], [201, made?.id])
      assert.lengthOf(yield* rows, 1)
    })
)
