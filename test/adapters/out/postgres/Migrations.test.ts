import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Layer, Path, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import {
  makeEventPartitions,
  migrate,
  MigrationFailed,
  pending,
  readFiles,
  status
} from "../../../../src/adapters/out/postgres/Migrations.ts"
import { clients, freshDatabaseUrl } from "../../../support/postgres.ts"

/** With a database of its own that has nothing in it. */
const onEmpty = Effect.provide(
  Layer.merge(
    Layer.unwrap(Effect.map(freshDatabaseUrl("empty"), ({ url }) => clients(url))),
    NodeServices.layer
  )
)

const folder = Effect.fnUntraced(function*(files: Record<string, string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "ams-migrations-" })
  for (const [name, body] of Object.entries(files)) yield* fs.writeFileString(path.join(directory, name), body)
  return directory
})

const refusal = (files: Record<string, string>) =>
  Effect.map(Effect.flip(Effect.flatMap(folder(files), migrate)), (error) => {
    if (!(error instanceof MigrationFailed)) return assert.fail(String(error))
    return error.message
  })

const exists = Effect.fnUntraced(function*(table: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ there: boolean }>`select to_regclass(${table}) is not null as there`
  return row?.there
})

const runs = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql<{ name: string }>`select name from run order by place`).map((row) => row.name)
})

const appliedNames = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql<{ name: string }>`select name from migration order by number`).map((row) => row.name)
})

const three = {
  "0001_run.sql": "create table run (place serial, name text, transaction xid8 default pg_current_xact_id());\n" +
    "insert into run (name) values ('one');",
  "0002_two.sql": "insert into run (name) values ('two'); -- a comment at the end",
  "0003_three.sql": "-- nothing but\ninsert into run (name) values ('three');\n"
}

describe("migrations", () => {
  it.effect("refuse a file whose name is mistyped, which would never run", () =>
    Effect.gen(function*() {
      assert.include(yield* refusal({ ...three, "00004_four.sql": "select 1" }), "00004_four.sql")
      assert.include(yield* refusal({ ...three, "0004-four.sql": "select 1" }), "0004-four.sql")
      assert.deepStrictEqual(yield* migrate(yield* folder({ "0001_a.sql": "select 1", "schema.sql": "nonsense" })), [
        "0001_a.sql"
      ])
    }).pipe(onEmpty))

  it.live("run once each, in order, each in a transaction of its own", () =>
    onEmpty(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const files = yield* folder({ ...three, "schema.sql": "not sql", "README.md": "" })
      assert.deepStrictEqual(yield* migrate(files), Object.keys(three))
      assert.deepStrictEqual(yield* runs, ["one", "two", "three"])
      const [row] = yield* sql<{ n: number }>`select count(distinct transaction)::int as n from run`
      assert.strictEqual(row?.n, 3)

      assert.deepStrictEqual(yield* migrate(files), [])
      assert.deepStrictEqual(yield* runs, ["one", "two", "three"])
    })))

  it.live("apply only what is new", () =>
    onEmpty(Effect.gen(function*() {
      yield* migrate(yield* folder({ "0001_run.sql": three["0001_run.sql"] }))
      assert.deepStrictEqual(yield* migrate(yield* folder(three)), ["0002_two.sql", "0003_three.sql"])
      assert.deepStrictEqual(yield* runs, ["one", "two", "three"])
    })))

  it.live("leave nothing of a file whose second statement fails, and keep the ones before", () =>
    onEmpty(Effect.gen(function*() {
      const half = "create table half (x int);\ninsert into missing values (1);\ncreate table after (x int);"
      const message = yield* refusal({ ...three, "0002_two.sql": half })
      assert.include(message, "sql/0002_two.sql")
      assert.include(message, `relation "missing" does not exist`)
      assert.isFalse(yield* exists("half"))
      assert.isFalse(yield* exists("after"))
      assert.deepStrictEqual(yield* runs, ["one"])
      assert.deepStrictEqual(yield* appliedNames, ["0001_run.sql"])

      // What never was applied may be put right.
      assert.deepStrictEqual(yield* migrate(yield* folder(three)), ["0002_two.sql", "0003_three.sql"])
    })))

  it.live("say what PostgreSQL says about a file that is no SQL, or that breaks a rule of the data", () =>
    onEmpty(Effect.gen(function*() {
      const syntax = yield* refusal({ "0001_bad.sql": "create tabel a ()" })
      assert.match(syntax, /sql\/0001_bad\.sql.*syntax error at or near "tabel"/)
      const check = yield* refusal({
        "0001_bad.sql": "create table a (x int constraint positive check (x > 0)); insert into a values (0)"
      })
      assert.match(check, /sql\/0001_bad\.sql.*"positive"/)
      assert.isFalse(yield* exists("a"))
    })))

  it.live("take functions whose bodies stand between $$", () =>
    onEmpty(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* migrate(
        yield* folder({
          "0001_functions.sql": `
            create function doubled(x int) returns int language plpgsql as $$ begin return x * 2; end $$;
            create function named() returns text language sql as $body$ select '$$;''' $body$;
            do $$ begin perform doubled(1); end $$;`
        })
      )
      assert.deepStrictEqual(yield* sql`select doubled(21) as a, named() as b`, [{ a: 42, b: "$$;'" }])
    })))

  it.live("refuse a file that was changed after it was applied, and run nothing", () =>
    onEmpty(Effect.gen(function*() {
      const { "0003_three.sql": third, ...two } = three
      yield* migrate(yield* folder(two))
      const message = yield* refusal({ ...two, "0001_run.sql": `${two["0001_run.sql"]} `, "0003_three.sql": third })
      assert.match(message, /sql\/0001_run\.sql was changed after it was applied/)
      assert.deepStrictEqual(yield* runs, ["one", "two"])
    })))

  it.live("refuse numbers with a gap or a double before anything runs", () =>
    onEmpty(Effect.gen(function*() {
      const { "0002_two.sql": _, ...gap } = three
      assert.match(yield* refusal(gap), /sql\/0003_three\.sql: expected number 2/)
      assert.match(yield* refusal({ ...three, "0002_zwei.sql": "select 1" }), /sql\/0002_zwei\.sql: expected number 3/)
      assert.match(yield* refusal({ "0000_zero.sql": "select 1" }), /sql\/0000_zero\.sql: expected number 1/)
      assert.isFalse(yield* exists("run"))
      assert.isFalse(yield* exists("migration"))
    })))

  it.live("refuse to work with a database that is ahead of them", () =>
    onEmpty(Effect.gen(function*() {
      yield* migrate(yield* folder(three))
      const { "0003_three.sql": _, ...older } = three
      const message = yield* refusal(older)
      assert.include(message, "0003_three.sql")
      assert.include(message, "older than its database")
      const fromStatus = yield* Effect.flip(Effect.flatMap(folder(older), status))
      assert.strictEqual(fromStatus.message, message)
    })))

  it.live("refuse a lower number that was added later, whatever is done with the ones above", () =>
    onEmpty(Effect.gen(function*() {
      yield* migrate(yield* folder(three))
      assert.match(yield* refusal({ ...three, "0002_late.sql": "select 1" }), /sql\/0002_two\.sql: expected number 3/)
      const pushed = {
        "0001_run.sql": three["0001_run.sql"],
        "0002_late.sql": "create table late ()",
        "0003_two.sql": three["0002_two.sql"],
        "0004_three.sql": three["0003_three.sql"]
      }
      assert.match(yield* refusal(pushed), /sql\/0002_late\.sql was changed/)
      assert.isFalse(yield* exists("late"))
    })))

  it.live("refuse a database whose own record has a gap", () =>
    onEmpty(Effect.gen(function*() {
      const files = yield* readFiles(yield* folder(three))
      const result = pending(files, files.filter((file) => file.number !== 2))
      assert.instanceOf(result, MigrationFailed)
      assert.include(String(result), "lacks migration 2 but has 3")
    })))

  it.live("run once when five processes start together", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl("empty")
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        // The first file waits for us, so that all five are there before it ends.
        const files = yield* folder({
          ...three,
          "0001_run.sql": `${three["0001_run.sql"]} select pg_advisory_xact_lock(1);`
        })
        const [held, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        yield* Effect.forkChild(sql.withTransaction(
          Effect.andThen(
            sql`select pg_advisory_xact_lock(1)`,
            Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(release))
          )
        ))
        yield* Deferred.await(held)
        const processes = yield* Effect.forkChild(Effect.all(
          Array.from({ length: 5 }, () => Effect.provide(migrate(files), clients(url))),
          { concurrency: "unbounded" }
        ))
        yield* sql<{ n: number }>`select count(*)::int as n from pg_locks
          where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`.pipe(
          Effect.repeat({ until: ([row]) => row?.n === 5, schedule: Schedule.spaced("20 millis") })
        )
        yield* Deferred.succeed(release, undefined)
        const done = yield* Fiber.join(processes)
        assert.deepStrictEqual(done.flat().sort(), Object.keys(three))
        assert.deepStrictEqual(yield* runs, ["one", "two", "three"])
        assert.deepStrictEqual(yield* appliedNames, Object.keys(three))
      }).pipe(Effect.provide(Layer.merge(clients(url), NodeServices.layer)))
    }))

  it.live("tell what is applied and what is not, and change nothing by telling", () =>
    onEmpty(Effect.gen(function*() {
      const files = yield* folder(three)
      const told = Effect.map(status(files), (all) => all.map((one) => [one.number, one.name, one.appliedAt !== null]))
      const names = Object.keys(three)
      assert.deepStrictEqual(yield* told, names.map((name, index) => [index + 1, name, false]))
      assert.isFalse(yield* exists("migration"))

      yield* migrate(yield* folder({ "0001_run.sql": three["0001_run.sql"] }))
      assert.deepStrictEqual(yield* told, names.map((name, index) => [index + 1, name, index === 0]))
      const [first] = yield* status(files)
      assert.instanceOf(first?.appliedAt, Date)
      assert.deepStrictEqual(yield* appliedNames, ["0001_run.sql"])
    })))
})

describe("event partitions", () => {
  it.live("are there from yesterday until 14 days ahead, once, and take no other event", () =>
    onEmpty(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* migrate()
      const partitions = Effect.map(
        sql<{ name: string }>`select relname::text as name from pg_inherits join pg_class on oid = inhrelid
          where inhparent = 'event'::regclass order by 1`,
        (rows) => rows.map((row) => row.name)
      )
      // In one transaction now() stands still: no midnight comes between.
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* makeEventPartitions
        const days = yield* sql<{ name: string }>`select 'event_' || to_char(
          (now() at time zone 'UTC')::date + n, 'YYYYMMDD') as name from generate_series(-1, 14) n`
        assert.deepStrictEqual(yield* partitions, days.map((row) => row.name))
        assert.deepStrictEqual(yield* sql`select make_event_partitions(14) as made`, [{ made: 0 }])
        yield* makeEventPartitions
        assert.lengthOf(yield* partitions, 16)
      }))

      const append = (from: string) =>
        sql`insert into event (id, type, version, aggregate_type, aggregate_id, aggregate_version,
          occurred_at, payload)
          values (uuid_at(now() + ${from}::interval), 't', 1, 'academy', gen_random_uuid(), 1,
          now(), '{}')`
      for (const from of ["0 days", "-1 day", "13 days"]) yield* append(from)
      for (const from of ["-3 days", "17 days"]) {
        const error = yield* Effect.flip(append(from))
        assert.include(String(error.reason.cause), `no partition of relation "event" found`)
      }
      const [row] = yield* sql<{ n: number }>`select count(*)::int as n from event`
      assert.strictEqual(row?.n, 3)
    })))
})
