/** Whether an academy may still pay for messages today. Without a cap it may, and nobody is asked. */
import { Cache, Context, Duration, Effect, Exit, Layer } from "effect"
import type { AcademyId } from "../../domain/Ids.ts"
import { maySpend, type Purpose, spendState } from "../../domain/Spending.ts"
import { Alerts } from "../../ports/Alerts.ts"
import { MessageMeasures } from "../../ports/MessageMeasures.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

/** What was spent is as it was up to so long ago: what goes out meanwhile may be spent beyond the cap. */
const freshFor = Duration.seconds(10)
/** Academies that send at the same time. */
const academies = 10_000

export const SpendCap = Context.Reference<{
  /** Whether a paid message with this purpose may go out now. */
  readonly allows: (academyId: AcademyId, purpose: Purpose) => Effect.Effect<boolean, StorageUnavailable>
}>("ams/SpendCap", { defaultValue: () => ({ allows: () => Effect.succeed(true) }) })

/** `cap`: KRW that the messages of one academy may cost in a day, by its own midnight. */
export const layer = (cap: number) =>
  Layer.effect(
    SpendCap,
    Effect.gen(function*() {
      const measures = yield* MessageMeasures
      const alerts = yield* Alerts

      const look = Effect.fnUntraced(function*(academyId: AcademyId) {
        const spent = yield* measures.spentToday(academyId)
        const state = spendState(spent, cap)
        if (state === "free") return spent
        yield* alerts.raise({
          kind: "spend-cap",
          fingerprint: `spend-cap:${state}:${academyId}`,
          severity: state === "reached" ? "critical" : "warning",
          summary: state === "reached"
            ? "an academy's messages have cost what they may in a day: paid ones wait, and expire"
            : "an academy's messages have nearly cost what they may in a day",
          facts: { academyId, spentKrw: Math.round(spent), capKrw: cap }
        })
        return spent
      })
      const spent = yield* Cache.makeWith(look, {
        capacity: academies,
        // What failed is asked again.
        timeToLive: (exit) => (Exit.isSuccess(exit) ? freshFor : Duration.zero)
      })
      return {
        allows: (academyId, purpose) =>
          Effect.map(Cache.get(spent, academyId), (spent) => maySpend(purpose, spent, cap))
      }
    })
  )
