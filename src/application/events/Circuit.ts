/**
 * One circuit for each handler, in this process:
 *
 * ```
 *            too many calls failed, or one that says our account is refused
 *   Closed ────────────────────────────────────────────────────▶ Open ──── its time is over ───▶ HalfOpen
 *     ▲                                                           ▲                                │ one call
 *     └───────────────── it succeeded ────────────────────────────┼────────────────────────────────┤
 *                                                                 └──────────── it failed ─────────┘
 * ```
 *
 * While it is open the handler gets nothing and its deliveries wait in the table, their attempts unspent.
 */
import { Duration, Effect, Option } from "effect"
import { CircuitBreaker } from "effect/persistence"
import type { HandlerName } from "../../domain/Subscription.ts"
import { type Failures, type HandlerFailure, type NotYet, storageRule, unasked } from "../../ports/EventHandler.ts"
import { openFor, type RetryPolicy } from "./RetryPolicy.ts"

/** What one call says about the other side's health. */
export type Verdict = "healthy" | "failing" | "refused" | "nothing"

const ofFailure = (failure: HandlerFailure | NotYet): Verdict => {
  if (failure._tag === "NotYet") return "nothing"
  // Our own database's trouble says nothing about the other side, and an event's own mistake neither.
  if (failure.rule === storageRule || failure.class === "permanent") return "nothing"
  return failure.class === "account" ? "refused" : "failing"
}

/** `took` is how long the call was. */
export const judge = (
  policy: Pick<RetryPolicy, "slow">,
  took: Duration.Duration,
  outcome: HandlerFailure | Failures
): Verdict => {
  if (outcome === unasked) return "nothing"
  const verdicts = "_tag" in outcome ? [ofFailure(outcome)] : [...outcome.values()].map(ofFailure)
  if (verdicts.includes("refused")) return "refused"
  if (verdicts.includes("failing") || Duration.isGreaterThan(took, policy.slow)) return "failing"
  if ("_tag" in outcome) return "nothing"
  const waits = [...outcome.values()].some((one) => one._tag === "NotYet")
  return waits ? "nothing" : "healthy"
}

const outcomes = { healthy: "Success", failing: "Failure", refused: "Failure", nothing: "Ignored" } as const

export interface Admission {
  /** The one call of a half-open circuit. */
  readonly probe: boolean
  /** Says how the call ended. Answers how long the circuit is open, or that it is closed again, when that changed. */
  readonly record: (verdict: Verdict) => Effect.Effect<Option.Option<Changed>>
}

export type Changed = { readonly _tag: "Opened"; readonly duration: Duration.Duration } | { readonly _tag: "Closed" }

export const makeCircuit = Effect.fnUntraced(function*(handler: HandlerName, policy: RetryPolicy) {
  const store = yield* CircuitBreaker.CircuitBreakerStore
  return {
    /** None while the circuit is open, or half-open and its one call is under way. */
    admit: Effect.gen(function*() {
      const admitted = yield* Effect.option(store.admit(handler))
      return Option.map(admitted, ({ consecutiveOpenings, generation, probe }): Admission => ({
        probe,
        record: Effect.fnUntraced(function*(verdict) {
          const changed = yield* Effect.orDie(store.record({
            key: handler,
            generation,
            outcome: outcomes[verdict],
            tripPolicy: verdict === "refused" ? CircuitBreaker.consecutive(1) : policy.trip,
            openFor: yield* openFor(policy, consecutiveOpenings + 1)
          }))
          if (changed?.to === "Open") return Option.some({ _tag: "Opened", duration: changed.retryAfter })
          return changed?.to === "Closed" ? Option.some({ _tag: "Closed" }) : Option.none()
        })
      }))
    }).pipe(Effect.scoped)
  }
})
export type Circuit = Effect.Success<ReturnType<typeof makeCircuit>>
