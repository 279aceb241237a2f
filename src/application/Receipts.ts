/** What providers say afterwards of messages that they took, in whatever order and as often as they like. */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { routeOf } from "../domain/Channel.ts"
import type { AcademyId } from "../domain/Ids.ts"
import { receive } from "../domain/Message.ts"
import { NotificationLedger, type Receipt } from "../ports/NotificationLedger.ts"
import { NotificationPort } from "../ports/NotificationPort.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../ports/UnitOfWork.ts"
import * as Metrics from "./MessageMetrics.ts"

export class Receipts extends Context.Service<Receipts, {
  /** False when it is about no attempt of ours. The same receipt twice changes nothing. */
  readonly take: (receipt: Receipt) => Effect.Effect<boolean, StorageUnavailable | Refusal>
}>()("ams/Receipts") {
  static readonly layer = Layer.effect(
    Receipts,
    Effect.gen(function*() {
      const ledger = yield* NotificationLedger
      const { ways } = yield* NotificationPort
      const unitOfWork = yield* UnitOfWork

      const apply = (academyId: AcademyId, { attempt, outcome }: Receipt) =>
        unitOfWork.run(
          { academyId, actor: null },
          Effect.gen(function*() {
            const found = yield* ledger.hold(attempt)
            if (Option.isNone(found) || found.value.heard === outcome.rule) return
            const held = found.value
            const next = routeOf(ways, held.reach).find((one) => !held.tried.includes(one)) ?? null
            const conclusion = receive(held, held.attempt, outcome, { now: yield* DateTime.now, next })
            // What says less than is known, as that it was taken after it has arrived.
            if (conclusion === null && held.heard !== "") return
            yield* ledger.conclude(held, { outcome, as: "receipt", ask: true }, conclusion)
            yield* (yield* Transaction).append(...conclusion?.events ?? [])
            return conclusion === null ? undefined : { held, conclusion }
          })
        ).pipe(
          Effect.tap((changed) =>
            changed === undefined ? Effect.void : Metrics.concluded(changed.held, outcome, changed.conclusion)
          )
        )

      return Receipts.of({
        take: Effect.fn("Receipts.take")(function*(receipt) {
          const academyId = yield* ledger.whose(receipt.attempt)
          if (Option.isNone(academyId)) return false
          yield* apply(academyId.value, receipt)
          return true
        })
      })
    })
  )
}
