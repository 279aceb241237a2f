#!/usr/bin/env node
/** `ams`, for operators: which layer stands behind which command. The commands themselves are in `adapters/in/cli`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Cause, Effect, Exit, Layer, Logger, Option, Predicate, Redacted, Runtime, Schedule, Terminal } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { SqlError } from "effect/sql"
import manifest from "../package.json" with { type: "json" }
import { absences } from "./adapters/in/cli/Absences.ts"
import { admin } from "./adapters/in/cli/Admin.ts"
import { alerts } from "./adapters/in/cli/Alerts.ts"
import { audit } from "./adapters/in/cli/Audit.ts"
import { deliveries } from "./adapters/in/cli/Deliveries.ts"
import { doctor } from "./adapters/in/cli/Doctor.ts"
import { events } from "./adapters/in/cli/Events.ts"
import { failedEvents } from "./adapters/in/cli/FailedEvents.ts"
import { explain } from "./adapters/in/cli/Failures.ts"
import { handlers } from "./adapters/in/cli/Handlers.ts"
import { imports } from "./adapters/in/cli/Import.ts"
import { Installation, lacking } from "./adapters/in/cli/Installation.ts"
import { members } from "./adapters/in/cli/Members.ts"
import { migrate } from "./adapters/in/cli/Migrate.ts"
import { notifications } from "./adapters/in/cli/Notifications.ts"
import { Failed, Json, Misused, oneLine } from "./adapters/in/cli/Output.ts"
import { readSide } from "./adapters/in/cli/ReadSide.ts"
import { seed } from "./adapters/in/cli/SeedCommand.ts"
import { status } from "./adapters/in/cli/Status.ts"
import type { Setup } from "./application/operations/Checks.ts"
import { carriersOf, load, type Settings } from "./Config.ts"
import * as Logging from "./Logging.ts"

// Loaded when a command needs them: help and a wrong call are answered in a third of the time.
const application = Effect.promise(() => import("./App.ts"))
const clients = Effect.promise(() => import("./adapters/out/postgres/Clients.ts"))
const embedded = Effect.promise(() => import("./adapters/embedded/EmbeddedPostgres.ts"))
const migrations = Effect.promise(() => import("./adapters/out/postgres/Migrations.ts"))
const server = Effect.promise(() => import("./Serve.ts"))
const tokens = Effect.promise(() => import("./adapters/out/security/JwtTokens.ts"))

// ---- the database

const codeOf = (cause: unknown) =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
const messageOf = (cause: unknown) => oneLine(Predicate.isError(cause) ? cause.message : String(cause))

/** PostgreSQL's code of a database that does not exist. */
const noSuchDatabase = (error: SqlError.SqlError) => codeOf(error.reason.cause) === "3D000"

/** Why the database cannot be had, and what to do; without the password that is in its address. */
const unreachable = (settings: Settings, url: Redacted.Redacted) => (error: SqlError.SqlError) => {
  const { host, pathname } = new URL(Redacted.value(url))
  const where = `PostgreSQL at ${host}`
  const correct = Option.isSome(settings.databaseUrl) ? "correct DATABASE_URL" : `see ${settings.home}/postgres.log`
  if (error.reason._tag === "AuthenticationError") {
    return new Failed({ message: `${where} refuses this user or password: ${correct}` })
  }
  if (noSuchDatabase(error)) {
    return new Failed({
      message: `${where} has no database ${pathname.slice(1)}: create it, or ${correct}`
    })
  }
  return new Failed({ message: `${where} does not answer (${messageOf(error.reason.cause)}): start it, or ${correct}` })
}

const askVersion = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const connection = yield* PgConnection.make({ url, applicationName: "ams cli", connectTimeout: "5 seconds" })
  const [row] = yield* connection.queryValues("select split_part(current_setting('server_version'), ' ', 1)")
  return String(row?.[0])
}, Effect.scoped)

/** DATABASE_URL, else the server of AMS_HOME: the running one, or one for as long as the command takes. */
const addressOf = Effect.fnUntraced(function*(settings: Settings) {
  if (Option.isSome(settings.databaseUrl)) return settings.databaseUrl.value
  const { reach } = yield* embedded
  return (yield* Effect.mapError(reach({ home: settings.home }), ({ message }) => new Failed({ message }))).url
})

const findDatabase = Effect.fnUntraced(function*(settings: Settings) {
  const url = yield* addressOf(settings)
  const postgresVersion = yield* askVersion(url).pipe(
    // A server that has just been started gets its database a moment later.
    Effect.retry({
      schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "3 seconds" })),
      while: (error) => Option.isNone(settings.databaseUrl) && noSuchDatabase(error)
    }),
    Effect.mapError(unreachable(settings, url))
  )
  return { url, postgresVersion }
})

// ---- what the commands need

/** Stdout is for answers. Prompts and progress go to stderr. */
const terminalOnStderr = Layer.effect(
  Terminal.Terminal,
  Effect.map(Terminal.Terminal, (terminal) =>
    Terminal.make({
      ...terminal,
      columns: Effect.sync(() => process.stderr.columns ?? 80),
      display: (text) => Effect.sync(() => void process.stderr.write(text))
    }))
)

const asFailed = ({ message }: { readonly message: string }) => new Failed({ message: oneLine(message) })

const migrationsOf = Effect.fnUntraced(function*(settings: Settings, url: Redacted.Redacted) {
  const { status } = yield* migrations
  const { layer } = yield* clients
  return yield* status().pipe(
    Effect.provide(Layer.merge(NodeServices.layer, layer({ ...settings, url }))),
    Effect.catchTags({
      SqlError: (error) => Effect.fail(unreachable(settings, url)(error)),
      MigrationFailed: (error) => Effect.fail(asFailed(error))
    })
  )
})

/** Few connections: a command does one thing at a time. And role `api`: it runs no handlers, and claims nothing. */
const modest = (settings: Settings): Settings => ({
  ...settings,
  role: "api",
  commandConnections: 4,
  backgroundConnections: 1,
  otherConnections: 4
})

/** What the doctor looks at of the settings, as they are for those that serve. */
const setupOf = Effect.fnUntraced(function*(settings: Settings, postgresVersion: string): Effect.fn.Return<Setup> {
  const { connectionsOf } = yield* clients
  return {
    environment: settings.environment,
    postgresVersion,
    embeddedDatabase: Option.isNone(settings.databaseUrl),
    carriers: carriersOf(settings),
    balanceAlarm: settings.balanceAlarm,
    alerted: Option.isSome(settings.alertSlackUrl) || Option.isSome(settings.alertWebhookUrl),
    keyInFile: Option.isNone(settings.jwtPrivateKey),
    connections: connectionsOf(settings)
  }
})

const found = Effect.gen(function*() {
  const given = yield* load
  const settings = modest(given)
  const { postgresVersion, url } = yield* findDatabase(settings)
  const installation = Installation.of({
    setup: yield* setupOf(given, postgresVersion),
    migrations: migrationsOf(settings, url),
    migrate: Effect.flatMap(server, ({ migrateDatabase }) => Effect.mapError(migrateDatabase(settings, url), asFailed))
  })
  return { settings, url, installation }
})

/** Settings and database only. */
const installation = Layer.effect(Installation, Effect.map(found, ({ installation }) => installation))

const everythingOf = Effect.fnUntraced(function*({ installation, settings, url }: Effect.Success<typeof found>) {
  const { ports, useCases } = yield* application
  const { generateKey } = yield* tokens
  // Nothing here makes or reads a token: the key is made up, and none is left in AMS_HOME.
  const core = ports(settings, { databaseUrl: url, jwtPrivateKey: yield* generateKey })
  return Layer.mergeAll(
    useCases,
    Layer.succeed(Installation, installation),
    // The ports bring the platform along, and with it a terminal on stdout.
    terminalOnStderr
  ).pipe(
    Layer.provideMerge(core),
    Layer.provideMerge(Logging.layer(settings))
  )
})

/** Ports and use cases, whatever the schema. */
const anySchema = Layer.unwrap(Effect.flatMap(found, everythingOf))

/** The same; fails when the schema is not this version's. */
const everything = Layer.unwrap(Effect.gen(function*() {
  const here = yield* found
  const lack = lacking(yield* here.installation.migrations)
  return lack === undefined ? yield* everythingOf(here) : yield* new Failed({ message: lack })
}))

/** Who is told of alerts, without the database. */
const alerting = Layer.unwrap(Effect.gen(function*() {
  const settings = yield* load
  const { alerts } = yield* application
  return alerts(settings).pipe(Layer.provideMerge(Logging.layer(settings)))
}))

// ---- the commands

/** A command that a signal ends well: it would go on for ever. */
let endless = false
const goesOn = Effect.sync(() => {
  endless = true
})

const ams = Command.make("ams").pipe(
  Command.withDescription(
    "Operates an Academy Management Service. Settings come from the environment, see .env.example"
  ),
  Command.withSubcommands([
    Command.make("serve", {}, () => Effect.andThen(goesOn, Effect.flatMap(server, ({ serve }) => serve))).pipe(
      Command.withDescription("Serve until a signal ends it, as npm start does")
    ),
    migrate(installation),
    seed(everything),
    admin(everything),
    status(anySchema),
    doctor(anySchema),
    readSide(everything),
    handlers(everything),
    deliveries(everything, goesOn),
    events(everything),
    absences(everything),
    members(everything),
    imports(everything),
    audit(everything),
    failedEvents(everything),
    notifications(everything),
    alerts(alerting)
  ]),
  Command.withGlobalFlags([Json])
)

// ---- how it speaks and ends

const tell = (message: string) =>
  Effect.sync(() => message.split("\n").forEach((line) => process.stderr.write(`ams: ${line}\n`)))

/** Nobody asked for help where there was a mistake: that gets its line on stderr, and stdout nothing. */
const presenter = CliOutput.layerPresenter({
  present: (event) => (event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event))
})

const run = Command.run(ams, { version: manifest.version })

/** The end of a command that did not do its work. Having asked for help is no trouble. */
const ended = (trouble: Effect.Error<typeof run>): Effect.Effect<void, Failed | Misused> => {
  if (trouble instanceof CliError.ShowHelp) {
    const lines = trouble.errors.map(({ message }) =>
      `${oneLine(message).replace("Schema validation failed: Expected ", "")} (see ${
        trouble.commandPath.join(" ")
      } --help)`
    )
    return lines.length === 0 ? Effect.void : Effect.fail(new Misused({ message: lines.join("\n") }))
  }
  if (CliError.isCliError(trouble)) return Effect.fail(new Misused({ message: oneLine(trouble.message) }))
  switch (trouble._tag) {
    case "Failed":
    case "Misused":
      return Effect.fail(trouble)
    case "CannotServe":
    case "SettingsInvalid":
      return Effect.fail(new Failed({ message: trouble.message }))
    case "SqlError":
      return Effect.fail(new Failed({ message: `PostgreSQL: ${messageOf(trouble.reason.cause)}` }))
    case "NotAKey":
      return Effect.die(trouble)
    // The question was left: the command line's own end for it is an interruption.
    case "QuitError":
      return Effect.interrupt
    default:
      return Effect.fail(explain(trouble))
  }
}

/** A line for each reason. Only what nobody expected comes with its trace. */
const told = (cause: Cause.Cause<Failed | Misused>) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  return error instanceof Failed || error instanceof Misused
    ? tell(error.message)
    : tell(`this is a mistake in AMS, please report it\n${Cause.pretty(cause)}`)
}

const teardown: Runtime.Teardown = (exit, done) =>
  endless && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? done(0) : Runtime.defaultTeardown(exit, done)

// Whoever reads the answer may have seen enough, as `head` has.
process.stdout.on("error", (error) => process.exit(codeOf(error) === "EPIPE" ? 0 : 1))

run.pipe(
  Effect.catch(ended),
  Effect.tapCause(told),
  Effect.provide(Layer.mergeAll(
    presenter,
    CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    terminalOnStderr.pipe(Layer.provideMerge(NodeServices.layer))
  )),
  Effect.provideService(Logger.LogToStderr, true),
  NodeRuntime.runMain({ teardown, disableErrorReporting: true })
)
