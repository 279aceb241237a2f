import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import * as fs from "node:fs/promises"
import { join } from "node:path"
import { reach, running, start } from "../../../src/adapters/embedded/EmbeddedPostgres.ts"
import { eventually, lives, otherAms, query, read, says, serverPid, temporaryHome } from "./support.ts"

describe("the server that runs already", () => {
  it.live("is found beside a living AMS, and is not ended by who found it", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      assert.isTrue(Option.isNone(yield* running({ home })))
      const other = yield* otherAms(home)
      assert.strictEqual(yield* says(other), "started")
      const pid = yield* serverPid(home)
      yield* Effect.scoped(Effect.gen(function*() {
        const { url } = yield* reach({ home })
        assert.deepStrictEqual(yield* query(url, "select current_database()"), [["ams"]])
        const named = yield* running({ home, database: "postgres" })
        assert.strictEqual(
          named.pipe(Option.map((url) => new URL(Redacted.value(url)).pathname), Option.getOrNull),
          "/postgres"
        )
      }))
      assert.isTrue(yield* lives(pid))
      assert.isFalse(other.state.ended)
    }))

  it.live(
    "is found when its AMS was killed; is none when it ended, or its pid is another process's",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const pidFile = join(home, "postgres", "postmaster.pid")
        const killed = yield* otherAms(home)
        assert.strictEqual(yield* says(killed), "started")
        killed.child.kill("SIGKILL")
        yield* eventually(Effect.sync(() => killed.state.ended), (ended) => ended)
        assert.isTrue(Option.isSome(yield* running({ home })))
        const text = yield* read(pidFile)
        // Takes it over, and ends it.
        yield* Effect.scoped(start({ home }))
        assert.isTrue(Option.isNone(yield* running({ home })))
        yield* Effect.promise(() => fs.writeFile(pidFile, text.replace(/^\d+/, String(process.pid))))
        assert.isTrue(Option.isNone(yield* running({ home })))
      })
  )

  it.live(
    "is waited for while another AMS starts it; without one there it is started, and ended with the scope",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const pid = yield* Effect.scoped(Effect.gen(function*() {
          // Both at once: one starts the server, the other one uses it.
          const [one, two] = yield* Effect.all([reach({ home }), reach({ home })], { concurrency: 2 })
          assert.strictEqual(Redacted.value(one.url), Redacted.value(two.url))
          return yield* serverPid(home)
        }))
        assert.isFalse(yield* lives(pid))
      })
  )
})
