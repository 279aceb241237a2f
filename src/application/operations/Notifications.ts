/**
 * Who was told what and who was not, for the office of an academy, and for operators of every one. By HTTP and by CLI these
 * are the same use cases.
 */
import { Context, DateTime, Effect, Layer, type Option } from "effect"
import { AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { MessageId, NotificationId } from "../../domain/Ids.ts"
import type { LocalDate } from "../../domain/LocalTime.ts"
import type { Permission } from "../../domain/Permission.ts"
import { type MayNotBeTold, type MessageUnderWay, resend } from "../../domain/Resend.ts"
import { InvalidPeriod, isPeriod } from "../../domain/Statistics.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import {
  type ChannelMeasures,
  type MessageFilter,
  NotificationHistory,
  type SentMessage,
  type SentMessageInFull
} from "../../ports/NotificationHistory.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import { Resends } from "../../ports/Resends.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import { type PartOf, partOf, within } from "./FailedEvents.ts"
import { type CurrentOperator, operator, type Reason } from "./Operator.ts"

/** A quarter: what is measured is read from every single message. */
export const mostMeasuredDays = 92

type Denied = NotAllowed | AcademyNotNamed | StorageUnavailable

export class Notifications extends Context.Service<Notifications, {
  /** Newest first. */
  readonly list: (
    filter: MessageFilter,
    page: { readonly limit: number; readonly after?: MessageId }
  ) => Effect.Effect<PartOf<SentMessage, MessageId>, Denied | NotFound, CurrentOperator>
  readonly show: (id: MessageId) => Effect.Effect<SentMessageInFull, Denied | NotFound, CurrentOperator>
  /**
   * Tells it once more, by a new message that goes the way of every message. Of two people who want that at the same moment
   * one gets it, and the other `MessageUnderWay`. Answers the new message as it is then.
   */
  readonly resend: (
    id: MessageId,
    reason: Reason
  ) => Effect.Effect<
    SentMessageInFull,
    Denied | NotFound | MessageUnderWay | MayNotBeTold | Refusal,
    CurrentOperator
  >
  /** By channel, of what was planned on these days of the academy's: 1 to 92 of them, both ends included. */
  readonly measures: (
    from: LocalDate,
    until: LocalDate
  ) => Effect.Effect<ReadonlyArray<ChannelMeasures>, Denied | InvalidPeriod, CurrentOperator>
}>()("ams/Notifications") {
  static readonly layer = Layer.effect(
    Notifications,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const deliveries = yield* DeliveryStore
      const history = yield* NotificationHistory
      const { ways } = yield* NotificationPort
      const resends = yield* Resends
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      /** Who has the terminal sees every academy; over HTTP it is always one. */
      const office = Effect.fnUntraced(function*(permission: Permission) {
        const by = yield* operator(permission)
        return by.channel === "API" && by.academyId === null ? yield* new AcademyNotNamed() : by
      })

      const orNotFound = <A>(id: MessageId) => (found: Option.Option<A>) =>
        Effect.mapError(Effect.fromOption(found), () => new NotFound({ what: "message", id }))

      return Notifications.of({
        list: Effect.fn("Notifications.list")(function*(filter, page) {
          const own = yield* within(yield* office("notification:read"), filter)
          return yield* partOf(page, (page) => history.list(own, page))
        }),

        show: Effect.fn("Notifications.show")(function*(id) {
          const { academyId } = yield* office("notification:read")
          return yield* Effect.flatMap(history.find(academyId, id), orNotFound(id))
        }),

        resend: Effect.fn("Notifications.resend")(function*(id, reason) {
          const by = yield* office("notification:resend")
          const { academyId } = yield* Effect.flatMap(history.find(by.academyId, id), orNotFound(id))
          const again = yield* newId(MessageId)
          const now = yield* DateTime.now
          const planned = yield* unitOfWork.run(
            { academyId, actor: by.actorId },
            Effect.gen(function*() {
              const message = yield* Effect.flatMap(resends.find(academyId, id), orNotFound(id))
              const decided = yield* Effect.fromResult(resend(message, { id: again, now, ways }))
              const lines = yield* Effect.forEach(decided.resend.lines, () => newId(NotificationId))
              const planned = yield* resends.plan(decided.resend, { by: by.actorId, reason, lines })
              yield* audit.write({
                academyId,
                actorId: by.actorId,
                channel: by.channel,
                action: "notification.resend",
                subject: `message/${id}`,
                reason
              })
              yield* (yield* Transaction).append(decided.event)
              return planned
            })
          )
          // Not heard, it is found by the next poll.
          yield* Effect.ignore(deliveries.announce)
          return planned
        }),

        measures: Effect.fn("Notifications.measures")(function*(from, until) {
          const { academyId } = yield* office("notification:read")
          if (academyId === null) return yield* new AcademyNotNamed()
          if (!isPeriod(from, until, mostMeasuredDays)) return yield* new InvalidPeriod({ mostDays: mostMeasuredDays })
          return yield* history.measures(academyId, { from, until })
        })
      })
    })
  )
}
