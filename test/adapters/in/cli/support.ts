/** What the tests of the CLI share: `ams` as a real process on the test file's own database. */
import { PgConnection } from "@effect/sql-pg"
import { vi } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { bare } from "../../../support/bare.ts"
import { freshDatabaseUrl } from "../../../support/postgres.ts"

/** A process takes a second to start, and several on a busy machine. */
vi.setConfig({ testTimeout: 60_000 })

const script = fileURLToPath(new URL("../../../../src/cli.ts", import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Stdout read as JSON; throws when there is anything else. */
  readonly json: () => unknown
}

type Environment = Readonly<Record<string, string>>

/** Nothing of this process's own settings reaches the other one. */
export const spawnAms = (args: ReadonlyArray<string>, env: Environment) =>
  spawn(process.execPath, [script, ...args], {
    env: {
      ...bare,
      AMS_ENV: "development",
      AMS_HOME: join(tmpdir(), "ams-cli-no-home"),
      ...env
    },
    stdio: ["pipe", "pipe", "pipe"]
  })

/** Runs `ams` to its end with `input` on its stdin. */
export const ams = (args: ReadonlyArray<string>, env: Environment, input = "") =>
  Effect.callback<Ran>((resume) => {
    const child = spawnAms(args, env)
    const output = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output.stdout += chunk))
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output.stderr += chunk))
    // It may end without reading.
    child.stdin.once("error", () => undefined).end(input)
    child.once("close", (code) => resume(Effect.succeed({ code, ...output, json: () => JSON.parse(output.stdout) })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Looks again and again until it holds, for as long as a slow machine may take. */
export const eventually = <A, E, R>(look: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  look.pipe(Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: holds }), Effect.timeout("40 seconds"))

/** Split by spaces. */
export const words = (line: string) => line.split(" ").filter((word) => word !== "")

/** `ams` and SQL on one database. */
export class Ams extends Context.Service<Ams, {
  readonly url: string
  /** The words of a command, parted by spaces, and more of them that may contain spaces. */
  readonly run: (line: string, ...more: ReadonlyArray<string>) => Effect.Effect<Ran>
  readonly runWith: (
    options: { readonly input?: string; readonly env?: Environment },
    line: string,
    ...more: ReadonlyArray<string>
  ) => Effect.Effect<Ran>
  readonly sql: (text: string, params?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>>
}>()("test/Ams") {
  static readonly layer = (from: "migrated" | "empty") =>
    Layer.effect(
      Ams,
      Effect.gen(function*() {
        const database = yield* freshDatabaseUrl(from)
        const connection = yield* PgConnection.make({ url: database.url })
        const url = Redacted.value(database.url)
        const runWith: Ams["Service"]["runWith"] = ({ env, input }, line, ...more) =>
          ams([...words(line), ...more], { DATABASE_URL: url, ...env }, input)
        return Ams.of({
          url,
          runWith,
          run: (line, ...more) => runWith({}, line, ...more),
          sql: (text, params) => Effect.orDie(connection.queryValues(text, params))
        })
      })
    )
}

/** Every line of stderr, without what begins each of them; fails when one begins otherwise. */
export const complaints = ({ stderr }: Ran): ReadonlyArray<string> =>
  stderr.split("\n").filter((line) => line !== "").map((line) => {
    if (!line.startsWith("ams: ")) throw new Error(`unexpected on stderr: ${line}`)
    return line.slice("ams: ".length)
  })
