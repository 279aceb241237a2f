import { DateTime, Effect, Layer, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { Events } from "../../../application/operations/Events.ts"
import { EventId } from "../../../domain/Ids.ts"
import type { Story } from "../../../ports/EventStory.ts"
import { atTerminal } from "./Operating.ts"
import { answer, instant, list, table } from "./Output.ts"

const at = (time: Date | null) => (time === null ? "" : instant(time))
/** Of a text that may be any: as it is, where it is no time. */
const atText = (text: string) =>
  Option.match(DateTime.make(text), { onNone: () => text, onSome: (time) => instant(DateTime.toDateUtc(time)) })

const description = ({ event }: Story) =>
  list([
    ["id", event.id],
    ["type", `${event.type}, version ${event.version}`],
    ["about", `${event.aggregate.type} ${event.aggregate.id}, version ${event.aggregate.version}`],
    ["academy", event.academyId ?? "none"],
    ["at", instant(event.occurredAt)],
    ["by", event.actor ?? "the system"],
    ["trace", event.traceparent ?? "none"],
    ["payload", JSON.stringify(event.payload)]
  ])

/** A part with its heading, or nothing where there is nothing to tell. */
const part = <Row>(heading: string, rows: ReadonlyArray<Row>, text: (rows: ReadonlyArray<Row>) => string) =>
  rows.length === 0 ? [] : ["", heading, text(rows)]

const told = (story: Story) =>
  [
    description(story),
    ...part("WRITTEN BY THE SAME TRANSACTION", story.together, (rows) =>
      table(rows, [
        { title: "ID", value: ({ id }) => id },
        { title: "TYPE", value: ({ type }) => type },
        { title: "ABOUT", value: ({ aggregateId }) => aggregateId }
      ])),
    ...part("DELIVERIES", story.deliveries, (rows) =>
      table(rows, [
        { title: "HANDLER", value: ({ handler }) => handler },
        { title: "STATE", value: ({ state }) => state },
        { title: "FAILED", value: ({ attempts }) => attempts, align: "right" },
        { title: "TAKEN OVER", value: ({ takeovers }) => takeovers, align: "right" },
        { title: "NEXT ATTEMPT", value: ({ nextAttemptAt }) => at(nextAttemptAt) },
        { title: "PROCESS", value: ({ owner }) => owner ?? "" }
      ])),
    ...part(
      "FAILED ATTEMPTS",
      story.deliveries.flatMap(({ handler, history }) => history.map((attempt) => ({ ...attempt, handler }))),
      (rows) =>
        table(rows, [
          { title: "HANDLER", value: ({ handler }) => handler },
          { title: "TRY", value: ({ number }) => number, align: "right" },
          { title: "AT", value: (attempt) => atText(attempt.at) },
          { title: "CLASS", value: (attempt) => attempt.class },
          { title: "RULE", value: ({ rule }) => rule },
          { title: "ERROR", value: ({ error }) => error, width: 80 }
        ])
    ),
    ...part("FAILED EVENTS", story.failed, (rows) =>
      table(rows, [
        { title: "ID", value: ({ id }) => id },
        { title: "HANDLER", value: ({ handler }) => handler },
        { title: "STATUS", value: ({ status }) => status },
        { title: "REPLAYS", value: ({ replays }) => replays, align: "right" },
        { title: "REASON", value: ({ reason }) => reason ?? "", width: 60 }
      ])),
    ...part("MESSAGES", story.messages, (rows) =>
      table(rows, [
        { title: "ID", value: ({ id }) => id },
        { title: "KIND", value: ({ kind }) => kind },
        { title: "STATUS", value: ({ status }) => status },
        { title: "CHANNEL", value: ({ channel }) => channel ?? "" }
      ])),
    ...part(
      "SENT",
      story.messages.flatMap(({ attempts, id }) => attempts.map((attempt) => ({ ...attempt, id }))),
      (rows) =>
        table(rows, [
          { title: "MESSAGE", value: ({ id }) => id },
          { title: "TRY", value: ({ number }) => number, align: "right" },
          { title: "CHANNEL", value: ({ channel }) => channel },
          { title: "PROVIDER", value: ({ provider }) => provider },
          { title: "OUTCOME", value: ({ outcome }) => outcome ?? "under way" },
          { title: "STARTED", value: ({ startedAt }) => at(startedAt) },
          { title: "FINISHED", value: ({ finishedAt }) => at(finishedAt) }
        ])
    )
  ].join("\n")

const asAnswer = (story: Story) => ({
  ...story,
  failed: story.failed.map((event) => ({
    ...event,
    firstFailedAt: DateTime.formatIso(event.firstFailedAt),
    lastFailedAt: DateTime.formatIso(event.lastFailedAt),
    nextRedriveAt: event.nextRedriveAt === null ? null : DateTime.formatIso(event.nextRedriveAt)
  }))
})

const shown = Effect.fnUntraced(function*(input: { readonly id: EventId }) {
  const story = yield* Effect.flatMap(Events, ({ show }) => show(input.id))
  yield* answer(asAnswer(story), () => told(story))
})

/** `ams events show` */
export const events = <E, R>(needs: Layer.Layer<Events, E, R>) =>
  Command.make("events").pipe(
    Command.withDescription("What happened"),
    Command.withSubcommands([
      Command.make("show", {
        id: Argument.String("id").pipe(
          Argument.withDescription("The event's id, as failed events, logs and alerts name it"),
          Argument.withSchema(EventId)
        )
      }, shown).pipe(
        Command.withDescription("Tell one event's whole story: its transaction, deliveries, attempts and messages"),
        Command.provide(Layer.merge(needs, atTerminal))
      )
    ])
  )
