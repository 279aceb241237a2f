/** `ams status`: is all well? Looks at the same things as `/health/async`, and at the schema and the processes. */
import { Effect, type Layer } from "effect"
import { Command } from "effect/cli"
import { isOutOfDate } from "../../../application/operations/ReadSide.ts"
import { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../ports/FailedEventStore.ts"
import type { ReadModels } from "../../../ports/ReadModels.ts"
import type { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import { Installation, lacking } from "./Installation.ts"
import { answer, Failed, list, seconds, table } from "./Output.ts"

/** The PostgreSQL that AMS is made for. */
const major = 18
/** After so many seconds of silence the others take a process for dead. */
const deadAfter = 8
/** Deliveries older than this, in seconds, mean that handlers do not keep up; `/health/async` says the same. */
const slowAfter = 60

type ReadSide = "current" | "out of date" | "unavailable"

const lookAtSchema = Effect.gen(function*() {
  const { migrations } = yield* Installation
  return lacking(yield* migrations)
}).pipe(Effect.catchTag("Failed", ({ message }) => Effect.succeed(message)))

const lookAtReadSide = isOutOfDate.pipe(
  Effect.map((outOfDate): ReadSide => (outOfDate ? "out of date" : "current")),
  Effect.catchTag("ReadSideUnavailable", () => Effect.succeed<ReadSide>("unavailable"))
)

/** All that a schema up to date can be asked for. */
const lookInside = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  const failed = yield* FailedEventStore
  const { backlog, failedEvents, nodes, readSide } = yield* Effect.all({
    nodes: deliveries.nodes,
    backlog: deliveries.backlog,
    failedEvents: failed.countOpen,
    readSide: lookAtReadSide
  }, { concurrency: 4 })
  const problems = [
    ...(nodes.length === 0 ? ["no process runs the handlers: start AMS"] : []),
    ...nodes.filter(({ silentSeconds }) => silentSeconds > deadAfter).map(({ host, pid, silentSeconds }) =>
      `pid ${pid} on ${host} has been silent for ${seconds(silentSeconds)}: it is stuck or gone`
    ),
    ...backlog.filter(({ oldestSeconds }) => oldestSeconds > slowAfter).map(({ handler, oldestSeconds, open }) =>
      `${handler} is behind: ${open} open, the oldest for ${seconds(oldestSeconds)}`
    ),
    ...(failedEvents > 0 ? [`${failedEvents} failed events are open: see ams failed-events list`] : []),
    ...(readSide === "unavailable" ? ["the read side does not answer: see that its database runs"] : []),
    ...(readSide === "out of date" ? ["the read side shows other data than PostgreSQL: run ams read-side sync"] : [])
  ]
  return { nodes, backlog, failedEvents, readSide, problems }
})

type Inside = Effect.Success<typeof lookInside>

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
  const { environment, postgresVersion } = yield* Installation
  const lack = yield* lookAtSchema
  const upToDate = lack === undefined
  const inside = upToDate ? yield* lookInside : null
  const problems = [
    ...(Number.parseInt(postgresVersion, 10) < major
      ? [`PostgreSQL ${postgresVersion} is too old: ${major} is needed`]
      : []),
    ...(lack === undefined ? [] : [lack]),
    ...(inside === null ? [] : inside.problems)
  ]
  yield* answer(
    {
      ok: problems.length === 0,
      problems,
      environment,
      postgres: { version: postgresVersion },
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
          ["Environment", environment],
          ["PostgreSQL", postgresVersion],
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
  needs: Layer.Layer<Installation | DeliveryStore | FailedEventStore | ReadModels | ReadModelSource, E, R>
) =>
  Command.make("status", {}, handle).pipe(
    Command.withDescription("Show whether all is well; exit code 1 when it is not"),
    Command.provide(needs)
  )
