/**
 * Connections to PostgreSQL: one pool for commands, one for the rest, so that neither starves the other.
 *
 * A command's transaction costs two flushes instead of a round trip per statement. BEGIN waits for the first statement
 * and goes out with it; writes whose result nobody needs are kept and go out together with COMMIT. See
 * `CommandConnection`.
 */
import { PgClient, PgPool } from "@effect/sql-pg"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, SqlConnection, SqlError } from "effect/sql"
import { CommandConnection } from "./CommandConnection.ts"

/** The pool for units of work of commands. */
export class CommandSql extends Context.Service<CommandSql, SqlClient.SqlClient>()("ams/postgres/CommandSql") {}
/** The pool for units of work of handlers and jobs. */
export class BackgroundSql
  extends Context.Service<BackgroundSql, SqlClient.SqlClient>()("ams/postgres/BackgroundSql")
{}

/** For claiming and finishing deliveries. */
export class DeliverySql extends Context.Service<DeliverySql, PgClient.PgClient>()("ams/postgres/DeliverySql") {}
/** For the heartbeat and for two LISTENs, which keep a connection each. */
export class HeartbeatSql extends Context.Service<HeartbeatSql, PgClient.PgClient>()("ams/postgres/HeartbeatSql") {}

export interface PostgresSettings {
  readonly url: Redacted.Redacted
  readonly commandConnections: number
  readonly backgroundConnections: number
  readonly otherConnections: number
}

/** Sessions of the two pools that are no setting. */
const deliveryConnections = 4
const heartbeatConnections = 3

/** Sessions that a process has at the most. */
export const connectionsOf = (settings: Omit<PostgresSettings, "url">): number =>
  settings.commandConnections + settings.backgroundConnections + settings.otherConnections + deliveryConnections +
  heartbeatConnections

/** How long a caller waits for a free connection before it is told to come back. */
export const acquireTimeout = Duration.seconds(2)

/** Session limits: a statement 5 s, a lock 2 s, an idle transaction 10 s. */
const sessionLimits = {
  statement_timeout: "5000",
  lock_timeout: "2000",
  idle_in_transaction_session_timeout: "10000",
  timezone: "UTC",
  // Statements are prepared once a session; planning them again for each value costs more than a better plan gains.
  plan_cache_mode: "force_generic_plan",
  jit: "off"
}

/**
 * The engine's few statements find each row by an index, however empty the tables were when their plans were made, and
 * without walking over all of them when few rows are asked for (`bench/claim.ts`).
 */
const byIndex = { enable_seqscan: "off" }

const noConnection = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({
    cause: new Error("no connection became free within 2 s"),
    message: "no connection became free within 2 s",
    operation: "acquire"
  })
})

/** Where an address leads, read as the driver does: by itself it lets traces say localhost, whatever the address. */
const placeOf = (url: Redacted.Redacted) => {
  const { hostname, pathname, port, searchParams, username } = new URL(Redacted.value(url))
  const given = (name: string, before: string) => searchParams.get(name) ?? decodeURIComponent(before)
  return {
    host: given("host", hostname.replace(/^\[|\]$/g, "")) || "localhost",
    port: Number(given("port", port) || 5432),
    database: given("dbname", pathname.slice(1)) || given("user", username) || undefined
  }
}

const makeTransactional = (url: Redacted.Redacted, connections: number, applicationName: string) =>
  Effect.gen(function*() {
    const { database, host, port } = placeOf(url)
    const pool = yield* PgPool.make({
      url,
      applicationName,
      maxConnections: connections,
      minConnections: 1,
      // Pipelined, but each session has one transaction to itself.
      multiplex: true,
      multiplexConcurrency: 1,
      connectTimeout: "3 seconds",
      idleTimeout: "5 minutes",
      startupParameters: {
        ...sessionLimits,
        // Only BEGIN READ WRITE may write: a statement that ends up outside of its transaction changes nothing.
        default_transaction_read_only: "on"
      }
    })
    const acquire: SqlConnection.Acquirer = pool.get.pipe(
      Effect.timeoutOrElse({ duration: acquireTimeout, orElse: () => Effect.fail(noConnection) }),
      Effect.map((session) => new CommandConnection(session))
    )
    return yield* SqlClient.make({
      acquirer: acquire,
      transactionAcquirer: acquire,
      compiler: PgClient.makeCompiler(),
      driver: "pg",
      spanAttributes: [
        ["db.system.name", "postgresql"],
        ["db.namespace", database],
        ["server.address", host],
        ["server.port", port]
      ],
      prepareTransactionControls: true,
      beginTransaction: CommandConnection.begin,
      commit: (connection) =>
        connection instanceof CommandConnection ? connection.commit : Effect.die("not a command connection"),
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
    })
  }).pipe(Effect.provide(Reactivity.layer))

const makeOrdinary = (
  url: Redacted.Redacted,
  connections: number,
  applicationName: string,
  planning: Readonly<Record<string, string>> = {}
) =>
  Effect.provide(
    PgClient.make({
      url,
      ...placeOf(url),
      applicationName,
      maxConnections: connections,
      minConnections: 1,
      connectTimeout: "3 seconds",
      idleTimeout: "5 minutes",
      startupParameters: { ...sessionLimits, ...planning }
    }),
    Reactivity.layer
  )

export type Clients = CommandSql | BackgroundSql | DeliverySql | HeartbeatSql | SqlClient.SqlClient

/** All pools. Lazy: built also while the database is down. */
export const layer = (settings: PostgresSettings): Layer.Layer<Clients, SqlError.SqlError> =>
  Layer.mergeAll(
    Layer.effect(CommandSql, makeTransactional(settings.url, settings.commandConnections, "ams-commands")),
    Layer.effect(BackgroundSql, makeTransactional(settings.url, settings.backgroundConnections, "ams-handlers")),
    Layer.effect(DeliverySql, makeOrdinary(settings.url, deliveryConnections, "ams-deliveries", byIndex)),
    Layer.effect(HeartbeatSql, makeOrdinary(settings.url, heartbeatConnections, "ams-heartbeat")),
    Layer.effect(SqlClient.SqlClient, makeOrdinary(settings.url, settings.otherConnections, "ams"))
  )
