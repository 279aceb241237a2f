import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { running, start } from "../../../../src/adapters/embedded/EmbeddedPostgres.ts"
import { query, temporaryHome } from "../../embedded/support.ts"
import { ams } from "./support.ts"

describe("ams without DATABASE_URL", () => {
  it.live("uses the server that an AMS runs on AMS_HOME, and leaves it alone", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const { url } = yield* start({ home })
      const migrated = yield* ams(["migrate"], { AMS_HOME: home })
      assert.deepStrictEqual([migrated.code, migrated.stderr], [0, ""])
      const [[count] = []] = yield* query(url, "select count(*)::int from migration")
      assert.isAbove(Number(count), 5)
    }))

  it.live("starts the server for the length of the command when none runs", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const migrated = yield* ams(["migrate", "--json"], { AMS_HOME: home })
      assert.deepStrictEqual([migrated.code, migrated.stderr], [0, ""])
      expect(migrated.json()).toMatchObject({ applied: expect.arrayContaining(["0001_academy.sql"]) })
      assert.isTrue(Option.isNone(yield* running({ home })))
      const again = yield* ams(["migrate"], { AMS_HOME: home })
      assert.deepStrictEqual([again.code, again.stdout, again.stderr], [0, "The schema is up to date.\n", ""])
    }))
})
