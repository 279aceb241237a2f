import { Effect, Layer, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { defaultRate, FailedEventRuns, RunRate } from "../../../application/operations/FailedEventRuns.ts"
import { FailedEvents } from "../../../application/operations/FailedEvents.ts"
import { Reason } from "../../../application/operations/Operator.ts"
import { EventType } from "../../../domain/DomainEvent.ts"
import { FailedEventId, FailedEventRunId } from "../../../domain/Ids.ts"
import { Instant } from "../../../domain/LocalTime.ts"
import { HandlerName } from "../../../domain/Subscription.ts"
import type { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import { FailureClass } from "../../../ports/EventHandler.ts"
import { type FailedEventFilter, FailedEventStatus } from "../../../ports/FailedEventStore.ts"
import { changeMany, confirm, someoneRuns } from "./FailedEventRuns.ts"
import { eventsText, eventText, groupsText, ran, runsText, runText } from "./FailedEventTexts.ts"
import { academy, atTerminal, limit } from "./Operating.ts"
import { answer, Misused } from "./Output.ts"

// ---- what may be said

const filterFlags = {
  handler: Flag.String("handler").pipe(
    Flag.withDescription("Only those of this handler, as in Statistics or SendMessage:SMS"),
    Flag.withSchema(HandlerName),
    Flag.optional
  ),
  eventType: Flag.Literals("event-type", EventType.literals).pipe(
    Flag.withDescription("Only those of this type of event"),
    Flag.optional
  ),
  class: Flag.Literals("class", FailureClass.literals).pipe(
    Flag.withDescription("Only those that failed this way"),
    Flag.optional
  ),
  fingerprint: Flag.String("fingerprint").pipe(
    Flag.withDescription("Only those of this cause, as ams failed-events groups shows it"),
    Flag.optional
  ),
  academy,
  from: Flag.String("from").pipe(
    Flag.withDescription("Only those that failed last at this instant or later, as in 2026-03-02T07:30:00Z"),
    Flag.withSchema(Instant),
    Flag.optional
  ),
  before: Flag.String("before").pipe(
    Flag.withDescription("Only those that failed last before this instant"),
    Flag.withSchema(Instant),
    Flag.optional
  )
}
type Filtering = { readonly [Name in keyof typeof filterFlags]: Option.Option<Flagged<(typeof filterFlags)[Name]>> }
type Flagged<F> = F extends Flag.Flag<Option.Option<infer A>> ? A : never

const given = <Name extends string, A>(name: Name, value: Option.Option<A>): { readonly [_ in Name]?: A } =>
  Option.isSome(value) ? { [name]: value.value } as { readonly [_ in Name]: A } : {}

const filterOf = (input: Filtering): FailedEventFilter => ({
  academyId: Option.getOrNull(input.academy),
  ...given("handler", input.handler),
  ...given("eventType", input.eventType),
  ...given("class", input.class),
  ...given("fingerprint", input.fingerprint),
  ...given("failedFrom", input.from),
  ...given("failedBefore", input.before)
})

const switched = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false), Flag.withoutNegation)
const yes = switched("yes", "Do not ask").pipe(Flag.withAlias("y"))

const id = Argument.String("id").pipe(
  Argument.withDescription("The failed event's id, as ams failed-events list shows it"),
  Argument.withSchema(FailedEventId)
)
const runId = Argument.String("id").pipe(
  Argument.withDescription("The run's id, as ams failed-events runs list shows it"),
  Argument.withSchema(FailedEventRunId)
)

/** Of one by its id, or of all that fit. */
const chosen = {
  id: Argument.optional(id),
  ...filterFlags,
  all: switched("all", "Every OPEN one that fits, also where nothing else is said"),
  dryRun: switched("dry-run", "Only say what would happen"),
  rate: Flag.Int("rate").pipe(
    Flag.withDescription(`Of many, at most so many a second, 1 to 1000 (default: ${defaultRate})`),
    Flag.withSchema(RunRate),
    Flag.optional
  ),
  yes,
  detach: switched("detach", "Of many, begin and do not wait for the end")
}

interface Chosen extends Filtering {
  readonly id: Option.Option<FailedEventId>
  readonly all: boolean
  readonly dryRun: boolean
  readonly rate: Option.Option<number>
  readonly yes: boolean
  readonly detach: boolean
}

/** The one that is meant, or none when it is about many. */
const whichOne = Effect.fnUntraced(function*({ all, detach, dryRun, id, rate, ...input }: Chosen) {
  const { academyId, ...named } = filterOf(input)
  const filtered = all || academyId !== null || Object.keys(named).length > 0
  if (Option.isNone(id)) {
    return filtered ? id : yield* new Misused({
      message: "say which: an id, a filter such as --fingerprint, or --all for every OPEN one"
    })
  }
  return filtered || dryRun || detach || Option.isSome(rate)
    ? yield* new Misused({ message: "an id is one: filters, --all, --dry-run, --rate and --detach are about many" })
    : id
})

const rateOf = ({ rate }: Chosen) => Option.getOrElse(rate, () => defaultRate)

// ---- what is done

const listed = Effect.fnUntraced(function*(
  input: Filtering & { readonly status: Option.Option<FailedEventStatus>; readonly limit: number }
) {
  const failedEvents = yield* FailedEvents
  const { items, next } = yield* failedEvents.list({ ...filterOf(input), ...given("status", input.status) }, input)
  yield* answer(items, () =>
    items.length === 0 ? "There are none." : [
      eventsText(items),
      ...(next === null ? [] : [`The newest ${input.limit}; there are more (--limit).`])
    ].join("\n"))
})

const grouped = Effect.fnUntraced(function*(input: Filtering) {
  const failedEvents = yield* FailedEvents
  const groups = yield* failedEvents.groups(filterOf(input))
  yield* answer(groups, () => (groups.length === 0 ? "There are none." : groupsText(groups)))
})

const shown = Effect.fnUntraced(function*(input: { readonly id: FailedEventId }) {
  const failedEvents = yield* FailedEvents
  const event = yield* failedEvents.show(input.id)
  yield* answer(event, () => eventText(event))
})

const replayed = Effect.fnUntraced(function*(input: Chosen) {
  const one = yield* whichOne(input)
  if (Option.isNone(one)) {
    return yield* changeMany({ action: "REPLAY", filter: filterOf(input), rate: rateOf(input) }, input)
  }
  const failedEvents = yield* FailedEvents
  const event = yield* failedEvents.replay(one.value)
  const soon = yield* someoneRuns
  yield* answer(event, () =>
    `${event.handler} gets ${event.eventType} ${event.eventId} again: ` +
    (soon ? "a running AMS takes it within a second." : "no AMS runs now, the next one takes it."))
})

const discarded = Effect.fnUntraced(function*(input: Chosen & { readonly reason: Reason }) {
  const one = yield* whichOne(input)
  const { reason } = input
  if (Option.isNone(one)) {
    return yield* changeMany({ action: "DISCARD", filter: filterOf(input), rate: rateOf(input), reason }, input)
  }
  const failedEvents = yield* FailedEvents
  const { eventId, eventType, handler } = yield* failedEvents.show(one.value)
  yield* confirm(input.yes, "discard it", `${handler} shall never get ${eventType} ${eventId}: discard it?`)
  const event = yield* failedEvents.discard(one.value, reason)
  yield* answer(event, () => `Discarded ${event.eventType} ${event.eventId} of ${event.handler}.`)
})

const runsListed = Effect.fnUntraced(function*(input: { readonly limit: number }) {
  const runs = yield* FailedEventRuns
  const { items, next } = yield* runs.list(input)
  yield* answer(items, () =>
    items.length === 0 ? "There are none." : [
      runsText(items),
      ...(next === null ? [] : [`The newest ${input.limit}; there are more (--limit).`])
    ].join("\n"))
})

const runShown = Effect.fnUntraced(function*(input: { readonly id: FailedEventRunId }) {
  const runs = yield* FailedEventRuns
  const run = yield* runs.show(input.id)
  yield* answer(run, () => runText(run))
})

const runAborted = Effect.fnUntraced(function*(input: { readonly id: FailedEventRunId }) {
  const runs = yield* FailedEventRuns
  const run = yield* runs.abort(input.id)
  yield* answer(run, () => `Aborted: ${ran(run)}; the rest is as it was.`)
})

// ---- the commands

/** `ams failed-events list`, `groups`, `show`, `replay`, `discard`, `runs list`, `runs show`, `runs abort` */
export const failedEvents = <E, R>(needs: Layer.Layer<FailedEvents | FailedEventRuns | DeliveryStore, E, R>) => {
  const operating = Layer.merge(needs, atTerminal)
  const status = Flag.Literals("status", FailedEventStatus.literals).pipe(
    Flag.withDescription("Only those of this status"),
    Flag.optional
  )
  const reason = Flag.String("reason").pipe(
    Flag.withDescription("Why; kept with the audit entry"),
    Flag.withSchema(Reason)
  )
  return Command.make("failed-events").pipe(
    Command.withDescription("What handlers could not do"),
    Command.withSubcommands([
      Command.make("list", { status, ...filterFlags, limit: limit(50) }, listed).pipe(
        Command.withDescription("List them, newest first"),
        Command.provide(operating)
      ),
      Command.make("groups", filterFlags, grouped).pipe(
        Command.withDescription("Count those that are not done, by their cause"),
        Command.provide(operating)
      ),
      Command.make("show", { id }, shown).pipe(
        Command.withDescription("Show one with all its attempts"),
        Command.provide(operating)
      ),
      Command.make("replay", chosen, replayed).pipe(
        Command.withDescription(
          "Give OPEN ones to their handlers again: one by its id, or all that fit, some a second"
        ),
        Command.provide(operating)
      ),
      Command.make("discard", { ...chosen, reason }, discarded).pipe(
        Command.withDescription("Give OPEN ones up for good: one by its id, or all that fit, some a second"),
        Command.provide(operating)
      ),
      Command.make("runs").pipe(
        Command.withDescription("Replays and discards of many"),
        Command.withSubcommands([
          Command.make("list", { limit: limit(50) }, runsListed).pipe(
            Command.withDescription("List them, newest first"),
            Command.provide(operating)
          ),
          Command.make("show", { id: runId }, runShown).pipe(
            Command.withDescription("Show how far one is"),
            Command.provide(operating)
          ),
          Command.make("abort", { id: runId }, runAborted).pipe(
            Command.withDescription("End a running one; what it did stays done"),
            Command.provide(operating)
          )
        ])
      )
    ])
  )
}
