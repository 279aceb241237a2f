/**
 * Sends one planned message. Before it does, it looks whether the fact still holds; after a crash in the middle it asks
 * the provider first, so that nobody is told twice.
 */
import { Effect, Option, Result } from "effect"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import type { MessageId } from "../../domain/Ids.ts"
import { render } from "../../domain/NotificationText.ts"
import { type EventHandler, HandlerFailure, storageFailure } from "../../ports/EventHandler.ts"
import { type MessageToSend, NotificationLedger } from "../../ports/NotificationLedger.ts"
import { NotificationPort, type OutgoingMessage } from "../../ports/NotificationPort.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

const stored = <A>(effect: Effect.Effect<A, StorageUnavailable>) => Effect.mapError(effect, storageFailure)

export const sendMessage = Effect.gen(function*() {
  const ledger = yield* NotificationLedger
  const port = yield* NotificationPort

  const send = Effect.fnUntraced(function*(message: OutgoingMessage) {
    const begun = yield* stored(ledger.begin(message.id, port.channel, port.provider))
    if (Option.isNone(begun)) return // somebody else has it
    yield* port.send(message).pipe(
      Effect.tapError((failure) =>
        // What may have gone out stays SENDING: the next attempt asks the provider. What surely did not is PLANNED again.
        failure.class === "unknown"
          ? Effect.void
          : stored(ledger.finish(message.id, failure.class === "transient" ? "PLANNED" : "UNDELIVERED", {
            outcome: failure.class,
            detail: failure.rule
          }))
      ),
      Effect.flatMap((providerId) => stored(ledger.finish(message.id, "ACCEPTED", { outcome: "accepted", providerId })))
    )
  })

  /** SENDING when we come to it: a process died, or a time-out struck, between the two writes. */
  const resume = Effect.fnUntraced(function*(id: MessageId) {
    const found = yield* port.lookUp(id)
    yield* stored(
      Option.match(found, {
        onSome: (providerId) => ledger.finish(id, "ACCEPTED", { outcome: "found", providerId }),
        onNone: () => ledger.finish(id, "PLANNED", { outcome: "not-found" })
      })
    )
    return Option.isNone(found)
  })

  const deliver = Effect.fnUntraced(function*(message: MessageToSend) {
    const holding = message.lines.filter((line) => line.stillHolds)
    if (message.tooLate) return yield* stored(ledger.drop(message.id, "EXPIRED"))
    if (holding.length === 0) return yield* stored(ledger.drop(message.id, "SKIPPED"))
    if (message.recipient.phone === null) {
      yield* stored(ledger.drop(message.id, "UNDELIVERED"))
      return yield* new HandlerFailure({
        class: "permanent",
        rule: "no-phone",
        message: "the recipient has no phone number"
      })
    }
    yield* send({
      id: message.id,
      academyId: message.academyId,
      to: message.recipient.phone,
      text: render(message.recipient.locale, message.academyName, holding)
    })
  })

  const one = Effect.fnUntraced(function*(event: DomainEvent) {
    if (event.type !== "MessagePlanned") return
    const found = yield* stored(ledger.load(event.payload.messageId))
    if (Option.isNone(found)) {
      return yield* new HandlerFailure({ class: "permanent", rule: "no-message", message: "the message's row is gone" })
    }
    const { status } = found.value
    // UNDELIVERED comes here again only when an operator replays it.
    const open = status === "SENDING" ? yield* resume(found.value.id) : status === "PLANNED" || status === "UNDELIVERED"
    if (open) yield* deliver(found.value)
  })

  const handler: EventHandler = {
    name: "SendMessage",
    handle: Effect.fnUntraced(function*(events) {
      const failures = new Map<DomainEvent["id"], HandlerFailure>()
      for (const event of events) {
        const result = yield* Effect.result(one(event))
        if (Result.isFailure(result)) failures.set(event.id, result.failure)
      }
      return failures
    })
  }
  return handler
})
