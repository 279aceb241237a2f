import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as fs from "node:fs/promises"
import { dirname, join } from "node:path"
import { serverAccount } from "../../../src/adapters/embedded/Account.ts"
import { start } from "../../../src/adapters/embedded/EmbeddedPostgres.ts"
import { asAccount } from "../../../src/adapters/embedded/Host.ts"
import { eventually, lives, otherAms, query, read, says, serverPid, temporaryHome } from "./support.ts"

describe("EmbeddedPostgres", () => {
  it.live(
    "keeps the data from one start to the next, and ends the server with the scope",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const pid = yield* Effect.scoped(Effect.gen(function*() {
          const { url } = yield* start({ home })
          yield* query(url, "create table kept (word text)")
          yield* query(url, "insert into kept values ('학원')")
          assert.deepStrictEqual(yield* query(url, "select current_setting('TimeZone'), current_setting('fsync')"), [
            ["UTC", "on"]
          ])
          return yield* serverPid(home)
        }))
        assert.isFalse(yield* lives(pid))
        assert.isFalse(existsSync(join(home, "ams.pid")))
        yield* Effect.scoped(Effect.gen(function*() {
          const { url } = yield* start({ home, database: "an\"other" })
          const address = new URL(Redacted.value(url))
          assert.strictEqual(decodeURIComponent(address.pathname), "/an\"other")
          address.pathname = "/ams"
          assert.deepStrictEqual(yield* query(Redacted.make(address.href), "select word from kept"), [["학원"]])
        }))
      })
  )

  it.live("lets nobody in without the password, which only its owner may read", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const { url } = yield* start({ home })
      const address = new URL(Redacted.value(url))
      address.password = "guess"
      const refused = yield* Effect.flip(query(Redacted.make(address.href), "select 1"))
      assert.strictEqual(refused._tag === "SqlError" ? refused.reason._tag : "", "AuthenticationError")
      const { mode } = yield* Effect.promise(() => fs.stat(join(home, "postgres.password")))
      assert.strictEqual(mode & 0o777, 0o600)
      assert.notInclude(yield* read(join(home, "postgres.log")), address.password)
    }))

  it.live(
    "of two AMS that start at once one gets the folder, and the other is told the pid of the first",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const both = yield* Effect.all([otherAms(home), otherAms(home)])
        const said = yield* Effect.forEach(both, says, { concurrency: 2 })
        const winner = both[said.indexOf("started")]
        assert.sameMembers(said, [
          "started",
          `refused: AMS with pid ${winner?.pid} already uses ${home}: stop it, or set AMS_HOME to another folder`
        ])
      })
  )

  it.live("refuses a second start in the same process, and leaves the first one working", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const { url } = yield* start({ home })
      const { message } = yield* Effect.flip(Effect.scoped(start({ home })))
      assert.include(message, `AMS with pid ${process.pid} already uses ${home}`)
      assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])
    }))

  it.live("uses the server again that a killed AMS left, and ends it", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const killed = yield* otherAms(home)
      assert.strictEqual(yield* says(killed), "started")
      const pid = yield* serverPid(home)
      killed.child.kill("SIGKILL")
      yield* eventually(Effect.sync(() => killed.state.ended), (ended) => ended)
      assert.isTrue(yield* lives(pid))
      yield* Effect.scoped(Effect.gen(function*() {
        const { url } = yield* start({ home })
        assert.strictEqual(yield* serverPid(home), pid)
        assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])
      }))
      assert.isFalse(yield* lives(pid))
    }))

  it.live(
    "keeps the server until AMS has drained, also when Ctrl-C reaches everything in the terminal",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const ams = yield* otherAms(home)
        assert.strictEqual(yield* says(ams), "started")
        const pid = yield* serverPid(home)
        process.kill(-ams.pid, "SIGINT")
        yield* eventually(Effect.sync(() => ams.state.ended), (ended) => ended)
        assert.strictEqual(ams.state.output, "started\ndrained\n")
        assert.isFalse(yield* lives(pid))
      })
  )

  it.live(
    "starts although the server was killed and its pid belongs to another process now",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const pidFile = join(home, "postgres", "postmaster.pid")
        const left = yield* Effect.scoped(Effect.andThen(start({ home }), read(pidFile)))
        const account = yield* serverAccount(home, join(home, "postgres"))
        const stranger = yield* Effect.acquireRelease(
          Effect.sync(() => spawn("/bin/sleep", ["60"], { ...asAccount(account), stdio: "ignore" })),
          (child) => Effect.sync(() => child.kill())
        )
        yield* Effect.promise(() => fs.writeFile(pidFile, left.replace(/^\d+/, String(stranger.pid))))
        const { url } = yield* start({ home })
        assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])
        assert.isTrue(yield* lives(stranger.pid ?? 0))
      })
  )

  it.live("says what the server's log says when it cannot start, and frees the folder", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      yield* Effect.scoped(start({ home }))
      const settings = join(home, "postgres", "postgresql.conf")
      const good = yield* read(settings)
      yield* Effect.promise(() => fs.writeFile(settings, "work_mem = much\n"))
      const { message } = yield* Effect.flip(Effect.scoped(start({ home })))
      assert.include(message, `FATAL:  configuration file "${settings}" contains errors`)
      assert.include(message, join(home, "postgres.log"))
      yield* Effect.promise(() => fs.writeFile(settings, good))
      yield* Effect.scoped(start({ home }))
    }))

  it.live("refuses data of another major version, and data whose password is lost", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const version = join(home, "postgres", "PG_VERSION")
      yield* Effect.promise(() => fs.mkdir(dirname(version), { recursive: true }))
      yield* Effect.promise(() => fs.writeFile(version, "17\n"))
      const old = yield* Effect.flip(Effect.scoped(start({ home })))
      assert.include(old.message, `${join(home, "postgres")} was made by PostgreSQL 17, and AMS brings version 18`)
      yield* Effect.promise(() => fs.writeFile(version, "18\n"))
      const lost = yield* Effect.flip(Effect.scoped(start({ home })))
      assert.include(lost.message, `${join(home, "postgres.password")} is missing`)
      assert.strictEqual(yield* read(version), "18\n")
    }))
})
