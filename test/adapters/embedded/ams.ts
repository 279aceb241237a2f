/** An AMS in small, as a process of its own: starts PostgreSQL, says so, and drains when it is told to end. */
import { NodeRuntime } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Effect } from "effect"
import { start } from "../../../src/adapters/embedded/EmbeddedPostgres.ts"

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

Effect.gen(function*() {
  const { url } = yield* start({ home: process.argv[2] ?? "" })
  const connection = yield* PgConnection.make({ url })
  // The drain: what comes last still needs the database.
  yield* Effect.addFinalizer(() => connection.query("select 1").pipe(Effect.orDie, Effect.andThen(say("drained"))))
  yield* say("started")
  return yield* Effect.never
}).pipe(
  Effect.catchTag("EmbeddedPostgresFailed", ({ message }) => say(`refused: ${message}`)),
  Effect.scoped,
  NodeRuntime.runMain
)
