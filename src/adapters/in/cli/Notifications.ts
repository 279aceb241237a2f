import { Effect, Layer, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Notifications } from "../../../application/operations/Notifications.ts"
import { Reason } from "../../../application/operations/Operator.ts"
import { TestMessage } from "../../../application/operations/TestMessage.ts"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { AcademyId, MemberId, MessageId, SessionId } from "../../../domain/Ids.ts"
import { Instant } from "../../../domain/LocalTime.ts"
import { MessageStatus } from "../../../domain/Notification.ts"
import { mask, PhoneNumber, PhoneNumberInput } from "../../../domain/PhoneNumber.ts"
import type { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import { confirm, someoneRuns } from "./FailedEventRuns.ts"
import { asAnswer, messagesText, messageText, testedText, whatNext, works } from "./NotificationTexts.ts"
import { academy, atTerminal, limit } from "./Operating.ts"
import { answer, Failed } from "./Output.ts"

// ---- what may be said

const only = <A>(name: string, description: string, schema: Schema.Codec<A, string>) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withSchema(schema), Flag.optional)

const filterFlags = {
  academy,
  session: only("session", "Only those about the session with this id", SessionId),
  recipient: only("recipient", "Only those to the member with this id", MemberId),
  status: Flag.Literals("status", MessageStatus.literals).pipe(
    Flag.withDescription("Only those of this status"),
    Flag.optional
  ),
  channel: only("channel", "Only those on this channel, as in SMS", NotificationChannel),
  notReached: Flag.Boolean("not-reached").pipe(
    Flag.withDescription("Only those that did not, or may not have reached the person"),
    Flag.withDefault(false),
    Flag.withoutNegation
  ),
  from: only("from", "Only those planned at this instant or later, as in 2026-03-02T07:30:00Z", Instant),
  before: only("before", "Only those planned before this instant", Instant),
  limit: limit(50)
}

const id = Argument.String("id").pipe(
  Argument.withDescription("The message's id, as ams notifications list shows it"),
  Argument.withSchema(MessageId)
)

const testFlags = {
  to: Flag.String("to").pipe(
    Flag.withDescription("The number that gets it, as in 010-1234-5678"),
    Flag.withSchema(PhoneNumberInput)
  ),
  channel: Flag.String("channel").pipe(
    Flag.withDescription("On which channel, as in SMS"),
    Flag.withSchema(NotificationChannel)
  ),
  academy: only("academy", "As the academy with this id appears, instead of as the system does", AcademyId),
  yes: Flag.Boolean("yes").pipe(
    Flag.withDescription("Do not ask"),
    Flag.withDefault(false),
    Flag.withoutNegation,
    Flag.withAlias("y")
  )
}

// ---- what is done

const listed = Effect.fnUntraced(function*(input: {
  readonly academy: Option.Option<AcademyId>
  readonly session: Option.Option<SessionId>
  readonly recipient: Option.Option<MemberId>
  readonly status: Option.Option<MessageStatus>
  readonly channel: Option.Option<NotificationChannel>
  readonly notReached: boolean
  readonly from: Option.Option<typeof Instant.Type>
  readonly before: Option.Option<typeof Instant.Type>
  readonly limit: number
}) {
  const notifications = yield* Notifications
  const { items, next } = yield* notifications.list({
    academyId: Option.getOrNull(input.academy),
    notReached: input.notReached,
    ...(Option.isSome(input.session) ? { sessionId: input.session.value } : {}),
    ...(Option.isSome(input.recipient) ? { recipientId: input.recipient.value } : {}),
    ...(Option.isSome(input.status) ? { status: input.status.value } : {}),
    ...(Option.isSome(input.channel) ? { channel: input.channel.value } : {}),
    ...(Option.isSome(input.from) ? { from: input.from.value } : {}),
    ...(Option.isSome(input.before) ? { before: input.before.value } : {})
  }, { limit: input.limit })
  yield* answer(items.map(asAnswer), () =>
    items.length === 0 ? "There are none." : [
      messagesText(items),
      ...(next === null ? [] : [`The newest ${input.limit}; there are more (--limit).`])
    ].join("\n"))
})

const shown = Effect.fnUntraced(function*(input: { readonly id: MessageId }) {
  const notifications = yield* Notifications
  const message = yield* notifications.show(input.id)
  yield* answer(asAnswer(message), () => messageText(message))
})

const resent = Effect.fnUntraced(function*(input: { readonly id: MessageId; readonly reason: Reason }) {
  const notifications = yield* Notifications
  const message = yield* notifications.resend(input.id, input.reason)
  const soon = yield* someoneRuns
  yield* answer(asAnswer(message), () =>
    message.channel === null
      ? `Message ${message.id} is UNDELIVERED at once: ${asAnswer(message).reason?.text ?? ""}`
      : `Message ${message.id} goes to ${message.recipient.name} by ${message.channel}: ` +
        (soon ? "a running AMS takes it within a second." : "no AMS runs now, the next one takes it."))
})

const tested = Effect.fnUntraced(function*(input: {
  readonly to: PhoneNumber
  readonly channel: NotificationChannel
  readonly academy: Option.Option<AcademyId>
  readonly yes: boolean
}) {
  const messages = yield* TestMessage
  const to = mask(input.to)
  yield* confirm(input.yes, "send it", `a ${input.channel} message to ${to}, which may cost money: send it?`)
  const result = yield* messages.send(input.to, input.channel, Option.getOrNull(input.academy))
  const next = whatNext(result)
  const { outcome, provider } = result
  yield* answer(
    { to, channel: input.channel, provider, outcome: outcome._tag, rule: outcome.rule, next },
    () => works(result) ? `${testedText(result)}\n${next}` : testedText(result)
  )
  if (!works(result)) return yield* new Failed({ message: next })
})

// ---- the commands

/** `ams notifications list`, `show`, `resend`, `test` */
export const notifications = <E, R>(needs: Layer.Layer<Notifications | TestMessage | DeliveryStore, E, R>) => {
  const operating = Layer.merge(needs, atTerminal)
  const reason = Flag.String("reason").pipe(
    Flag.withDescription("Why; kept with the message and the audit entry"),
    Flag.withSchema(Reason)
  )
  return Command.make("notifications").pipe(
    Command.withDescription("Who was told what, and who was not"),
    Command.withSubcommands([
      Command.make("list", filterFlags, listed).pipe(
        Command.withDescription("List messages, newest first"),
        Command.provide(operating)
      ),
      Command.make("show", { id }, shown).pipe(
        Command.withDescription("Show one with all its attempts"),
        Command.provide(operating)
      ),
      Command.make("resend", { id, reason }, resent).pipe(
        Command.withDescription("Tell it once more, by the way that reaches the person now"),
        Command.provide(operating)
      ),
      Command.make("test", testFlags, tested).pipe(
        Command.withDescription(
          "Send a test to a number; exit code 1 when the provider did not take it. No member is told anything"
        ),
        Command.provide(operating)
      )
    ])
  )
}
