/**
 * `npm run chaos -- --minutes 30 --seed 7`: several AMS processes under load, killed, stopped and ended by chance, and
 * their databases with them; at the end a ledger. Exit code 1 when a promise did not hold.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Data, Effect, FileSystem, Option, Path, Random, Runtime } from "effect"
import { Command, Flag } from "effect/cli"
import { chaos, type Options } from "./Chaos.ts"
import { kept, lines, report } from "./Report.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 1
}

const again = ({ minutes, nodes, rate, readSide, seed }: Options) =>
  `npm run chaos -- --seed ${seed} --minutes ${minutes} --nodes ${nodes} --rate ${rate} --read-side ${readSide}`

const run = Effect.fnUntraced(function*(options: Options, json: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.remove(options.logs, { recursive: true, force: true })
  const ran = yield* Effect.onError(
    chaos(options),
    () => Console.error(`chaos: the run itself failed; once more with: ${again(options)}\n  logs: ${options.logs}`)
  )
  const found = report(ran, again(options))
  yield* fs.makeDirectory(path.dirname(json), { recursive: true })
  yield* fs.writeFileString(json, JSON.stringify(found, undefined, 2))
  yield* Console.log(lines(found).join("\n"))
  yield* Console.log(`  kept as ${json}`)
  if (kept(found)) return yield* fs.remove(options.logs, { recursive: true, force: true })
  yield* fs.writeFileString(
    path.join(options.logs, "commands.ndjson"),
    ran.sent.map((one) => `${JSON.stringify(one)}\n`).join("")
  )
  return yield* new Broken({
    message:
      `a promise is broken; once more with: ${found.again}\n  what the processes said, and what was sent: ${options.logs}`
  })
})

const command = Command.make("chaos", {
  minutes: Flag.Finite("minutes").pipe(
    Flag.withDescription("How long things go wrong"),
    Flag.withDefault(2)
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed gives the same faults and the same load; by default any"),
    Flag.optional
  ),
  nodes: Flag.Int("nodes").pipe(Flag.withDescription("AMS processes, 2 at least"), Flag.withDefault(3)),
  rate: Flag.Finite("rate").pipe(Flag.withDescription("Commands a second"), Flag.withDefault(80)),
  readSide: Flag.Literals("read-side", ["mongodb", "postgresql"]).pipe(
    Flag.withDescription("Where documents are; MongoDB is hurt as well"),
    Flag.withDefault("mongodb")
  ),
  json: Flag.String("json").pipe(
    Flag.withDescription("Where the report is kept; by default .chaos/seed-N.json"),
    Flag.optional
  )
}, ({ json, seed, ...options }) =>
  Effect.gen(function*() {
    const chosen = Option.getOrUndefined(seed) ?? (yield* Random.nextIntBetween(1, 1_000_000))
    const path = Option.getOrElse(json, () => `.chaos/seed-${chosen}.json`)
    yield* run({ ...options, seed: chosen, logs: `${path.replace(/\.json$/, "")}-logs` }, path)
  })).pipe(Command.withDescription("Shows that delivery survives the death of any process and database"))

command.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Option.getOrUndefined(Cause.findErrorOption(cause))
    return error instanceof Broken ? Console.error(`chaos: ${error.message}`) : Console.error(Cause.pretty(cause))
  }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
