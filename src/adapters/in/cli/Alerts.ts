import { Effect, type Layer } from "effect"
import { Command } from "effect/cli"
import { AlertProbe } from "../../../ports/Alerts.ts"
import { answer, Failed, table } from "./Output.ts"

const handle = Effect.fnUntraced(function*() {
  const { probe } = yield* AlertProbe
  const told = yield* probe
  yield* answer(told.map(({ problem, sink }) => ({ sink, arrived: problem === null, problem })), () =>
    table(told, [
      { title: "SINK", value: ({ sink }) => sink },
      { title: "ARRIVED", value: ({ problem }) => (problem === null ? "yes" : "no") }
    ]))
  const problems = told.flatMap(({ problem, sink }) => (problem === null ? [] : [`${sink}: ${problem}`]))
  if (problems.length > 0) return yield* new Failed({ message: problems.join("\n") })
})

/** `ams alerts test`: exit code 1 and a line for each sink on stderr at which it did not arrive. */
export const alerts = <E, R>(probing: Layer.Layer<AlertProbe, E, R>) =>
  Command.make("alerts").pipe(
    Command.withDescription("What operators are told when something goes wrong"),
    Command.withSubcommands([
      Command.make("test", {}, handle).pipe(
        Command.withDescription(
          "Tell a test to the log, Slack and the webhook, whichever are set; exit code 1 when it did not arrive"
        ),
        Command.provide(probing)
      )
    ])
  )
