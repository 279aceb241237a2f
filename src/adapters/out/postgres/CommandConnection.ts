/**
 * One session for one transaction, in as few flushes as its decision allows:
 *
 * ```
 *   BEGIN + first statement ─▶ … ─▶ kept writes + events + COMMIT
 * ```
 *
 * A flush sends its statements one after the other without waiting; PostgreSQL answers each. After the first failure
 * the transaction is aborted, so the rest fails as well and COMMIT answers ROLLBACK: the first failure is the one that
 * counts.
 *
 * A transaction inside of it is a savepoint, which leaves with the next statement as BEGIN does.
 */
import type { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Stream } from "effect"
import { SqlConnection, SqlError } from "effect/sql"
import { isLost } from "./Faults.ts"

interface PlainStatement {
  readonly sql: string
  readonly params: ReadonlyArray<unknown>
}

/** A write whose result nobody needs. `rows`: how many it must touch, where that can go wrong. */
export interface KeptWrite extends PlainStatement {
  readonly rows?: number | undefined
}

const renumbered = new Map<string, string>()

/** The statement's text with its placeholders moved up. There are few texts, so each is made once. */
const shifted = (sql: string, by: number): string => {
  const key = `${by} ${sql}`
  const known = renumbered.get(key)
  if (known !== undefined) return known
  const made = sql.replace(/\$(\d+)/g, (_, number) => `$${Number(number) + by}`)
  renumbered.set(key, made)
  return made
}

/**
 * Several writes as one statement, each in a WITH of its own: PostgreSQL runs them all, to their ends, and looks at
 * foreign keys after that. None of them may change a row that another one changes.
 */
const merged = (writes: ReadonlyArray<KeptWrite>): PlainStatement => {
  const params: Array<unknown> = []
  const parts: Array<string> = []
  const checks: Array<string> = []
  for (const [index, write] of writes.entries()) {
    const text = shifted(write.sql, params.length)
    params.push(...write.params)
    if (write.rows === undefined) parts.push(`w${index} as (${text})`)
    else {
      parts.push(`w${index} as (${text} returning 1)`)
      params.push(BigInt(write.rows))
      checks.push(`expect_rows((select count(*) from w${index}), $${params.length})`)
    }
  }
  return { sql: `with ${parts.join(", ")} select ${checks.length === 0 ? "1" : checks.join(", ")}`, params }
}

type Rows = ReadonlyArray<PgConnection.Row>
type Transform = (<A extends object>(row: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

const rolledBack = new SqlError.SqlError({
  reason: new SqlError.UnknownError({
    cause: new Error("COMMIT answered ROLLBACK: a statement before it had failed"),
    message: "COMMIT answered ROLLBACK",
    operation: "commit"
  })
})

export class CommandConnection implements SqlConnection.Connection {
  static readonly begin = "BEGIN READ WRITE"

  readonly session: PgConnection.PgConnection
  private locks: Array<PlainStatement> = []
  private writes: Array<KeptWrite> = []
  private began = false

  constructor(session: PgConnection.PgConnection) {
    this.session = session
  }

  /** Keeps a write until the next statement or COMMIT. */
  keep(write: KeptWrite): void {
    this.writes.push(write)
  }

  /** Takes a lock right before the next statement, which so sees what others committed while we waited for it. */
  lock(statement: PlainStatement): void {
    this.locks.push(statement)
  }

  /** Sends what waits and the last statement in one flush; answers with the last one's result. */
  private flush(last: PlainStatement): Effect.Effect<PgConnection.Result, SqlError.SqlError> {
    const waiting = this.locks
    if (this.writes.length > 0) waiting.push(merged(this.writes))
    if (waiting.length === 0) return this.session.query(last.sql, last.params)
    this.locks = []
    this.writes = []
    const all = [...waiting, last].map((one) => Effect.exit(this.session.query(one.sql, one.params)))
    return Effect.flatMap(Effect.all(all, { concurrency: "unbounded" }), (exits) => {
      const failure = exits.find(Exit.isFailure)
      if (failure !== undefined) return failure
      return exits[exits.length - 1] ?? Effect.die("a flush without statements")
    })
  }

  private readonly run = (
    sql: string,
    params: ReadonlyArray<unknown>
  ): Effect.Effect<PgConnection.Result, SqlError.SqlError> => Effect.suspend(() => this.flush({ sql, params }))

  /** Sends what is kept, for whoever has to know now whether it is refused. */
  readonly send: Effect.Effect<void, SqlError.SqlError> = Effect.suspend(() => {
    if (this.writes.length === 0) return Effect.void
    const writes = merged(this.writes)
    this.writes = []
    return Effect.asVoid(this.flush(writes))
  })

  /** Up to where a transaction inside of this one goes back; what stays behind never left. */
  private back(rollback: PlainStatement): Effect.Effect<Rows, SqlError.SqlError> {
    const began = this.locks.findIndex(({ sql }) => sql === rollback.sql.replace("ROLLBACK TO ", ""))
    this.writes = []
    this.locks = this.locks.slice(0, began + 1)
    if (began >= 0) return Effect.succeed([])
    // A lost session is rolled back by the server.
    return Effect.as(Effect.catchIf(this.run(rollback.sql, rollback.params), isLost, () => Effect.void), [])
  }

  /** COMMIT with all kept writes. Nothing to do when no statement was ever sent. */
  readonly commit: Effect.Effect<void, SqlError.SqlError> = Effect.suspend(() => {
    // Only BEGIN is there, and it never left.
    if (!this.began && this.writes.length === 0) return Effect.void
    return Effect.flatMap(
      this.run("COMMIT", []),
      (result) => (result.command === "ROLLBACK" ? Effect.fail(rolledBack) : Effect.void)
    )
  })

  execute(sql: string, params: ReadonlyArray<unknown>, transform: Transform): Effect.Effect<Rows, SqlError.SqlError> {
    return Effect.suspend(() => {
      if (sql === CommandConnection.begin) {
        this.lock({ sql, params })
        return Effect.succeed([])
      }
      if (sql.startsWith("ROLLBACK TO ")) return this.back({ sql, params })
      // Behind what was kept before it these are statements like others.
      if (sql.startsWith("SAVEPOINT ") && this.writes.length === 0) {
        this.lock({ sql, params })
        return Effect.succeed([])
      }
      if (sql.startsWith("RELEASE ") && this.writes.length === 0) {
        const never = this.locks.findIndex((one) => sql === `RELEASE ${one.sql}`)
        if (never >= 0) this.locks.splice(never)
        else this.lock({ sql, params })
        return Effect.succeed([])
      }
      if (sql === "ROLLBACK") {
        this.locks = []
        this.writes = []
        // BEGIN never left: the server knows of no transaction.
        if (!this.began) return Effect.succeed([])
        // A lost session is rolled back by the server.
        return Effect.as(Effect.catchIf(this.run(sql, params), isLost, () => Effect.void), [])
      }
      this.began = true
      return Effect.map(this.run(sql, params), (result) => (transform ? transform(result.rows) : result.rows))
    })
  }

  executeUnprepared(sql: string, params: ReadonlyArray<unknown>, transform: Transform) {
    return this.execute(sql, params, transform)
  }

  executeRaw(sql: string, params: ReadonlyArray<unknown>) {
    return Effect.suspend(() => {
      this.began = true
      return this.run(sql, params)
    })
  }

  executeValues(
    sql: string,
    params: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>, SqlError.SqlError> {
    return Effect.map(this.execute(sql, params, undefined), (rows) => rows.map((row) => Object.values(row)))
  }

  executeValuesUnprepared(sql: string, params: ReadonlyArray<unknown>) {
    return this.executeValues(sql, params)
  }

  executeStream(sql: string, params: ReadonlyArray<unknown>, transform: Transform) {
    return Stream.unwrap(Effect.map(this.execute(sql, params, transform), Stream.fromIterable))
  }
}
