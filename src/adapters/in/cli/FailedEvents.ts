import { DateTime, Effect, Layer, Option, Schema, Stdio } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import { CurrentOperator, DiscardReason, FailedEvents } from "../../../application/operations/FailedEvents.ts"
import { AcademyId, FailedEventId } from "../../../domain/Ids.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import { type FailedEvent, FailedEventStatus } from "../../../ports/FailedEventStore.ts"
import { answer, Failed, instant, list as entries, Misused, table } from "./Output.ts"

const at = (time: DateTime.Utc) => instant(DateTime.toDateUtc(time))
/** Of a text that may be any: as it is, where it is no time. */
const atText = (text: string) =>
  Option.match(DateTime.make(text), { onNone: () => text, onSome: (time) => at(DateTime.toUtc(time)) })

const asAnswer = (event: FailedEvent) => ({
  ...event,
  firstFailedAt: DateTime.formatIso(event.firstFailedAt),
  lastFailedAt: DateTime.formatIso(event.lastFailedAt)
})

const id = Argument.String("id").pipe(
  Argument.withDescription("The failed event's id, as ams failed-events list shows it"),
  Argument.withSchema(FailedEventId)
)

const listed = Effect.fnUntraced(function*(input: {
  readonly status: Option.Option<FailedEvent["status"]>
  readonly handler: Option.Option<string>
  readonly academy: Option.Option<AcademyId>
  readonly limit: number
}) {
  const failedEvents = yield* FailedEvents
  const events = yield* failedEvents.list({
    academyId: Option.getOrNull(input.academy),
    limit: input.limit,
    ...(Option.isSome(input.status) ? { status: input.status.value } : {}),
    ...(Option.isSome(input.handler) ? { handler: input.handler.value } : {})
  })
  yield* answer(events.map(asAnswer), () =>
    events.length === 0 ? "There are none." : [
      table(events, [
        { title: "ID", value: (event) => event.id },
        { title: "STATUS", value: (event) => event.status },
        { title: "LAST FAILED AT", value: (event) => at(event.lastFailedAt) },
        { title: "HANDLER", value: (event) => event.handler },
        { title: "EVENT", value: (event) => event.eventType },
        { title: "RULE", value: (event) => event.rule, width: 30 },
        { title: "TRIED", value: (event) => event.attempts.length, align: "right" },
        { title: "ERROR", value: (event) => event.error, width: 60 }
      ]),
      ...(events.length === input.limit ? [`The newest ${input.limit}; there may be more (--limit).`] : [])
    ].join("\n"))
})

const description = (event: FailedEvent) =>
  entries([
    ["id", event.id],
    ["status", event.status],
    ["handler", event.handler],
    ["event", `${event.eventType} ${event.eventId}`],
    ["academy", event.academyId ?? "none"],
    ["class", event.class],
    ["rule", event.rule],
    ["error", event.error],
    ["fingerprint", event.fingerprint],
    ["first failed at", at(event.firstFailedAt)],
    ["last failed at", at(event.lastFailedAt)],
    ["replays", event.replays],
    ...(event.reason === null ? [] : [["reason", event.reason] as const])
  ])

const shown = Effect.fnUntraced(function*(input: { readonly id: FailedEventId }) {
  const failedEvents = yield* FailedEvents
  const event = yield* failedEvents.show(input.id)
  yield* answer(asAnswer(event), () =>
    [
      description(event),
      "",
      table(event.attempts, [
        { title: "TRY", value: ({ number }) => number, align: "right" },
        { title: "AT", value: ({ at }) => atText(at) },
        { title: "CLASS", value: (attempt) => attempt.class },
        { title: "RULE", value: ({ rule }) => rule },
        { title: "ERROR", value: ({ error }) => error }
      ])
    ].join("\n"))
})

const replayed = Effect.fnUntraced(function*(input: { readonly id: FailedEventId }) {
  const failedEvents = yield* FailedEvents
  const deliveries = yield* DeliveryStore
  const event = yield* failedEvents.replay(input.id)
  const nodes = yield* deliveries.nodes
  yield* answer(asAnswer(event), () =>
    `${event.handler} gets ${event.eventType} ${event.eventId} again: ` +
    (nodes.length === 0 ? "no AMS runs now, the next one takes it." : "a running AMS takes it within a second."))
})

const discarded = Effect.fnUntraced(function*(input: {
  readonly id: FailedEventId
  readonly reason: DiscardReason
  readonly yes: boolean
}) {
  const failedEvents = yield* FailedEvents
  if (!input.yes) {
    const { stdinIsTerminal } = yield* Stdio.Stdio
    if (!(yield* stdinIsTerminal)) {
      return yield* new Misused({ message: "nobody can be asked without a terminal: add --yes to discard it" })
    }
    const { eventId, eventType, handler } = yield* failedEvents.show(input.id)
    const sure = yield* Prompt.Confirm({ message: `${handler} shall never get ${eventType} ${eventId}: discard it?` })
    if (!sure) return yield* new Failed({ message: "nothing was changed" })
  }
  const event = yield* failedEvents.discard(input.id, input.reason)
  yield* answer(asAnswer(event), () => `Discarded ${event.eventType} ${event.eventId} of ${event.handler}.`)
})

const atTerminal = Layer.succeed(CurrentOperator, CurrentOperator.atTerminal)

/** `ams failed-events list`, `show`, `replay`, `discard` */
export const failedEvents = <E, R>(needs: Layer.Layer<FailedEvents | DeliveryStore, E, R>) => {
  const operating = Layer.merge(needs, atTerminal)
  return Command.make("failed-events").pipe(
    Command.withDescription("What handlers could not do"),
    Command.withSubcommands([
      Command.make("list", {
        status: Flag.Literals("status", FailedEventStatus.literals).pipe(
          Flag.withDescription("Only those of this status"),
          Flag.optional
        ),
        handler: Flag.Literals("handler", HandlerName.literals).pipe(
          Flag.withDescription("Only those of this handler"),
          Flag.optional
        ),
        academy: Flag.String("academy").pipe(
          Flag.withDescription("Only those of the academy with this id"),
          Flag.withSchema(AcademyId),
          Flag.optional
        ),
        limit: Flag.Int("limit").pipe(
          Flag.withDescription("At most so many, 1 to 1000"),
          Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
          Flag.withDefault(50)
        )
      }, listed).pipe(Command.withDescription("List them, newest first"), Command.provide(operating)),
      Command.make("show", { id }, shown).pipe(
        Command.withDescription("Show one with all its attempts"),
        Command.provide(operating)
      ),
      Command.make("replay", { id }, replayed).pipe(
        Command.withDescription("Give an OPEN one to its handler again"),
        Command.provide(operating)
      ),
      Command.make("discard", {
        id,
        reason: Flag.String("reason").pipe(
          Flag.withDescription("Why; kept with the audit entry"),
          Flag.withSchema(DiscardReason)
        ),
        yes: Flag.Boolean("yes").pipe(
          Flag.withAlias("y"),
          Flag.withDescription("Do not ask"),
          Flag.withDefault(false),
          Flag.withoutNegation
        )
      }, discarded).pipe(Command.withDescription("Give an OPEN one up for good"), Command.provide(operating))
    ])
  )
}
