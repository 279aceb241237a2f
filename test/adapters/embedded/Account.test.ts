import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs/promises"
import { join } from "node:path"
import { serverAccount } from "../../../src/adapters/embedded/Account.ts"
import { packageFolder, usable } from "../../../src/adapters/embedded/Binaries.ts"
import { elsewhere } from "../../../src/adapters/embedded/DataFolder.ts"
import { start } from "../../../src/adapters/embedded/EmbeddedPostgres.ts"
import { otherAms, query, says, temporaryFolder, temporaryHome } from "./support.ts"

// What only root can try; the tests without it run as whoever runs them.
const root = process.getuid?.() === 0

describe("EmbeddedPostgres and the accounts of the machine", () => {
  it.live(
    "makes the programs usable where npm made no links and the folder is closed to the server's user",
    () =>
      Effect.gen(function*() {
        const closed = yield* temporaryFolder(0o700)
        const open = yield* temporaryFolder(0o755)
        const original = yield* packageFolder
        yield* Effect.promise(async () => {
          await fs.cp(join(original, "package.json"), join(closed, "package.json"))
          await fs.cp(join(original, "native"), join(closed, "native"), { recursive: true, verbatimSymlinks: true })
          const lib = join(closed, "native", "lib")
          for (const entry of await fs.readdir(lib, { withFileTypes: true })) {
            if (entry.isSymbolicLink()) await fs.rm(join(lib, entry.name))
          }
        })
        const account = yield* serverAccount(open, join(open, "postgres"))
        const { major, postgres } = yield* usable(closed, open, account)
        assert.strictEqual(major, "18")
        // Root's own copy is the only one that another user cannot reach.
        assert.strictEqual(postgres.startsWith(root ? open : closed), true)
        const again = yield* usable(closed, open, account)
        assert.strictEqual(again.postgres, postgres)
      })
  )

  it.live.runIf(root)(
    "as root, puts the data where nobody can reach them when AMS_HOME is closed, and finds them again",
    () =>
      Effect.gen(function*() {
        const home = join(yield* temporaryFolder(0o700), ".ams")
        yield* Effect.scoped(Effect.gen(function*() {
          const { url } = yield* start({ home })
          yield* query(url, "create table kept ()")
        }))
        const data = yield* Effect.promise(() => fs.readlink(join(home, "postgres")))
        assert.isTrue(data.startsWith(`${elsewhere}/`))
        const { mode } = yield* Effect.promise(() => fs.stat(data))
        assert.strictEqual(mode & 0o777, 0o700)
        yield* Effect.scoped(Effect.gen(function*() {
          const { url } = yield* start({ home })
          assert.deepStrictEqual(yield* query(url, "select count(*)::int from kept"), [[0]])
        }))
      })
  )

  it.live.runIf(root)("as root, takes data that were put back as root", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      yield* Effect.scoped(start({ home }))
      const data = join(home, "postgres")
      yield* Effect.promise(async () => {
        await fs.rename(data, `${data}.backup`)
        // Unlike `cp -a`, this gives the copies to root.
        await fs.cp(`${data}.backup`, data, { recursive: true })
        await fs.chmod(data, 0o700)
      })
      const { url } = yield* start({ home })
      assert.deepStrictEqual(yield* query(url, "select 1"), [[1]])
    }))

  it.live.runIf(root)("runs as an ordinary user in a folder of its own", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder(0o755)
      const account = yield* serverAccount(folder, join(folder, "none"))
      assert.isDefined(account)
      if (account === undefined) return
      yield* Effect.promise(() => fs.chown(folder, account.uid, account.gid))
      const ams = yield* otherAms(join(folder, ".ams"), account)
      assert.strictEqual(yield* says(ams), "started")
      const { uid } = yield* Effect.promise(() => fs.stat(join(folder, ".ams", "postgres")))
      assert.strictEqual(uid, account.uid)
    }))
})
