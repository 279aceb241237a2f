/**
 * Plans who is told what, once: ledger rows, messages and one `MessagePlanned` for each, in one unit of work. Sends
 * nothing itself.
 */
import { DateTime, Effect, Option } from "effect"
import { noWay, routeOf, type Way } from "../../domain/Channel.ts"
import type { DomainEvent, EventFact } from "../../domain/DomainEvent.ts"
import { type AcademyId, MessageId, NotificationId } from "../../domain/Ids.ts"
import { messagePlanned, notificationUndelivered, occasionsOf, timeFor } from "../../domain/Notification.ts"
import type { EventHandler, HandlerFailure } from "../../ports/EventHandler.ts"
import { type Concerned, NotificationLedger, type PlannedMessage } from "../../ports/NotificationLedger.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import { asFailure } from "./UnitFailure.ts"

/** On which channel, or why on none. */
const wayFor = (ways: ReadonlyArray<Way>, { muted, reach }: Concerned) => {
  if (muted) return { status: "SKIPPED", channel: null, reason: "muted" } as const
  const [channel] = routeOf(ways, reach)
  return channel === undefined
    ? { status: "UNDELIVERED", channel: null, reason: noWay(reach) } as const
    : { status: "PLANNED", channel, reason: null } as const
}

/** One message for each person and kind: siblings that were planned together share it. */
const plan = Effect.fnUntraced(function*(audience: ReadonlyArray<Concerned>, ways: ReadonlyArray<Way>) {
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
      ...wayFor(ways, first),
      deliverWithin: timeFor(
        first.occasion.kind,
        [first, ...others].map(({ sessionEndsAt }) => sessionEndsAt),
        now
      ),
      notifications
    })
  }
  return messages
})

const factsOf = ({ channel, id, status }: PlannedMessage): ReadonlyArray<EventFact> =>
  channel !== null ? [messagePlanned(id, channel)] : status === "UNDELIVERED" ? [notificationUndelivered(id)] : []

export const notifications = Effect.gen(function*() {
  const ledger = yield* NotificationLedger
  const { ways } = yield* NotificationPort
  const unitOfWork = yield* UnitOfWork
  const context = yield* Effect.context<Effect.Services<typeof idMaker>>()

  const planFor = (academyId: AcademyId, occasions: Parameters<typeof ledger.audience>[1]) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const messages = yield* plan(yield* ledger.audience(academyId, occasions), ways)
        if (messages.length === 0) return
        yield* ledger.plan(messages)
        yield* (yield* Transaction).append(...messages.flatMap(factsOf))
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
