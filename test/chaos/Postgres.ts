/** A PostgreSQL server of one's own, to be taken away and brought back at the same address and with its data. */
import { NodeServices } from "@effect/platform-node"
import { PgClient, PgConnection } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { open as openFile } from "node:fs/promises"
import { join } from "node:path"
import { serverAccount } from "../../src/adapters/embedded/Account.ts"
import { packageFolder, usable } from "../../src/adapters/embedded/Binaries.ts"
import { elsewhere, locate, open, superuser } from "../../src/adapters/embedded/DataFolder.ts"
import { asAccount } from "../../src/adapters/embedded/Host.ts"
import * as Clients from "../../src/adapters/out/postgres/Clients.ts"
import { makeEventPartitions, migrate } from "../../src/adapters/out/postgres/Migrations.ts"
import { temporaryFolder } from "../adapters/embedded/support.ts"
import { freePort } from "../support/ams.ts"

/** Sessions of this name belong to whoever watches: they are not ended with the others. */
const watching = "ams-chaos"
const database = "ams"

export interface OwnPostgres {
  /** Of the migrated database. */
  readonly url: Redacted.Redacted
  /** Ends it without a checkpoint and without a word to anybody: its next start recovers. */
  readonly crash: Effect.Effect<void>
  /** Ends it as an operator would: sessions are cut off, the data written. */
  readonly shutdown: Effect.Effect<void>
  /** Starts it again; done when it answers. */
  readonly start: Effect.Effect<void>
  /** Ends every session but those of a `watcher`; how many. */
  readonly endConnections: Effect.Effect<number>
}

const settings = (port: number) =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    // Several processes of 31 connections each, and those of killed ones that are about to go.
    max_connections: 250,
    shared_buffers: "128MB",
    timezone: "UTC"
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`])

/** A client for whoever watches: no time limits, and back by itself after every outage. */
export const watcher = (url: Redacted.Redacted) =>
  PgClient.layer({ url, applicationName: watching, maxConnections: 3, connectTimeout: "1 second" })

const connect = (url: Redacted.Redacted) =>
  PgConnection.make({ url, applicationName: watching, connectTimeout: "1 second" })

/** Starts one; it is gone with the scope, data and all. */
export const startOwnPostgres = Effect.gen(function*() {
  const home = yield* temporaryFolder(0o755)
  const account = yield* serverAccount(home, yield* locate(home))
  const binaries = yield* usable(yield* packageFolder, account === undefined ? home : elsewhere, account)
  const { data, password } = yield* open(home, join(home, "postgres"), binaries, account)
  const port = yield* freePort
  const urlOf = (name: string) =>
    Redacted.make(`postgres://${superuser}:${Redacted.value(password)}@127.0.0.1:${port}/${name}`)

  const log = yield* Effect.promise(() => openFile(join(home, "postgres.log"), "a"))
  yield* Effect.addFinalizer(() => Effect.promise(() => log.close()))

  const launch = () => {
    const server = spawn(binaries.postgres, ["-D", data, ...settings(port)], {
      ...asAccount(account),
      // A Ctrl-C in the terminal is for whoever started this, who ends the server last.
      detached: true,
      stdio: ["ignore", log.fd, log.fd]
    })
    return { server, exit: once(server, "exit") }
  }
  let running: ReturnType<typeof launch> | undefined
  /** SIGINT: fast, SIGQUIT: immediate (https://www.postgresql.org/docs/18/server-shutdown.html). */
  const end = (signal: "SIGINT" | "SIGQUIT") =>
    Effect.promise(async () => {
      const ended = running
      running = undefined
      ended?.server.kill(signal)
      await ended?.exit
    })
  const answers = Effect.scoped(Effect.flatMap(connect(urlOf("postgres")), (one) => one.query("select 1"))).pipe(
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))),
    Effect.orDie,
    Effect.asVoid
  )
  const start = Effect.suspend(() => {
    running ??= launch()
    return answers
  })

  yield* Effect.addFinalizer(() => end("SIGQUIT"))
  yield* start
  yield* Effect.scoped(
    Effect.flatMap(connect(urlOf("postgres")), (one) => one.query(`create database ${database}`))
  )
  const url = urlOf(database)
  yield* Effect.andThen(migrate(), makeEventPartitions).pipe(Effect.provide(Layer.merge(
    Clients.layer({ url, commandConnections: 1, backgroundConnections: 1, otherConnections: 2 }),
    NodeServices.layer
  )))

  return {
    url,
    crash: end("SIGQUIT"),
    shutdown: end("SIGINT"),
    start,
    endConnections: Effect.scoped(Effect.flatMap(connect(url), (one) =>
      one.queryValues(
        `select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and application_name <> '${watching}'`
      ))).pipe(Effect.map((rows) => rows.length), Effect.orDie)
  } satisfies OwnPostgres
})
