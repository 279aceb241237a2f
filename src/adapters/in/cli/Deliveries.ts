import { Clock, Console, Effect, Layer, Option, Schedule, Schema, Stdio } from "effect"
import { Command, Flag } from "effect/cli"
import { Deliveries, type DeliveryStatus } from "../../../application/operations/Deliveries.ts"
import { AcademyId } from "../../../domain/Ids.ts"
import type { Backlog } from "../../../ports/DeliveryStore.ts"
import { academy, atTerminal } from "./Operating.ts"
import { answer, type Column, instant, Json, seconds, table } from "./Output.ts"

const columns: ReadonlyArray<Column<Backlog>> = [
  { title: "HANDLER", value: ({ handler }) => handler },
  { title: "OPEN", value: ({ open }) => open, align: "right" },
  { title: "POSTPONED", value: ({ postponed }) => postponed, align: "right" },
  { title: "OLDEST", value: ({ oldestSeconds }) => seconds(oldestSeconds), align: "right" }
]

const processes = (nodes: NonNullable<DeliveryStatus["nodes"]>) =>
  nodes.length === 0 ? "No process runs the handlers." : table(nodes, [
    { title: "HOST", value: ({ host }) => host },
    { title: "PID", value: ({ pid }) => pid, align: "right" },
    { title: "SINCE", value: ({ startedAt }) => instant(startedAt) },
    { title: "SILENT FOR", value: ({ silentSeconds }) => seconds(silentSeconds), align: "right" },
    { title: "OPEN CIRCUITS", value: ({ openCircuits }) => openCircuits.join(", ") }
  ])

const shown = Effect.fnUntraced(function*(input: { readonly academy: Option.Option<AcademyId> }) {
  const deliveries = yield* Deliveries
  const status = yield* deliveries.status(Option.getOrNull(input.academy))
  yield* answer(status, () =>
    [
      table(status.backlog, columns),
      ...(status.nodes === null ? [] : ["", processes(status.nodes)])
    ].join("\n"))
})

/** A handler's backlog at one of the looks, and by how many a second it grew since the one before; null at the first. */
interface Seen extends Backlog {
  readonly perSecond: number | null
}

const signed = ({ perSecond }: Seen) => perSecond === null ? "" : `${perSecond > 0 ? "+" : ""}${perSecond.toFixed(1)}`

/** Clears a terminal, and begins at its top. */
const anew = "\x1b[H\x1b[2J"

const screen = (at: string, seen: ReadonlyArray<Seen>) =>
  `${anew}${at}   Ctrl-C ends it\n\n` +
  table(seen, [...columns, { title: "PER SECOND", value: signed, align: "right" }])

const words = (at: string, seen: Seen) =>
  `${at}  ${seen.handler}  ${seen.open} open  ${seen.postponed} postponed  oldest ${seconds(seen.oldestSeconds)}` +
  (seen.perSecond === null ? "" : `  ${signed(seen)}/s`)

/** `ams deliveries watch`: looks every second, and says what it sees: all of it on a terminal, elsewhere what has changed. */
export const watched = Effect.fnUntraced(function*(input: {
  readonly academy: Option.Option<AcademyId>
  readonly times: Option.Option<number>
}) {
  const deliveries = yield* Deliveries
  const json = yield* Json
  const redraws = !json && (yield* (yield* Stdio.Stdio).stdoutIsTerminal)
  let before = { millis: 0, backlog: new Map<string, Backlog>() }

  const look = Effect.gen(function*() {
    const { backlog } = yield* deliveries.status(Option.getOrNull(input.academy))
    const millis = yield* Clock.currentTimeMillis
    const at = new Date(millis)
    const seen = backlog.map((now): Seen => {
      const then = before.backlog.get(now.handler)
      const passed = (millis - before.millis) / 1000
      return { ...now, perSecond: then === undefined || passed <= 0 ? null : (now.open - then.open) / passed }
    })
    if (redraws) yield* Console.log(screen(instant(at), seen))
    else {
      for (const one of seen) {
        const then = before.backlog.get(one.handler)
        if (then?.open === one.open && then.postponed === one.postponed) continue
        yield* Console.log(json ? JSON.stringify({ at, ...one }) : words(instant(at), one))
      }
    }
    before = { millis, backlog: new Map(backlog.map((one) => [one.handler, one])) }
  })

  const everySecond = Schedule.fixed("1 second")
  yield* Effect.repeat(
    look,
    Option.match(input.times, {
      onNone: () => everySecond,
      onSome: (times) => Schedule.upTo(everySecond, { times: times - 1 })
    })
  )
})

/** `ams deliveries status`, `watch`. `endless`: told that a signal ends the command well. */
export const deliveries = <E, R>(needs: Layer.Layer<Deliveries, E, R>, endless: Effect.Effect<void>) => {
  const operating = Layer.merge(needs, atTerminal)
  return Command.make("deliveries").pipe(
    Command.withDescription("What handlers have still to do"),
    Command.withSubcommands([
      Command.make("status", { academy }, shown).pipe(
        Command.withDescription("Show how far behind each handler is, and the running processes"),
        Command.provide(operating)
      ),
      Command.make("watch", {
        academy,
        times: Flag.Int("times").pipe(
          Flag.withDescription("Look so often, 1 or more, and end"),
          Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
          Flag.optional
        )
      }, (input) => Effect.andThen(endless, watched(input))).pipe(
        Command.withDescription("Look every second until Ctrl-C; a line for each change where there is no terminal"),
        Command.provide(operating)
      )
    ])
  )
}
