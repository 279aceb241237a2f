/**
 * One PostgreSQL and one MongoDB for the whole run; each test file takes a database of its own. `DATABASE_URL` and
 * `MONGODB_URL` name servers to use instead.
 */
import { NodeServices } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { rm } from "node:fs/promises"
import type { TestProject } from "vitest/node"
import { start } from "../../src/adapters/embedded/EmbeddedPostgres.ts"
import * as Clients from "../../src/adapters/out/postgres/Clients.ts"
import { makeEventPartitions, migrate } from "../../src/adapters/out/postgres/Migrations.ts"
import { makeHome } from "./home.ts"
import { startMongo } from "./mongodb/start.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Of the server, with the rights to make databases; the path names the migrated template. */
    postgresUrl: string
    mongoUrl: string
  }
}

const template = "ams_template"

const withDatabase = (url: string, database: string) => {
  const parsed = new URL(url)
  parsed.pathname = `/${database}`
  return parsed.toString()
}

const prepare = Effect.fnUntraced(function*(url: string) {
  yield* Effect.scoped(Effect.gen(function*() {
    const connection = yield* PgConnection.make({ url: Redacted.make(url) })
    yield* connection.query(`drop database if exists ${template} with (force)`)
    yield* connection.query(`create database ${template}`)
  }))
  yield* Effect.andThen(migrate(), makeEventPartitions).pipe(
    Effect.provide(Layer.mergeAll(
      Clients.layer({
        url: Redacted.make(withDatabase(url, template)),
        commandConnections: 1,
        backgroundConnections: 1,
        otherConnections: 1
      }),
      NodeServices.layer
    ))
  )
})

export default async function setup(project: TestProject) {
  const scope = Scope.makeUnsafe()
  const home = await makeHome("ams-test-")
  const given = process.env["DATABASE_URL"]
  const postgres = given ??
    await Effect.runPromise(
      Effect.map(start({ home }), ({ url }) => Redacted.value(url)).pipe(Effect.provideService(Scope.Scope, scope))
    )
  await Effect.runPromise(prepare(postgres))
  const mongo = await startMongo()
  project.provide("postgresUrl", postgres)
  project.provide("mongoUrl", mongo.url)
  return async () => {
    await mongo.stop()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rm(home, { recursive: true, force: true })
  }
}
