/** A migrated database of its own for a test file, on the server that the whole run shares. */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"
import * as Clients from "../../src/adapters/out/postgres/Clients.ts"
import { told } from "./privacy.ts"

const serverUrl = (database: string) => {
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${database}`
  return Redacted.make(url.toString())
}

const admin = Effect.fnUntraced(function*(statement: string) {
  const connection = yield* PgConnection.make({ url: serverUrl("postgres") })
  yield* connection.query(statement)
}, Effect.scoped)

/** What was kept for operators, who look at it without being of the academy. */
const failures = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const connection = yield* PgConnection.make({ url })
  for (const [row] of yield* connection.queryValues("select to_jsonb(f)::text from failed_event f")) {
    told("failed event", String(row))
  }
}, Effect.scoped)

/** The address of a new migrated database (or an empty one), dropped when the scope closes. */
export const freshDatabaseUrl = (from: "migrated" | "empty" = "migrated") =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const name = `test_${randomBytes(6).toString("hex")}`
      yield* admin(`create database ${name} template ${from === "migrated" ? "ams_template" : "template0"}`)
      return { name, url: serverUrl(name) }
    }),
    ({ name, url }) =>
      Effect.orDie(Effect.andThen(
        from === "migrated" ? failures(url) : Effect.void,
        admin(`drop database if exists ${name} with (force)`)
      ))
  )

export const clients = (url: Redacted.Redacted) =>
  Clients.layer({ url, commandConnections: 5, backgroundConnections: 5, otherConnections: 5 })

/** All pools on a new migrated database. */
export const freshDatabase = Layer.unwrap(Effect.map(freshDatabaseUrl(), ({ url }) => clients(url)))
