import { assert, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { sqlFolder } from "../../../../src/adapters/out/postgres/Migrations.ts"
import { kinds } from "../../../../src/domain/ReadModel.ts"
import { Ams, complaints } from "./support.ts"

const migrations = readdirSync(sqlFolder).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort()

layer(Ams.layer("empty"), { excludeTestServices: true })(
  "ams, on an empty database and then on a migrated one",
  (it) => {
    it.effect("says that migrations are missing, applies them once, and shows them", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        const [before, status, refused] = yield* Effect.all([
          run("migrate --status --json"),
          run("status --json"),
          run("seed")
        ], { concurrency: 2 })
        assert.deepStrictEqual([before.code, before.stderr], [0, ""])
        expect(before.json()).toEqual(migrations.map((name, index) => ({ number: index + 1, name, appliedAt: null })))
        assert.strictEqual(status.code, 1)
        expect(status.json()).toMatchObject({ ok: false, schema: { upToDate: false }, nodes: null, readSide: null })
        assert.deepStrictEqual(complaints(status), ["the database is empty: run ams migrate"])
        assert.deepStrictEqual([refused.code, ...complaints(refused)], [1, "the database is empty: run ams migrate"])

        const first = yield* run("migrate --json")
        assert.deepStrictEqual([first.code, first.stderr], [0, ""])
        expect(first.json()).toEqual({ applied: migrations })
        const [again, after] = yield* Effect.all([run("migrate"), run("migrate --status")], { concurrency: 2 })
        assert.deepStrictEqual([again.code, again.stdout], [0, "The schema is up to date.\n"])
        const [titles, ...lines] = after.stdout.trimEnd().split("\n")
        assert.match(titles ?? "", /^NUMBER {2}NAME +APPLIED AT$/)
        assert.lengthOf(lines, migrations.length)
        for (const line of lines) assert.match(line, /^ +\d+ {2}\d{4}_\w+\.sql +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
      }))

    it.effect("names the migrations that a database lacks, and refuses one that was changed afterwards", () =>
      Effect.gen(function*() {
        const { run, sql } = yield* Ams
        const [last = ""] = migrations.slice(-1)
        yield* sql("create table kept as select * from migration where number = $1", [migrations.length])
        yield* sql("delete from migration where number = $1", [migrations.length])
        const behind = yield* run("failed-events list")
        assert.deepStrictEqual([behind.code, behind.stdout], [1, ""])
        assert.deepStrictEqual(complaints(behind), [`the schema lacks ${last}: run ams migrate`])
        yield* sql("insert into migration select * from kept")
        yield* sql("update migration set checksum = 'other' where number = 1")
        const [changed, status] = yield* Effect.all([run("migrate"), run("status --json")], { concurrency: 2 })
        const line = "sql/0001_academy.sql was changed after it was applied: put it back and write a new migration"
        assert.deepStrictEqual([changed.code, changed.stdout, ...complaints(changed)], [1, "", line])
        assert.strictEqual(status.code, 1)
        expect(status.json()).toMatchObject({ ok: false, problems: [line], schema: { upToDate: false } })
      }))
  }
)

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams, with the sample academy", (it) => {
  it.effect("plants it where that is allowed, once", () =>
    Effect.gen(function*() {
      const { run, runWith, sql } = yield* Ams
      const production = yield* runWith({ env: { AMS_ENV: "production" } }, "seed")
      assert.deepStrictEqual([production.code, production.stdout], [1, ""])
      assert.match(complaints(production).join("\n"), /^the sample academy .* not in production .*$/)
      assert.deepStrictEqual(yield* sql("select count(*)::int from member"), [[0]])

      const planted = yield* run("seed --json")
      assert.deepStrictEqual([planted.code, planted.stderr], [0, ""])
      expect(planted.json()).toMatchObject({ academy: "한빛학원", logins: expect.any(Array) })
      assert.deepStrictEqual(yield* sql("select count(*)::int from class"), [[3]])
      // Left to a running AMS.
      assert.deepStrictEqual(yield* sql("select count(*)::int from event_delivery where owner is not null"), [[0]])

      const again = yield* run("seed")
      assert.deepStrictEqual([again.code, again.stdout], [1, ""])
      assert.match(complaints(again).join("\n"), /^an administrator exists already: .*$/)
    }))

  it.effect("writes the read side: progress on stderr, the number on stdout", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const [people, json] = yield* Effect.all([run("read-side sync"), run("read-side sync --json")], {
        concurrency: 2
      })
      const counts = kinds.map((kind) => `(select count(*) from read.${kind} where doc is not null)::int`)
      const [[documents] = []] = yield* sql(`select ${counts.join(" + ")}`)
      assert.isAbove(Number(documents), 20)
      assert.deepStrictEqual([people.code, people.stdout], [
        0,
        `Wrote ${String(documents)} documents to the read side.\n`
      ])
      assert.match(people.stderr, /^member: 25 of 25\nclass: 3 of 3\n/)
      assert.strictEqual(json.code, 0)
      expect(json.json()).toEqual({ documents })
    }))

  it.effect("status: exit code 0 when all is well, else 1 and a line for each problem", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      yield* sql("delete from event_delivery")
      yield* sql("insert into node (incarnation, host, pid) values (uuidv7(), 'here', 4711)")
      // A test on a slow machine may take longer than a node may be silent.
      yield* sql("update node set heartbeat_at = now() + interval '1 minute'")
      const well = yield* run("status")
      assert.deepStrictEqual([well.code, well.stderr], [0, ""])
      assert.match(well.stdout, /^PostgreSQL +\d+\.\d+$/m)
      assert.match(well.stdout, /^Schema +up to date$/m)
      assert.match(well.stdout, /^here +4711 +/m)
      assert.match(well.stdout, /All is well\.\n$/)

      yield* sql("update node set heartbeat_at = now() - interval '10 minutes'")
      yield* sql(
        `insert into event_delivery (event_id, handler, slot)
        select id, 'SendMessage:SMS', delivery_slot(id) from (select uuidv7(interval '-5 minutes') as id) t`
      )
      yield* sql(
        `insert into failed_event (id, event_id, handler, event_type, class, rule, error, fingerprint, attempts,
          first_failed_at, last_failed_at, status)
        values (uuidv7(), uuidv7(), 'Statistics', 'ClassCreated', 'permanent', 'defect', '', '', '[]', now(), now(), 'OPEN')`
      )
      yield* sql("update read.epoch set epoch = 'another'")
      const ill = yield* run("status --json")
      assert.strictEqual(ill.code, 1)
      const problems = complaints(ill)
      expect(ill.json()).toMatchObject({
        ok: false,
        problems,
        schema: { upToDate: true },
        nodes: [{ host: "here", pid: 4711 }],
        backlog: [{ handler: "SendMessage:SMS", open: 1 }],
        failedEvents: { open: 1 },
        readSide: { reachable: true, current: false }
      })
      assert.lengthOf(problems, 4)
      assert.match(problems[0] ?? "", /^pid 4711 on here has been silent for 10 min/)
      assert.match(problems[1] ?? "", /^SendMessage:SMS is behind: 1 open, the oldest for 5 min/)
      assert.match(problems[2] ?? "", /^1 failed events are open/)
      assert.match(problems[3] ?? "", /run ams read-side sync$/)
    }))
})
