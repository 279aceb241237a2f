import { Effect, type Layer, Stdio, Terminal } from "effect"
import { Command } from "effect/cli"
import { sync } from "../../../application/operations/ReadSide.ts"
import type { ReadModels } from "../../../ports/ReadModels.ts"
import type { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import { answer, progress } from "./Output.ts"

const handle = Effect.fnUntraced(function*() {
  const terminal = yield* Terminal.Terminal
  const { stderrIsTerminal } = yield* Stdio.Stdio
  const show = progress((text) => Effect.ignore(terminal.display(text)), yield* stderrIsTerminal)
  const documents = yield* sync(({ done, kind, total }) => show(kind, done, total))
  yield* answer({ documents }, () => `Wrote ${documents} documents to the read side.`)
})

/** `ams read-side sync` */
export const readSide = <E, R>(needs: Layer.Layer<ReadModels | ReadModelSource, E, R>) =>
  Command.make("read-side").pipe(
    Command.withDescription("The documents that answer queries"),
    Command.withSubcommands([
      Command.make("sync", {}, handle).pipe(
        Command.withDescription("Write them all again from PostgreSQL; may be done while AMS serves"),
        Command.provide(needs)
      )
    ])
  )
