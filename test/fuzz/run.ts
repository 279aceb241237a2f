/**
 * `npm run fuzz -- --minutes 10 --seed 7`: every operation of OpenAPI, asked as documented and against it, for as long as
 * you like; prints how much was asked, and each answer that was not as documented. Exit code 1 when there was one.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option, Random } from "effect"
import { Command, Flag } from "effect/cli"
import { startVitest } from "vitest/node"

const command = Command.make("fuzz", {
  minutes: Flag.Finite("minutes").pipe(Flag.withDescription("Rounds go on for so long"), Flag.withDefault(2)),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed makes the same requests, as far as answers are the same; by default any"),
    Flag.optional
  ),
  each: Flag.Int("each").pipe(Flag.withDescription("Mistakes of a kind, at each place"), Flag.withDefault(4))
}, ({ each, minutes, seed }) =>
  Effect.gen(function*() {
    const chosen = Option.getOrUndefined(seed) ?? (yield* Random.nextIntBetween(1, 1_000_000))
    yield* Console.log(`fuzz: seed ${chosen}, ${minutes} min`)
    // It sets the exit code. The databases are those of the tests.
    const vitest = yield* Effect.promise(() =>
      startVitest("test", ["test/fuzz/Fuzz.test.ts"], {
        watch: false,
        project: "ams",
        disableConsoleIntercept: true,
        env: { FUZZ_SEED: String(chosen), FUZZ_MINUTES: String(minutes), FUZZ_EACH: String(each) }
      })
    )
    yield* Effect.promise(() => vitest.close())
  })).pipe(Command.withDescription("Shows that every answer is as OpenAPI says, whatever is asked"))

command.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
