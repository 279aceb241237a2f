import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { readFileSync, writeFileSync } from "node:fs"
import { readSchema } from "../../../../src/adapters/out/postgres/Schema.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const file = new URL("../../../../sql/schema.sql", import.meta.url)

const heading = `-- The schema after all migrations, read from PostgreSQL's catalog. For people: nothing runs this file.
-- Not to be edited; after a new migration, \`npm run schema\` writes it again. A test compares it with the database.
-- Left out: the daily partitions of event, and the table migration.

`

layer(freshDatabase, { excludeTestServices: true })("sql/schema.sql", (it) => {
  it.effect("is what all migrations together make", () =>
    Effect.gen(function*() {
      const text = heading + (yield* readSchema)
      if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(file, text)
      assert.strictEqual(
        readFileSync(file, "utf8"),
        text,
        "sql/schema.sql is not what the migrations make: run `npm run schema` and review the difference"
      )
    }))

  it.effect("would show what a migration changes, and not what comes and goes by itself", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const before = yield* readSchema
      yield* sql`select make_event_partitions(20)`
      assert.strictEqual(yield* readSchema, before)
      assert.notMatch(before, /event_\d{8}|public\.migration/)

      yield* sql`create function nothing() returns trigger language plpgsql as $$ begin return null; end $$`
      yield* sql`create unlogged table added (
        id int generated always as identity primary key, at date default '2020-01-01', "Odd" text collate "C" not null
      ) with (fillfactor = 50)`
      yield* sql`create index added_at on added (at desc) where at is not null`
      yield* sql`create trigger added_after after insert on added execute function nothing()`
      const after = yield* readSchema
      for (
        const line of [
          "create unlogged table public.added (",
          "  id integer not null generated always as identity,",
          "  at date default '2020-01-01'::date,",
          `  "Odd" text collate "C" not null,`,
          "  constraint added_pkey PRIMARY KEY (id)",
          ") with (fillfactor=50);",
          "CREATE INDEX added_at ON public.added USING btree (at DESC) WHERE at IS NOT NULL;",
          "CREATE TRIGGER added_after AFTER INSERT ON public.added FOR EACH STATEMENT EXECUTE FUNCTION public.nothing();"
        ]
      ) {
        assert.include(after.split("\n"), line)
      }
      yield* sql`drop table added`
      yield* sql`drop function nothing`
      assert.strictEqual(yield* readSchema, before)
    }))
})
