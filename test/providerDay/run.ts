/**
 * `npm run provider-day -- --students 60 --seed 7`: a day at an academy with providers that fail, and an AMS that is killed;
 * prints who was told what. Exit code 1 when a promise did not hold.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Data, Effect, Option, Random, Runtime } from "effect"
import { Command, Flag } from "effect/cli"
import { startOwnPostgres } from "../chaos/Postgres.ts"
import { providerDay } from "./Day.ts"
import { lines, promises } from "./Table.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 1
}

const command = Command.make("provider-day", {
  students: Flag.Int("students").pipe(Flag.withDescription("20 at least"), Flag.withDefault(60)),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed gives the same people and the same faults; by default any"),
    Flag.optional
  ),
  outage: Flag.Finite("outage").pipe(Flag.withDescription("Seconds without any provider"), Flag.withDefault(60))
}, ({ outage, seed: chosen, students }) =>
  Effect.gen(function*() {
    const seed = Option.getOrUndefined(chosen) ?? (yield* Random.nextIntBetween(1, 1_000_000))
    yield* Console.log(`provider-day: ${students} students, seed ${seed}`)
    const { url } = yield* startOwnPostgres
    const day = yield* providerDay({ url, students, seed, outage: outage * 1_000, say: Console.log })
    yield* Console.log(lines(day).join("\n"))
    if (promises(day).some(({ broken }) => broken !== "")) {
      yield* Console.error(day.said)
      return yield* new Broken({
        message: `a promise is broken; once more with: npm run provider-day -- --students ${students} --seed ${seed}`
      })
    }
  }).pipe(Effect.scoped)).pipe(Command.withDescription("Shows who is told what when providers fail and AMS dies"))

command.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
