/**
 * Sends planned messages, one handler for each channel. Before it does, it looks whether the fact still holds; after a
 * crash in the middle it asks the provider first, so that nobody is told twice.
 *
 * ```
 *  begin ──▶ the provider prepares ──▶ keep its key ──▶ the provider sends ──▶ conclude
 *    └ a crash here: nothing went out ────┘ └ a crash here: ask by the key ──────┘
 * ```
 */
import { DateTime, Duration, Effect, Option, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { type NotificationChannel, routeOf } from "../../domain/Channel.ts"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import { DispatchId, type MessageId } from "../../domain/Ids.ts"
import { conclude, type Conclusion, type Outcome } from "../../domain/Message.ts"
import { render } from "../../domain/NotificationText.ts"
import { quietFor } from "../../domain/QuietHours.ts"
import { purposeOf } from "../../domain/Spending.ts"
import { senderOf } from "../../domain/Subscription.ts"
import {
  allDone,
  type EventHandler,
  type Failures,
  HandlerFailure,
  NotYet,
  storageFailure,
  unasked
} from "../../ports/EventHandler.ts"
import { type MessageToSend, NotificationLedger } from "../../ports/NotificationLedger.ts"
import { type Begun, type Dispatch, NotificationPort, senderFor } from "../../ports/NotificationPort.ts"
import { type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import * as Metrics from "../MessageMetrics.ts"
import { SpendCap } from "./SpendCap.ts"
import { asFailure } from "./UnitFailure.ts"

/** An alert is asked after so often while the news that takes it back waits behind it. */
const behindFor = Duration.seconds(2)

/** Whether money is there again is looked at so often. */
const unpaidFor = Duration.minutes(1)

const stored = <A>(effect: Effect.Effect<A, StorageUnavailable>) => Effect.mapError(effect, storageFailure)

/** What the engine is to do when an attempt has ended so. `null`: nothing, the message's row says it all. */
const failureOf = (outcome: Outcome, { status }: Conclusion): HandlerFailure | null => {
  const failed = (kind: HandlerFailure["class"], message: string) =>
    new HandlerFailure({
      class: kind,
      rule: outcome.rule,
      message,
      ...(outcome._tag === "NotSent" && outcome.retryAfter !== undefined ? { retryAfter: outcome.retryAfter } : {})
    })
  switch (outcome._tag) {
    case "NotSent":
      return failed("transient", "the message did not go out")
    case "Ambiguous":
      return failed("unknown", "the message may have gone out: the provider is asked next")
    case "Account":
      return failed("account", "the provider refuses our account")
    case "Refused":
      // Operators hear of it also where another channel helps.
      return failed("permanent", `the provider refuses this message; it is ${status}`)
    default:
      return null
  }
}

/** What may be said now. */
const sayable = ({ lines }: MessageToSend) => lines.filter(({ mayBeTold, stillHolds }) => stillHolds && mayBeTold)

export const sendMessage = Effect.fnUntraced(function*(channel: NotificationChannel) {
  const ledger = yield* NotificationLedger
  const port = yield* NotificationPort
  const unitOfWork = yield* UnitOfWork
  const random = yield* SecureRandom.SecureRandom
  const sending = port.on(channel)
  const spendCap = yield* SpendCap
  yield* Metrics.startAtZero(channel)

  /**
   * Writes down how the attempt ended, and answers what the engine is to make of it. It decides about its message only
   * where no receipt was quicker, and no other process has gone on with the message meanwhile.
   */
  const concluded = Effect.fnUntraced(function*(message: MessageToSend, dispatchId: DispatchId, outcome: Outcome) {
    const conclusion = yield* unitOfWork.run(
      { academyId: message.academyId, actor: null },
      Effect.gen(function*() {
        const held = yield* ledger.hold({ dispatchId })
        if (Option.isNone(held)) return null
        const { attempt, attempts, status } = held.value
        const said = { outcome, as: "answer", ask: sending.receipts } as const
        if (status !== "SENDING" || attempt !== attempts) {
          yield* ledger.conclude(held.value, said, null)
          return null
        }
        const next = routeOf(port.ways, held.value.reach).find((one) => !held.value.tried.includes(one)) ?? null
        const conclusion = conclude(held.value, outcome, { now: yield* DateTime.now, next })
        yield* ledger.conclude(held.value, said, conclusion)
        yield* (yield* Transaction).append(...conclusion.events)
        return conclusion
      })
    ).pipe(Effect.mapError(asFailure))
    if (conclusion === null) return null
    yield* Metrics.concluded({ ...message, status: "SENDING" }, outcome, conclusion)
    return failureOf(outcome, conclusion)
  })

  const keep = (id: DispatchId) => (key: string) =>
    stored(ledger.keep(id, key)).pipe(
      Effect.filterOrFail((kept) => kept, () =>
        new HandlerFailure({ class: "transient", rule: "taken-over", message: "another process has the message" })),
      Effect.asVoid
    )

  const send = Effect.fnUntraced(function*(message: MessageToSend, text: Dispatch["text"]) {
    const id = DispatchId.make(yield* random.uuidV7())
    const begun = yield* stored(ledger.begin(message.id, channel, sending.provider, id))
    if (Option.isNone(begun)) return // somebody else has it
    const { devices, id: recipientId, phone } = message.recipient
    const outcome = yield* sending.send({
      id,
      academyId: message.academyId,
      channel,
      recipientId,
      phone,
      devices,
      sender: senderFor(message, text),
      text
    }, keep(id))
    const failure = yield* concluded(message, id, outcome)
    if (failure !== null) return yield* failure
  })

  const planned = Effect.fnUntraced(
    function*(message: MessageToSend): Effect.fn.Return<Failures, HandlerFailure | NotYet> {
      const now = yield* DateTime.now
      const lines = sayable(message)
      if (DateTime.isGreaterThan(now, message.deliverBy)) {
        yield* stored(ledger.drop(message.id, "EXPIRED", "too-late"))
        yield* Metrics.dropped(channel, "EXPIRED")
        return unasked
      }
      if (lines.length === 0) {
        const overtaken = message.lines.every(({ stillHolds }) => !stillHolds)
        yield* stored(
          overtaken
            ? ledger.drop(message.id, "SKIPPED", "overtaken")
            : ledger.drop(message.id, "SKIPPED", "may-not-be-told")
        )
        yield* Metrics.dropped(channel, "SKIPPED")
        return unasked
      }
      const quiet = quietFor(message.quiet, now)
      if (Duration.isGreaterThan(quiet, Duration.zero)) return yield* new NotYet({ after: quiet })
      if (message.behind) return yield* new NotYet({ after: behindFor })
      const purpose = purposeOf(lines.map(({ kind }) => kind))
      if (sending.paid && !(yield* stored(spendCap.allows(message.academyId, purpose)))) {
        return yield* new NotYet({ after: unpaidFor })
      }
      yield* send(message, render(message.recipient.locale, message.academyName, lines))
      return allDone
    }
  )

  /** SENDING when we come to it: a process died, or a time-out struck, between the two writes. */
  const resumed = Effect.fnUntraced(function*(message: MessageToSend, begun: Begun) {
    const now = yield* DateTime.now
    const wanted = sayable(message).length > 0 && !DateTime.isGreaterThan(now, message.deliverBy)
    const outcome = yield* sending.resume(begun, wanted)
    const failure = yield* concluded(message, begun.id, outcome)
    // What surely did not go out may go out now.
    if (outcome._tag === "NotSent") return true
    if (failure !== null) return yield* failure
    return false
  })

  const load = (id: MessageId) =>
    Effect.filterOrFail(
      stored(ledger.load(id)),
      Option.isSome,
      () => new HandlerFailure({ class: "permanent", rule: "no-message", message: "the message's row is gone" })
    ).pipe(
      Effect.map(({ value }) => value)
    )

  const one = Effect.fnUntraced(function*(event: DomainEvent): Effect.fn.Return<Failures, HandlerFailure | NotYet> {
    if (event.type !== "MessagePlanned") return unasked
    const message = yield* load(event.payload.messageId)
    // It goes another way by now.
    if (message.channel !== channel) return unasked
    if (message.status === "SENDING" && message.begun !== null) {
      return (yield* resumed(message, message.begun)) ? yield* planned(yield* load(message.id)) : allDone
    }
    // UNDELIVERED comes here again only when an operator replays it.
    return message.status === "PLANNED" || message.status === "UNDELIVERED" ? yield* planned(message) : unasked
  })

  const handler: EventHandler = {
    name: senderOf(channel),
    handle: Effect.fnUntraced(function*(events) {
      const failures = new Map<DomainEvent["id"], HandlerFailure | NotYet>()
      let asked = false
      for (const event of events) {
        const result = yield* Effect.result(one(event))
        if (Result.isFailure(result)) failures.set(event.id, result.failure)
        else asked ||= result.success !== unasked
      }
      return failures.size === 0 && !asked ? unasked : failures
    })
  }
  return handler
})
