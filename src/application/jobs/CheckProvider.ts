/** What stands between us and the provider and changes without us: the money on the account, the texts it has approved. */
import { Duration, Effect, Option, Result } from "effect"
import { Alerts } from "../../ports/Alerts.ts"
import { ProviderAccount } from "../../ports/ProviderAccount.ts"
import { TemplateStates } from "../../ports/TemplateStates.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type Compared, compareOwn, compareSystems } from "../TemplateComparison.ts"
import { type Job, JobFailed } from "./Jobs.ts"

/** `alarm`: KRW below which operators are told. */
export const checkBalance = Effect.fnUntraced(function*(alarm: number) {
  const { account } = yield* ProviderAccount
  const alerts = yield* Alerts
  const job: Job = {
    name: "CheckBalance",
    every: Duration.minutes(5),
    within: Duration.seconds(30),
    run: Effect.gen(function*() {
      if (Option.isNone(account)) return
      const balance = yield* account.value.balance
      if (balance >= alarm && balance > 0) return
      const empty = balance <= 0
      yield* alerts.raise({
        kind: "provider-balance",
        fingerprint: `provider-balance:${empty ? "empty" : "low"}`,
        severity: empty ? "critical" : "warning",
        summary: empty
          ? "the account at the provider is empty: no KakaoTalk and no text message goes out"
          : "the account at the provider is nearly empty",
        facts: { balanceKrw: Math.round(balance), alarmKrw: alarm }
      })
    })
  }
  return job
})

/** Turns templates off that the provider has otherwise, and on again when they are as they should be. */
export const checkTemplates = Effect.gen(function*() {
  const context = yield* Effect.context<ProviderAccount | TemplateStates>()
  const states = yield* TemplateStates
  const { account } = yield* ProviderAccount
  const alerts = yield* Alerts

  /** False when the provider could not be asked. */
  const apply = Effect.fnUntraced(function*(
    { academyId, found, template, was }: Compared
  ): Effect.fn.Return<boolean, StorageUnavailable> {
    // Who cannot be asked changes nothing.
    if (Result.isFailure(found)) return false
    const why = found.success
    if (why !== was) yield* states.turn({ academyId, template }, why)
    if (why === null) return true
    yield* alerts.raise({
      kind: "template-differs",
      fingerprint: `template-differs:${academyId ?? "system"}:${template}`,
      severity: "warning",
      summary: `KakaoTalk's template ${template} is not used, text messages go out instead: ${why}`,
      facts: { template, reason: why, academyId: academyId ?? "system" }
    })
    return true
  })

  const job: Job = {
    name: "CheckTemplates",
    every: Duration.hours(1),
    within: Duration.minutes(10),
    run: Effect.gen(function*() {
      if (Option.isNone(account)) return
      const compared = [...yield* compareSystems, ...yield* compareOwn]
      // What is in no setting any more is looked at by nobody, and would be off when it comes back.
      const forgotten = Object.keys(yield* states.systemOff).filter((one) => account.value.templates[one] === undefined)
      yield* Effect.forEach(forgotten, (template) => states.turn({ academyId: null, template }, null), {
        discard: true
      })
      const unasked = (yield* Effect.forEach(compared, apply)).filter((asked) => !asked).length
      if (unasked > 0) {
        return yield* new JobFailed({ message: `${unasked} of ${compared.length} templates could not be asked for` })
      }
    }).pipe(Effect.provideContext(context))
  }
  return job
})
