import { assert, expect, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { Ams, complaints, type Ran } from "./support.ts"

const Answer = Schema.Struct({
  ok: Schema.Boolean,
  findings: Schema.Array(Schema.Struct({
    check: Schema.String,
    state: Schema.Literals(["ok", "warning", "problem"]),
    detail: Schema.String,
    remedy: Schema.NullOr(Schema.String)
  }))
})
const decode = Schema.decodeUnknownSync(Answer, { onExcessProperty: "error" })

/** What is not well, as `check state`; but for the connections, which other tests take from the same server. */
const wrong = (ran: Ran) =>
  decode(ran.json()).findings.filter(({ check, state }) => state !== "ok" && check !== "connections").map((
    { check, state }
  ) => `${check} ${state}`)
const about = (ran: Ran, check: string) => decode(ran.json()).findings.find((finding) => finding.check === check)

/** As it is while an AMS serves. */
const served = Effect.gen(function*() {
  const { sql } = yield* Ams
  yield* sql("delete from node")
  // A test on a slow machine may take longer than a node may be silent.
  yield* sql(
    "insert into node (incarnation, host, pid, heartbeat_at) values (uuidv7(), 'here', 1, now() + interval '1 hour')"
  )
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams doctor", (it) => {
  it.effect("exit code 0 where all is well, and also for warnings alone", () =>
    Effect.gen(function*() {
      const { run, runWith, sql } = yield* Ams
      yield* served
      yield* run("read-side sync")
      const well = yield* run("doctor")
      assert.deepStrictEqual([well.code, well.stderr], [0, ""])
      assert.match(well.stdout, /^postgresql +ok +PostgreSQL 18\.\d+$/m)
      assert.match(well.stdout, /^clock +ok +this machine's clock is 0\.\d\d s/m)

      yield* sql("insert into paused_handler (handler, reason) values ('SendMessage:SMS', 'maintenance')")
      const warned = yield* runWith({ env: { AMS_ENV: "production" } }, "doctor --json")
      assert.deepStrictEqual([warned.code, warned.stderr], [0, ""])
      assert.deepStrictEqual(wrong(warned), [
        "settings warning",
        "settings warning",
        "settings warning",
        "paused warning"
      ])
      assert.isTrue(decode(warned.json()).ok)
      yield* sql("delete from paused_handler")
    }))

  it.effect("exit code 1 for what the database lacks: a day, a safe commit, a commit that waits", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      yield* served
      const [[database, today, tomorrow] = []] = yield* sql(
        `select current_database(), 'event_' || to_char(d, 'YYYYMMDD'), 'event_' || to_char(d + 1, 'YYYYMMDD')
        from (select (now() at time zone 'UTC')::date) t(d)`
      )
      yield* sql(`alter database ${database} set synchronous_commit = off`)
      for (const name of [today, tomorrow]) yield* sql(`drop table ${name}`)
      const ill = yield* run("doctor --json")
      assert.strictEqual(ill.code, 1)
      assert.deepStrictEqual(wrong(ill), ["durability problem", "partitions problem"])
      assert.deepStrictEqual(complaints(ill), ["2 problems among 19 findings"])
      expect(about(ill, "durability")).toMatchObject({ detail: "synchronous_commit is off for this database" })
      expect(about(ill, "partitions")).toMatchObject({
        detail: expect.stringContaining("commands fail"),
        remedy: "run ams migrate"
      })
      yield* sql(`alter database ${database} reset synchronous_commit`)
      yield* run("migrate")
      const mended = yield* run("doctor --json")
      assert.deepStrictEqual([mended.code, ...wrong(mended)], [0])
    }))

  it.effect("a role without grants: says what it lacks, and looks at the rest all the same", () =>
    Effect.gen(function*() {
      const { runWith, sql, url } = yield* Ams
      yield* served
      const role = `test_${randomBytes(6).toString("hex")}`
      const address = new URL(url)
      address.username = role
      address.password = "p"
      const asRole = runWith({ env: { DATABASE_URL: address.href } }, "doctor --json")
      yield* Effect.gen(function*() {
        yield* sql(`create role ${role} login password 'p'`)
        const nothing = yield* asRole
        assert.strictEqual(nothing.code, 1)
        assert.deepStrictEqual(wrong(nothing), ["schema problem", "grants problem"])
        expect(about(nothing, "schema")).toMatchObject({ detail: expect.stringContaining("permission denied") })
        assert.strictEqual(about(nothing, "listen")?.state, "ok")

        yield* sql(`grant usage on schema read to ${role}`)
        yield* sql(`grant select on all tables in schema public, read to ${role}`)
        yield* sql(`revoke select on failed_event from ${role}`)
        const some = yield* asRole
        assert.deepStrictEqual(wrong(some), ["grants problem", "failed-events problem"])
        expect(about(some, "grants")).toMatchObject({
          detail: expect.stringMatching(/lacks .*insert on .* and \d+ more$/)
        })
        expect(about(some, "failed-events")).toMatchObject({
          detail: "could not be looked at: permission denied for table failed_event"
        })
      }).pipe(Effect.ensuring(Effect.andThen(sql(`drop owned by ${role}`), sql(`drop role ${role}`))))
    }))

  it.effect("of a database that cannot be reached it says just that", () =>
    Effect.gen(function*() {
      const { runWith } = yield* Ams
      const down = yield* runWith({ env: { DATABASE_URL: "postgres://someone@127.0.0.1:1/x" } }, "doctor --json")
      assert.deepStrictEqual([down.code, down.stdout], [1, ""])
      assert.match(complaints(down).join(), /^PostgreSQL at 127\.0\.0\.1:1 does not answer/)
    }))
})

layer(Ams.layer("empty"), { excludeTestServices: true })("ams doctor, on an empty database", (it) => {
  it.effect("says that it is empty, and looks at what needs no schema", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const ran = yield* run("doctor")
      assert.strictEqual(ran.code, 1)
      assert.deepStrictEqual(complaints(ran), ["1 problem among 10 findings"])
      assert.match(ran.stdout, /^schema +problem +the database is empty: run ams migrate$/m)
      assert.match(ran.stdout, /^durability +ok +fsync o/m)
      assert.notMatch(ran.stdout, /^backlog/m)
    }))
})
