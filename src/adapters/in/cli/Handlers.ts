import { Effect, Layer } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Handlers, type HandlerState } from "../../../application/operations/Handlers.ts"
import { Reason } from "../../../application/operations/Operator.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import { atTerminal } from "./Operating.ts"
import { answer, instant, seconds, table } from "./Output.ts"

const stateOf = ({ circuitOpen, paused }: HandlerState) =>
  paused !== null ? "paused" : circuitOpen ? "circuit open" : "on"

const shown = (handlers: ReadonlyArray<HandlerState>) =>
  table(handlers, [
    { title: "HANDLER", value: ({ handler }) => handler },
    { title: "STATE", value: stateOf },
    { title: "OPEN", value: ({ backlog }) => backlog.open, align: "right" },
    { title: "POSTPONED", value: ({ backlog }) => backlog.postponed, align: "right" },
    { title: "OLDEST", value: ({ backlog }) => seconds(backlog.oldestSeconds), align: "right" },
    { title: "BATCH", value: ({ policy }) => policy.batch, align: "right" },
    { title: "AT ONCE", value: ({ policy }) => policy.concurrency, align: "right" },
    { title: "PAUSED SINCE", value: ({ paused }) => (paused === null ? "" : instant(paused.since)) },
    { title: "WHY", value: ({ paused }) => paused?.reason ?? "", width: 60 }
  ])

/** Where a circuit is open, a line for each. */
const circuits = (handlers: ReadonlyArray<HandlerState>) =>
  handlers.flatMap(({ handler, openIn }) =>
    (openIn ?? []).map(({ host, pid }) => `The circuit of ${handler} is open in pid ${pid} on ${host}.`)
  )

const listed = Effect.fnUntraced(function*() {
  const handlers = yield* Effect.flatMap(Handlers, ({ list }) => list)
  yield* answer(handlers, () => [shown(handlers), ...circuits(handlers)].join("\n"))
})

const paused = Effect.fnUntraced(function*(input: { readonly handler: HandlerName; readonly reason: Reason }) {
  const state = yield* Effect.flatMap(Handlers, ({ pause }) => pause(input.handler, input.reason))
  yield* answer(
    state,
    () =>
      `Paused ${state.handler} in every process: ${state.backlog.open} deliveries wait, and those to come ` +
      `(until ams handlers resume ${state.handler}).`
  )
})

const resumed = Effect.fnUntraced(function*(input: { readonly handler: HandlerName }) {
  const state = yield* Effect.flatMap(Handlers, ({ resume }) => resume(input.handler))
  yield* answer(state, () => `Resumed ${state.handler}: ${state.backlog.open} deliveries wait for it.`)
})

const handler = Argument.String("handler").pipe(
  Argument.withSchema(HandlerName),
  Argument.withDescription("One of those that ams handlers list shows, as in Statistics or SendMessage:SMS")
)

/** `ams handlers list`, `pause`, `resume` */
export const handlers = <E, R>(needs: Layer.Layer<Handlers, E, R>) => {
  const operating = Layer.merge(needs, atTerminal)
  return Command.make("handlers").pipe(
    Command.withDescription("Who does what events bring along"),
    Command.withSubcommands([
      Command.make("list", {}, listed).pipe(
        Command.withDescription("Show each with its backlog, circuit and policy"),
        Command.provide(operating)
      ),
      Command.make("pause", {
        handler,
        reason: Flag.String("reason").pipe(
          Flag.withDescription("Why; shown to other operators, and kept with the audit entry"),
          Flag.withSchema(Reason)
        )
      }, paused).pipe(
        Command.withDescription("Let one rest in every process; its deliveries wait"),
        Command.provide(operating)
      ),
      Command.make("resume", { handler }, resumed).pipe(
        Command.withDescription("Let a paused one go on"),
        Command.provide(operating)
      )
    ])
  )
}
