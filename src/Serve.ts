/** The server's life: settings, database, schema, sample data, handlers, HTTP; and back, in the opposite order. */
import { NodeServices } from "@effect/platform-node"
import { Cause, Console, Data, Effect, Layer, Option, Redacted, Schedule, type Scope } from "effect"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import * as Embedded from "./adapters/embedded/EmbeddedPostgres.ts"
import { academyName, plant, sampleLogins } from "./adapters/in/cli/Seed.ts"
import * as Server from "./adapters/in/http/Server.ts"
import * as Clients from "./adapters/out/postgres/Clients.ts"
import { makeEventPartitions, migrate, MigrationFailed } from "./adapters/out/postgres/Migrations.ts"
import { generateKey } from "./adapters/out/security/JwtTokens.ts"
import { type Found, handlers, jobs, ports, useCases } from "./App.ts"
import { isOutOfDate, sync } from "./application/operations/ReadSide.ts"
import { load, originsOf, rangesOf, type Settings, type SettingsInvalid } from "./Config.ts"
import { type OwnTemplate, ownTemplates, templateProblems } from "./domain/Templates.ts"
import * as Logging from "./Logging.ts"
import { MemberRepository } from "./ports/MemberRepository.ts"
import * as Telemetry from "./Telemetry.ts"

/** AMS cannot start or go on; the message is one line that says why and what to do. */
export class CannotServe extends Data.TaggedError("CannotServe")<{ readonly message: string }> {}

/** A text that cannot go out is found before anybody waits for it. */
export const checkTemplates = (templates: ReadonlyArray<OwnTemplate>): Effect.Effect<void, CannotServe> => {
  const problems = templateProblems(templates)
  return problems.length === 0 ? Effect.void : Effect.fail(new CannotServe({ message: problems.join("; ") }))
}

/** The key that signs tokens: from the settings, else from the home folder, where the first start leaves one. */
const tokenKey = (settings: Settings) =>
  Option.match(settings.jwtPrivateKey, {
    onSome: Effect.succeed,
    onNone: () =>
      Effect.gen(function*() {
        const path = join(settings.home, "jwt-key.json")
        const made = yield* generateKey
        return yield* Effect.tryPromise({
          try: async () => {
            await mkdir(settings.home, { recursive: true })
            // Two that start at once: the first one's file stays.
            await writeFile(path, Redacted.value(made), { mode: 0o600, flag: "wx" }).catch(() => undefined)
            return Redacted.make(await readFile(path, "utf8"))
          },
          catch: (cause) => new CannotServe({ message: `cannot keep the token key in ${path}: ${String(cause)}` })
        })
      })
  })

const database = (settings: Settings) =>
  Option.match(settings.databaseUrl, {
    onSome: Effect.succeed,
    onNone: () =>
      Embedded.start({ home: settings.home }).pipe(
        Effect.map(({ url }) => url),
        Effect.mapError((error) => new CannotServe({ message: error.message }))
      )
  })

/** A database that is still starting gets 30 s; one that refuses us is told at once. */
const patience = Schedule.spaced("1 second").pipe(Schedule.upTo({ duration: "30 seconds" }))
const stillStarting = (error: MigrationFailed) =>
  error.cause !== undefined && /connect|ECONNREFUSED|starting up|timed out|ENOTFOUND/i.test(error.message)

/** Brings a database up to this version's schema. Returns the migrations that were applied. */
export const migrateDatabase = (settings: Settings, url: Redacted.Redacted) =>
  Effect.tap(migrate(), () => makeEventPartitions).pipe(
    Effect.provide(Layer.merge(NodeServices.layer, Clients.layer({ ...settings, url }))),
    Effect.catchTag("SqlError", (error) => Effect.fail(new MigrationFailed({ message: error.message, cause: error })))
  )

/** Database and key; the database of one's own lives as long as the scope. */
export const find = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<Found, CannotServe, Scope.Scope> {
  const databaseUrl = yield* database(settings)
  return { databaseUrl, jwtPrivateKey: yield* tokenKey(settings) }
})

/** Told before a database is started for nothing. */
const portIsFree = (settings: Settings) =>
  Effect.callback<void, CannotServe>((resume) => {
    const probe = createServer()
    probe.once("error", (cause) =>
      resume(Effect.fail(new CannotServe({ message: describe({ _tag: "Listen", cause }, settings) }))))
    probe.listen(settings.port, settings.host, () =>
      probe.close(() => resume(Effect.void)))
  })

const prepare = Effect.fnUntraced(function*(settings: Settings) {
  yield* checkTemplates(ownTemplates)
  if (settings.role !== "worker") yield* portIsFree(settings)
  const found = yield* find(settings)
  const applied = yield* migrateDatabase(settings, found.databaseUrl).pipe(
    Effect.retry({ schedule: patience, while: stillStarting }),
    Effect.mapError((error) => new CannotServe({ message: `the schema: ${error.message}` }))
  )
  if (applied.length > 0) yield* Effect.logInfo(`applied ${applied.join(", ")}`)
  return found
})

/** Sample academy, on the first start in development; beside a worker there is a process that people log in to. */
const sample = (settings: Settings) =>
  Layer.effectDiscard(Effect.gen(function*() {
    if (settings.environment === "production" || settings.role === "worker") return
    const members = yield* MemberRepository
    // Whole, also when a Ctrl-C comes meanwhile: the next start plants nothing where there is an administrator.
    if (!(yield* members.hasAdministrator)) yield* Effect.uninterruptible(plant)
  }))

/** Brings an empty read side, or one of another life, up to date while serving. */
const readSide = Layer.effectDiscard(
  Effect.gen(function*() {
    if (!(yield* isOutOfDate)) return
    const written = yield* sync(() => Effect.void)
    yield* Effect.logInfo(`read side written: ${written} documents`)
  }).pipe(
    Effect.tapError((error) => Effect.logWarning("the read side does not answer, its sync is tried again", error)),
    Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("the read side could not be written", cause)
    ),
    Effect.forkScoped
  )
)

const banner = (settings: Settings) =>
  Effect.gen(function*() {
    const at = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${settings.port}`
    const development = settings.environment === "development"
    yield* Console.log([
      "",
      `  AMS is ready (${settings.environment}).`,
      "",
      `  API      ${at}/api/v1`,
      `  Docs     ${at}/docs`,
      ...(development ? [`  Inbox    ${at}/dev/inbox`] : []),
      `  Health   ${at}/health/ready`,
      ...(development
        ? [
          "",
          `  Sample logins at "${academyName}":`,
          ...sampleLogins.map(({ loginId, password, who }) => `    ${loginId.padEnd(10)} ${password.padEnd(12)} ${who}`)
        ]
        : []),
      "",
      "  Ctrl-C ends it cleanly.",
      ""
    ].join("\n"))
  })

const listening = (settings: Settings) =>
  Server.layer({
    ...settings,
    development: settings.environment === "development",
    trustedProxies: Option.getOrElse(Option.flatMap(settings.trustedProxies, rangesOf), () => []),
    corsOrigins: originsOf(settings.corsOrigins)
  })

const all = (settings: Settings, found: Found) => {
  const inside = Layer.mergeAll(handlers(settings), jobs(settings), readSide).pipe(
    Layer.provideMerge(sample(settings)),
    Layer.provideMerge(useCases),
    Layer.provideMerge(ports(settings, found))
  )
  return (settings.role === "worker"
    ? Layer.empty
    : Layer.provideMerge(Layer.effectDiscard(banner(settings)), listening(settings)))
    .pipe(Layer.provide(inside))
}

const describe = (
  error: { readonly _tag: string; readonly message?: string; readonly cause?: unknown },
  settings: Settings
) => {
  const cause = error.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  if (code === "EADDRINUSE") return `port ${settings.port} is in use: stop what listens there, or set PORT`
  if (code === "EACCES") return `port ${settings.port} may not be used by this user: set PORT`
  if (code === "EADDRNOTAVAIL") return `${settings.host} is not an address of this machine: set HOST`
  // Refusals have a name and no words.
  return error.message || error._tag
}

/** Serves until it is interrupted. */
export const serve: Effect.Effect<void, CannotServe | SettingsInvalid> = Effect.gen(function*() {
  const settings = yield* load
  return yield* Effect.gen(function*() {
    const found = yield* prepare(settings)
    return yield* Layer.launch(all(settings, found)).pipe(
      Effect.mapError((error) => new CannotServe({ message: describe(error, settings) }))
    )
  }).pipe(
    Effect.scoped,
    // Outside of everything: what is told while the rest stops is logged and exported, too.
    Effect.provide(Layer.provideMerge(Telemetry.layer(settings), Logging.layer(settings)))
  )
})
