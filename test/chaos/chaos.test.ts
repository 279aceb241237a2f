/** The short run of `npm run chaos`, as a process of its own; a longer one is for an evening. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { join } from "node:path"

const script = join(import.meta.dirname, "run.ts")
/** Stays, with the logs beside it when a promise was broken. */
const json = join(import.meta.dirname, "../../.chaos/npm-test.json")
/** About 100 s, in which each kind of fault happens. */
const options = ["--minutes", "1.6", "--seed", "1", "--rate", "60"]

/**
 * 120 s on two quiet cores and 350 s beside as much other work again, most of it what is left to be done after the load:
 * each delivery of it is late, and none is stuck, which the run itself would say after two minutes.
 */
const endsWithin = Duration.minutes(10)

/** Runs it to its end; interruption ends it, and with it everything that it started. */
const driver = (args: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      const state = { output: "" }
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (chunk: string) => (state.output += chunk))
      }
      return { child, state, ended: once(child, "close") }
    }),
    ({ ended, state }) =>
      Effect.promise(() => ended).pipe(
        Effect.map(([code]) => ({ code, output: state.output })),
        Effect.timeoutOrElse({
          duration: endsWithin,
          orElse: () => Effect.die(new Error(`has not ended within ${Duration.format(endsWithin)}:\n${state.output}`))
        })
      ),
    ({ child, ended }) =>
      Effect.promise(() => {
        child.kill("SIGTERM")
        return ended
      })
  )

const Kept = Schema.fromJsonString(Schema.Struct({
  promises: Schema.Array(Schema.Struct({ promise: Schema.String, kept: Schema.Boolean, found: Schema.String })),
  injected: Schema.Array(Schema.Struct({ at: Schema.Finite, what: Schema.String })),
  commands: Schema.Struct({ outcomes: Schema.Record(Schema.String, Schema.Finite) })
}))

describe("chaos", () => {
  it.live(
    "loses nothing, leaves nothing stuck, does nothing twice, and takes over in time, whoever is killed",
    () =>
      Effect.gen(function*() {
        const { code, output } = yield* driver([...options, "--json", json])
        assert.strictEqual(code, 0, output)
        const report = yield* Effect.flatMap(
          Effect.promise(() => readFile(json, "utf8")),
          Schema.decodeEffect(Kept)
        )
        assert.deepStrictEqual(report.promises.filter(({ kept }) => !kept), [])
        assert.isAtLeast(report.injected.length, 10)
        assert.isAtLeast(report.commands.outcomes["committed"] ?? 0, 2_000)
      }),
    // Whoever reads that it did not end sees how far it came.
    Duration.toMillis(endsWithin) + 20_000
  )
})
