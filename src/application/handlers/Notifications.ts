/**
 * Plans who is told what, once: ledger rows, messages and one `MessagePlanned` for each, in one unit of work. Sends
 * nothing itself.
 */
import { Effect } from "effect"
import { type AcademyId, MessageId, NotificationId } from "../../domain/Ids.ts"
import { deliverWithin, messagePlanned, occasionOf } from "../../domain/Notification.ts"
import { type EventHandler, HandlerFailure } from "../../ports/EventHandler.ts"
import { type Audience, NotificationLedger, type PlannedMessage } from "../../ports/NotificationLedger.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"

/** One message for each person and kind: siblings that were planned together share it. */
const plan = Effect.fnUntraced(function*(audience: ReadonlyArray<Audience>) {
  const newId = yield* idMaker
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
      deliverWithin: deliverWithin(first.occasion.kind),
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

  const handler: EventHandler = {
    name: "Notifications",
    handle: (events) =>
      Effect.forEach(
        Map.groupBy(events, (event) => event.academyId),
        ([academyId, list]) => {
          const occasions = list.flatMap((event) => occasionOf(event) ?? [])
          return academyId === null || occasions.length === 0 ? Effect.void : planFor(academyId, occasions)
        },
        { discard: true }
      ).pipe(
        Effect.mapError((error) =>
          error._tag === "StorageUnavailable" || error._tag === "ChangedMeanwhile"
            ? new HandlerFailure({ class: "transient", rule: "postgres", message: "the database does not answer" })
            : new HandlerFailure({ class: "permanent", rule: "refused", message: error._tag })
        ),
        Effect.provideContext(context)
      )
  }
  return handler
})
