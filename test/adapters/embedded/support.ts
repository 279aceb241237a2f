/** What the tests of the embedded PostgreSQL share: temporary folders, other AMS processes, waiting for conditions. */
import { PgConnection } from "@effect/sql-pg"
import { Effect, type Redacted, Schedule } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { asAccount, commandLine, type ServerAccount } from "../../../src/adapters/embedded/Host.ts"

const amsScript = fileURLToPath(new URL("./ams.ts", import.meta.url))

export const eventually = <A, E, R>(check: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  check.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: holds }),
    Effect.timeout("10 seconds")
  )

/** A folder that is deleted afterwards, with the data that AMS put elsewhere for it. */
export const temporaryFolder = (mode: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), "ams-embedded-")))
      await fs.chmod(folder, mode)
      return folder
    }),
    (folder) =>
      Effect.promise(async () => {
        const data = await fs.readlink(join(folder, ".ams", "postgres")).catch(() => undefined)
        if (data !== undefined) await fs.rm(dirname(data), { recursive: true, force: true })
        await fs.rm(folder, { recursive: true, force: true })
      })
  )

export const temporaryHome = temporaryFolder(0o755).pipe(Effect.map((folder) => join(folder, ".ams")))

export const read = (path: string) => Effect.promise(() => fs.readFile(path, "utf8").catch(() => ""))

export const serverPid = (home: string) =>
  read(join(home, "postgres", "postmaster.pid")).pipe(Effect.map((text) => Number(text.split("\n")[0])))

/** Is the process there, and more than a dead one that waits to be reaped? */
export const lives = (pid: number) => commandLine(pid).pipe(Effect.map((line) => line !== ""))

export const query = (url: Redacted.Redacted, sql: string) =>
  PgConnection.make({ url }).pipe(
    Effect.flatMap((connection) => connection.queryValues(sql)),
    Effect.scoped
  )

/** Another AMS, ended with the scope. `detached`: with a terminal of its own, so to say. */
export const otherAms = (home: string, account?: ServerAccount) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [amsScript, home], {
        ...asAccount(account),
        detached: true,
        stdio: ["ignore", "pipe", "pipe"]
      })
      const state = { output: "", ended: false }
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          state.output += chunk
        })
      }
      child.once("close", () => {
        state.ended = true
      })
      return { pid: child.pid ?? 0, child, state }
    }),
    ({ child, state }) =>
      Effect.suspend(() => {
        child.kill()
        return eventually(Effect.sync(() => state.ended), (ended) => ended).pipe(Effect.interruptible, Effect.orDie)
      })
  )

export const says = (ams: { readonly state: { readonly output: string; readonly ended: boolean } }) =>
  eventually(Effect.sync(() => ams.state), ({ ended, output }) => ended || output.includes("\n")).pipe(
    Effect.map(({ output }) => output.trim())
  )
