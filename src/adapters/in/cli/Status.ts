/** `ams status`: is all well? The short look: some of the checks of `ams doctor`, and the numbers behind them. */
import { Effect, type Layer } from "effect"
import { Command } from "effect/cli"
import { line, postgres, schema } from "../../../application/operations/Checks.ts"
import { glance } from "../../../application/operations/Doctor.ts"
import type { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import type { FailedEventStore } from "../../../ports/FailedEventStore.ts"
import type { PausedHandlers } from "../../../ports/PausedHandlers.ts"
import type { ReadModels } from "../../../ports/ReadModels.ts"
import type { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import { Installation, lack } from "./Installation.ts"
import { answer, Failed, list, seconds, table } from "./Output.ts"

type Inside = Effect.Success<typeof glance>

const insideText = ({ backlog, nodes }: Inside) => [
  "",
  nodes.length === 0 ? "No process runs the handlers." : table(nodes, [
    { title: "HOST", value: ({ host }) => host },
    { title: "PID", value: ({ pid }) => pid, align: "right" },
    { title: "SILENT FOR", value: ({ silentSeconds }) => seconds(silentSeconds), align: "right" }
  ]),
  "",
  backlog.length === 0 ? "Nothing waits for a handler." : table(backlog, [
    { title: "HANDLER", value: ({ handler }) => handler },
    { title: "OPEN", value: ({ open }) => open, align: "right" },
    { title: "OLDEST", value: ({ oldestSeconds }) => seconds(oldestSeconds), align: "right" }
  ])
]

const handle = Effect.fnUntraced(function*() {
  const { setup } = yield* Installation
  const missing = yield* lack
  const upToDate = missing === undefined
  const inside = upToDate ? yield* glance : null
  const problems = [...postgres(setup.postgresVersion), ...schema(missing), ...inside?.findings ?? []].filter((
    { state }
  ) => state === "problem").map(line)
  yield* answer(
    {
      ok: problems.length === 0,
      problems,
      environment: setup.environment,
      postgres: { version: setup.postgresVersion },
      schema: { upToDate },
      nodes: inside?.nodes ?? null,
      backlog: inside?.backlog ?? null,
      failedEvents: inside === null ? null : { open: inside.failedEvents },
      readSide: inside === null
        ? null
        : { reachable: inside.readSide !== "unavailable", current: inside.readSide === "current" }
    },
    () =>
      [
        list([
          ["Environment", setup.environment],
          ["PostgreSQL", setup.postgresVersion],
          ["Schema", upToDate ? "up to date" : "not up to date"],
          ...(inside === null ? [] : [["Failed events", inside.failedEvents], ["Read side", inside.readSide]] as const)
        ]),
        ...(inside === null ? [] : insideText(inside)),
        ...(problems.length === 0 ? ["", "All is well."] : [])
      ].join("\n")
  )
  if (problems.length > 0) return yield* new Failed({ message: problems.join("\n") })
})

/** Exit code 1 and a line for each problem on stderr when not all is well. */
export const status = <E, R>(
  needs: Layer.Layer<
    Installation | DeliveryStore | FailedEventStore | PausedHandlers | ReadModels | ReadModelSource,
    E,
    R
  >
) =>
  Command.make("status", {}, handle).pipe(
    Command.withDescription("Show whether all is well; exit code 1 when it is not"),
    Command.provide(needs)
  )
