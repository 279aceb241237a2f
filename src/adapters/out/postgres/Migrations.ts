/**
 * Brings the schema up to the numbered files in `sql/`, forward only. Each file runs once, in a transaction of its own
 * that also records its checksum; processes that start at once wait for each other on an advisory lock.
 */
import { Data, Effect, FileSystem, Path } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"

/** The schema and the files disagree, or a file failed. The message says which and what to do. */
export class MigrationFailed extends Data.TaggedError("MigrationFailed")<{
  readonly message: string
  readonly cause?: unknown
}> {}

export interface MigrationFile {
  readonly number: number
  readonly name: string
  readonly checksum: string
  readonly body: string
}

export interface MigrationStatus {
  readonly number: number
  readonly name: string
  /** Null when it is still to be applied. */
  readonly appliedAt: Date | null
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly checksum: string
  readonly applied_at: Date
}

/** The folder that the package brings. */
export const sqlFolder = fileURLToPath(new URL("../../../../sql/", import.meta.url))

const failed = (message: string, cause?: unknown) => new MigrationFailed({ message, cause })

/** The files in order; a number twice or left out is an error. */
export const readFiles = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const files: Array<MigrationFile> = []
  const names = yield* Effect.mapError(fs.readDirectory(folder), (cause) => failed(`cannot read ${folder}`, cause))
  for (const file of names.sort()) {
    const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file)
    if (match === null) {
      if (!file.endsWith(".sql") || file === "schema.sql") continue
      return yield* failed(`sql/${file}: a migration is named like 0007_what_it_does.sql; this one would never run`)
    }
    const body = yield* Effect.mapError(
      fs.readFileString(path.join(folder, file)),
      (cause) => failed(`cannot read ${file}`, cause)
    )
    const number = Number(match[1])
    if (number !== files.length + 1) {
      return yield* failed(`sql/${file}: expected number ${files.length + 1} next; numbers have no gaps and no doubles`)
    }
    files.push({ number, name: file, checksum: createHash("sha256").update(body).digest("hex"), body })
  }
  return files
})

/** What is still to be applied, or why that cannot be said. Pure. */
export const pending = (
  files: ReadonlyArray<MigrationFile>,
  applied: ReadonlyArray<Pick<Applied, "number" | "name" | "checksum">>
): ReadonlyArray<MigrationFile> | MigrationFailed => {
  for (const [index, done] of applied.entries()) {
    const file = files[index]
    if (done.number !== index + 1) return failed(`the database lacks migration ${index + 1} but has ${done.number}`)
    if (file === undefined) {
      return failed(
        `the database has migration ${done.name}, which this AMS does not know: it is older than its database`
      )
    }
    if (file.checksum !== done.checksum) {
      return failed(`sql/${file.name} was changed after it was applied: put it back and write a new migration`)
    }
  }
  return files.slice(applied.length)
}

const lock = 7_265_001 // any number that nothing else of ours locks

const readApplied = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const [table] = yield* sql<{ exists: boolean }>`select to_regclass('public.migration') is not null as exists`
  if (table?.exists !== true) return []
  return yield* sql<Applied>`select number, name, checksum, applied_at from migration order by number`
})

const applyNext = Effect.fnUntraced(function*(files: ReadonlyArray<MigrationFile>) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`set local statement_timeout = 0`
  yield* sql`set local lock_timeout = 0`
  yield* sql`select pg_advisory_xact_lock(${lock})`
  yield* sql`create table if not exists migration (
    number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()
  )`
  const rest = pending(files, yield* readApplied(sql))
  if (rest instanceof MigrationFailed) return yield* rest
  const next = rest[0]
  if (next === undefined) return undefined
  // One statement per query is all that the protocol takes; a DO block runs a whole file.
  yield* sql.unsafe(`do $ams_block$ begin execute $ams_file$${next.body}$ams_file$; end $ams_block$`).pipe(
    Effect.mapError((error) => failed(`sql/${next.name} failed: ${describe(error.reason.cause)}`, error))
  )
  yield* sql`insert into migration (number, name, checksum) values (${next.number}, ${next.name}, ${next.checksum})`
  return next
})

const describe = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

const refused = (error: SqlError.SqlError) =>
  Effect.fail(failed(`the database refused: ${describe(error.reason.cause)}`, error))

/** Applies what is missing. Returns the names applied. */
export const migrate = Effect.fn("Migrations.migrate")(
  function*(folder: string = sqlFolder) {
    const sql = yield* SqlClient.SqlClient
    const files = yield* readFiles(folder)
    const done: Array<string> = []
    while (true) {
      const next = yield* Effect.catchTag(sql.withTransaction(applyNext(files)), "SqlError", refused)
      if (next === undefined) break
      done.push(next.name)
    }
    return done
  }
)

/** Makes missing daily partitions of `event`, 14 days ahead; safe when run twice or by several processes. */
export const makeEventPartitions = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`select make_event_partitions(14)`
})

/** Every migration with when it was applied. */
export const status = Effect.fn("Migrations.status")(
  function*(folder: string = sqlFolder) {
    const sql = yield* SqlClient.SqlClient
    const files = yield* readFiles(folder)
    const applied = yield* Effect.catchTag(readApplied(sql), "SqlError", refused)
    const rest = pending(files, applied)
    if (rest instanceof MigrationFailed) return yield* rest
    return files.map((file, index): MigrationStatus => ({
      number: file.number,
      name: file.name,
      appliedAt: applied[index]?.applied_at ?? null
    }))
  }
)
