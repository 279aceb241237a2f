import { NodeCrypto } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { assert, expect, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import * as PostgresDiagnosis from "../../../../src/adapters/out/postgres/PostgresDiagnosis.ts"
import { Diagnosis } from "../../../../src/ports/Diagnosis.ts"
import { clients, freshDatabaseUrl } from "../../../support/postgres.ts"

/** A database of its own, and one session of its owner. */
class Database extends Context.Service<Database, {
  readonly url: Redacted.Redacted
  readonly sql: (text: string, params?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>>
}>()("test/Database") {
  static readonly layer = Layer.effect(
    Database,
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const connection = yield* PgConnection.make({ url })
      return Database.of({ url, sql: (text, params) => Effect.orDie(connection.queryValues(text, params)) })
    })
  )
}

const connected = (url: Redacted.Redacted) =>
  PostgresDiagnosis.layer.pipe(Layer.provide(clients(url)), Layer.provide(NodeCrypto.layer))

/** What new sessions are told: settings of a role or a database hold from the next session on. */
const told = Effect.fnUntraced(function*<A, E>(
  ask: (diagnosis: Diagnosis["Service"]) => Effect.Effect<A, E>,
  as?: Redacted.Redacted
) {
  const { url } = yield* Database
  return yield* Effect.flatMap(Diagnosis, ask).pipe(Effect.provide(connected(as ?? url)))
})

/** A role with nothing but the right to come in; it and its rights are gone when the scope closes. */
const role = Effect.acquireRelease(
  Effect.gen(function*() {
    const { sql, url } = yield* Database
    const name = `test_${randomBytes(6).toString("hex")}`
    yield* sql(`create role ${name} login password 'p'`)
    const address = new URL(Redacted.value(url))
    address.username = name
    address.password = "p"
    return { name, url: Redacted.make(address.toString()) }
  }),
  ({ name }) =>
    Effect.gen(function*() {
      const { sql } = yield* Database
      yield* sql(`drop owned by ${name}`)
      yield* sql(`drop role ${name}`)
    })
)

layer(Database.layer, { excludeTestServices: true })("what PostgreSQL says of itself", (it) => {
  it.effect("to its owner: nothing is lacking, notifications arrive, the clock goes", () =>
    Effect.gen(function*() {
      const [missing, arrive, now] = yield* told((d) => Effect.all([d.missingGrants, d.notificationsArrive, d.now]))
      assert.deepStrictEqual(missing, [])
      assert.isTrue(arrive)
      assert.isBelow(Math.abs(now.getTime() - Date.now()), 60_000)
    }))

  it.effect("to a role without grants: everything that it may not do and must", () =>
    Effect.gen(function*() {
      const { name, url } = yield* role
      const { sql } = yield* Database
      const missing = yield* told((d) => d.missingGrants, url)
      for (
        const one of [
          "usage of schema read",
          "create in schema public",
          "ownership of event",
          "insert on member",
          "delete on event_delivery",
          "truncate on event_delivery_3",
          "select on read.class_day",
          "usage on as_of"
        ]
      ) assert.include(missing, one)
      // Partitions are written through their tables.
      assert.deepStrictEqual(
        missing.filter((one) => /(select|insert|update|delete) on event_(\d|delivery_)/.test(one)),
        []
      )

      yield* sql(`grant usage on schema read to ${name}`)
      yield* sql(`grant create on schema public to ${name}`)
      yield* sql(`grant select, insert, update, delete, truncate on all tables in schema public, read to ${name}`)
      yield* sql(`grant usage on all sequences in schema public, read to ${name}`)
      assert.deepStrictEqual(yield* told((d) => d.missingGrants, url), ["ownership of event"])
      yield* sql(`revoke update on member from ${name}`)
      expect(yield* told((d) => d.missingGrants, url)).toContain("update on member")
    }).pipe(Effect.scoped))

  it.effect("which sessions there are, and how many more there may be", () =>
    Effect.gen(function*() {
      const { sql } = yield* Database
      const [[most] = []] = yield* sql("select setting::int from pg_settings where name = 'max_connections'")
      const connections = yield* told((d) => d.connections)
      assert.isAbove(connections.used, 0)
      assert.isBelow(connections.most, Number(most))
      assert.isAbove(connections.most, Number(most) - 20)
    }))

  it.effect("what a crash may take with it, and whether server, database or role say so", () =>
    Effect.gen(function*() {
      const { sql } = yield* Database
      const [[database] = []] = yield* sql("select current_database()")
      const commit = (as?: Redacted.Redacted) =>
        Effect.map(
          told((d) => d.durability, as),
          (settings) => settings.find(({ name }) => name === "synchronous_commit")
        )
      expect((yield* told((d) => d.durability)).map(({ name }) => name)).toEqual([
        "fsync",
        "full_page_writes",
        "synchronous_commit"
      ])
      const { name, url } = yield* role
      yield* sql(`alter database ${database} set synchronous_commit = off`)
      expect(yield* commit()).toEqual({ name: "synchronous_commit", value: "off", source: "database" })
      yield* sql(`alter database ${database} reset synchronous_commit`)
      expect(yield* commit()).not.toMatchObject({ value: "off" })
      yield* sql(`alter role ${name} set synchronous_commit = off`)
      expect(yield* commit(url)).toEqual({ name: "synchronous_commit", value: "off", source: "user" })
    }).pipe(Effect.scoped))

  it.effect("which transactions have been open for long, as far as one may see them", () =>
    Effect.gen(function*() {
      const database = yield* Database
      const lazy = yield* PgConnection.make({ url: database.url, applicationName: "lazy" })
      yield* lazy.query("begin")
      yield* lazy.query("select 1")
      const now = yield* told((d) => d.longTransactions(Duration.zero))
      expect(now.open).toContainEqual({ pid: lazy.processId, who: "lazy", seconds: expect.any(Number) })
      assert.strictEqual(now.unseen, 0)
      assert.deepStrictEqual((yield* told((d) => d.longTransactions(Duration.minutes(10)))).open, [])
      const { url } = yield* role
      const seen = yield* told((d) => d.longTransactions(Duration.zero), url)
      assert.deepStrictEqual(seen.open.filter(({ who }) => who === "lazy"), [])
      assert.isAbove(seen.unseen, 0)
      yield* lazy.query("rollback")
    }).pipe(Effect.scoped))

  it.effect("which days have no place for their events", () =>
    Effect.gen(function*() {
      const { sql } = yield* Database
      assert.deepStrictEqual(yield* told((d) => d.missingPartitions(14)), [])
      const [[day, name] = []] = yield* sql(
        `select to_char(d, 'YYYY-MM-DD'), 'event_' || to_char(d, 'YYYYMMDD') from (select (now() at time zone 'UTC')::date + 3) t(d)`
      )
      // Detached it is still there, but no event gets into it.
      yield* sql(`alter table event detach partition ${name}`)
      expect(yield* told((d) => d.missingPartitions(14))).toEqual([day])
      assert.deepStrictEqual(yield* told((d) => d.missingPartitions(3)), [])
    }))
})
