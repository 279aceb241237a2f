/**
 * Whether a handler gets anything in this process: nothing while somebody paused it or its circuit is open, one event
 * at a time while the circuit is half-open. What waited in memory goes back to the table, its attempts unspent.
 */
import { Duration, Effect, FiberSet } from "effect"
import type { HandlerName } from "../../domain/Subscription.ts"
import { circuitOpenRule } from "../../ports/DeliveryStore.ts"
import type { Changed } from "./Circuit.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import type { Engine } from "./Engine.ts"
import { untilStored } from "./Supervision.ts"

/** A delivery waits for an open circuit this long, counted from its event; then it is parked. */
const longestWait = Duration.hours(24)
/** Parked at once while a circuit does not close. */
const parkAtOnce = 500

export const makeGate = (engine: Engine, handler: HandlerName) => {
  let paused = false
  let circuit: "closed" | "open" | "half-open" = "closed"
  let openings = 0

  const apply = Effect.suspend(() => {
    const places = paused || circuit === "open" ? 0 : circuit === "half-open" ? 1 : Number.POSITIVE_INFINITY
    const out = engine.bus.limit(handler, places)
    engine.bell.openUnsafe()
    return engine.giveBack(out, Duration.zero)
  })

  const parkOverdue = Effect.gen(function*() {
    const overdue = yield* untilStored(
      "looking for overdue deliveries",
      engine.store.claimOverdue(engine.bus.incarnation(), handler, longestWait, parkAtOnce)
    )
    const error = `waited ${Duration.format(longestWait)} for the circuit of ${handler} to close`
    const attempt = { number: 1, class: "transient", rule: circuitOpenRule, error } as const
    yield* Effect.forEach(overdue, (one) => engine.park(one, attempt, `${handler}:${circuitOpenRule}`), {
      discard: true
    })
  })

  const opened = Effect.fnUntraced(function*(duration: Duration.Duration, rule: string) {
    const again = circuit !== "closed"
    const opening = ++openings
    circuit = "open"
    yield* Metrics.circuit(handler, true)
    yield* apply
    // A retry that slept meanwhile may have been the probe: then it is closed already, or open once more.
    const isStill = () => circuit === "open" && opening === openings
    yield* FiberSet.run(
      engine.sleepers,
      Effect.sleep(duration).pipe(
        Effect.andThen(Effect.suspend(() => (again && isStill() ? parkOverdue : Effect.void))),
        Effect.andThen(Effect.suspend(() => {
          if (!isStill()) return Effect.void
          circuit = "half-open"
          return apply
        }))
      )
    )
    if (again) return
    yield* Effect.logWarning("circuit opened: its deliveries wait", { handler, rule })
    yield* engine.alerts.raise({
      kind: "circuit-opened",
      fingerprint: `circuit:${handler}`,
      severity: "warning",
      summary: `the circuit of ${handler} is open (${rule}): its deliveries wait`,
      facts: { handler, rule }
    })
  })

  const closed = Effect.gen(function*() {
    circuit = "closed"
    yield* Metrics.circuit(handler, false)
    yield* apply
    yield* Effect.logInfo("circuit closed", { handler })
    yield* engine.alerts.raise({
      kind: "circuit-closed",
      fingerprint: `circuit-closed:${handler}`,
      severity: "info",
      summary: `the circuit of ${handler} is closed again`,
      facts: { handler }
    })
    yield* untilStored("re-driving", engine.failedEvents.redriveSoon(handler))
  })

  return {
    isOpen: () => circuit !== "closed",
    isPaused: () => paused,
    /** `rule` names why it opened. */
    changed: (how: Changed, rule: string) => (how._tag === "Opened" ? opened(how.duration, rule) : closed),
    pause: (is: boolean) =>
      Effect.suspend(() => {
        if (is === paused) return Effect.void
        paused = is
        return Effect.andThen(Metrics.paused(handler, is), apply)
      })
  }
}
export type Gate = ReturnType<typeof makeGate>
