/**
 * Plans who is told what, once: ledger rows, messages and one `MessagePlanned` for each, in one unit of work. Sends
 * nothing itself.
 */
import { DateTime, Duration, Effect, Option } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { DomainEvent } from "../../domain/DomainEvent.ts"
import { type AcademyId, MessageId, NotificationId } from "../../domain/Ids.ts"
import { deliverWithin, endsWithSession, messagePlanned, occasionsOf } from "../../domain/Notification.ts"
import { type EventHandler, HandlerFailure, storageFailure } from "../../ports/EventHandler.ts"
import { type Concerned, NotificationLedger, type PlannedMessage } from "../../ports/NotificationLedger.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"

/** Until nobody wants to hear it any more, or until the first of the sessions ends that it is about. */
const timeFor = (its: NonEmptyReadonlyArray<Concerned>, now: DateTime.Utc): Duration.Duration => {
  const [{ occasion: { kind } }] = its
  if (!endsWithSession(kind)) return deliverWithin(kind)
  const ends = its.flatMap(({ sessionEndsAt }) => sessionEndsAt === null ? [] : [DateTime.distance(now, sessionEndsAt)])
  return Duration.max(Duration.zero, ends.reduce(Duration.min, deliverWithin(kind)))
}

/** One message for each person and kind: siblings that were planned together share it. */
const plan = Effect.fnUntraced(function*(audience: ReadonlyArray<Concerned>) {
  const newId = yield* idMaker
  const now = yield* DateTime.now
  const groups = Map.groupBy(audience, (one) => `${one.recipientId} ${one.occasion.kind}`)
  const messages: Array<PlannedMessage> = []
  for (const [first, ...others] of groups.values()) {
    if (first === undefined) continue
    const notifications = yield* Effect.forEach(
      [first, ...others],
      ({ occasion }) => Effect.map(newId(NotificationId), (id) => ({ id, occasion }))
    )
    messages.push({
      id: yield* newId(MessageId),
      academyId: first.academyId,
      recipientId: first.recipientId,
      deliverWithin: timeFor([first, ...others], now),
      notifications
    })
  }
  return messages
})

export const notifications = Effect.gen(function*() {
  const ledger = yield* NotificationLedger
  const unitOfWork = yield* UnitOfWork
  const context = yield* Effect.context<Effect.Services<typeof idMaker>>()

  const planFor = (academyId: AcademyId, occasions: Parameters<typeof ledger.audience>[1]) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const messages = yield* plan(yield* ledger.audience(academyId, occasions))
        if (messages.length === 0) return
        yield* ledger.plan(messages)
        yield* (yield* Transaction).append(...messages.map((message) => messagePlanned(message.id)))
      })
    )

  /** The failure of these events of one academy; none when they are done. */
  const attempt = (academyId: AcademyId, events: ReadonlyArray<DomainEvent>) => {
    const occasions = events.flatMap((event) => occasionsOf(event))
    if (occasions.length === 0) return Effect.succeedNone
    return planFor(academyId, occasions).pipe(
      Effect.match({ onSuccess: () => Option.none(), onFailure: (error) => Option.some(asFailure(error)) }),
      Effect.provideContext(context)
    )
  }

  const handler: EventHandler = {
    name: "Notifications",
    handle: Effect.fnUntraced(function*(events) {
      const failures = new Map<DomainEvent["id"], HandlerFailure>()
      for (const [academyId, list] of Map.groupBy(events, (event) => event.academyId)) {
        if (academyId === null) continue
        const failure = yield* attempt(academyId, list)
        if (Option.isNone(failure)) continue
        // Whose fault it is shows when each stands alone.
        const alone = failure.value.class === "permanent" && list.length > 1
        for (const event of list) {
          const its = alone ? yield* attempt(academyId, [event]) : failure
          if (Option.isSome(its)) failures.set(event.id, its.value)
        }
      }
      return failures
    })
  }
  return handler
})

const asFailure = (error: StorageUnavailable | Refusal): HandlerFailure => {
  if (error._tag === "StorageUnavailable") return storageFailure(error)
  return error._tag === "ChangedMeanwhile"
    ? new HandlerFailure({
      class: "transient",
      rule: "collision",
      message: "others changed the same rows, again and again"
    })
    : new HandlerFailure({ class: "permanent", rule: "refused", message: error._tag, cause: error })
}
