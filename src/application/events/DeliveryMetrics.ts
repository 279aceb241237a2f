/** What the engine counts, under the names of `docs/operations.md`. */
import { Clock, Effect, Metric } from "effect"
import type { HandlerName } from "../../domain/Subscription.ts"
import type { Delivery } from "../../ports/EventBus.ts"
import type { FailureClass } from "../../ports/EventHandler.ts"

const deliveredCount = Metric.counter("ams_deliveries_total", {
  description: "Deliveries that a handler finished",
  incremental: true
})
/** Seconds; up to the minute in which a parent should have heard. */
const lag = Metric.histogram("ams_delivery_lag_seconds", {
  description: "From the decision in the command to the end of the handler",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
})
const retriedCount = Metric.counter("ams_delivery_retries_total", {
  description: "Failed attempts that will be repeated",
  incremental: true
})
const parkedCount = Metric.counter("ams_failed_events_total", {
  description: "Deliveries moved to the failed-event store",
  incremental: true
})

export const delivered = (handler: HandlerName, batch: ReadonlyArray<Delivery>) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = Metric.withAttributes(lag, { handler })
    return Effect.andThen(
      Metric.update(Metric.withAttributes(deliveredCount, { handler }), batch.length),
      Effect.forEach(batch, (one) => Metric.update(seconds, Math.max(0, now - one.event.occurredAt) / 1000), {
        discard: true
      })
    )
  })

export const retried = (handler: HandlerName, failure: FailureClass) =>
  Metric.update(Metric.withAttributes(retriedCount, { handler, class: failure }), 1)

export const parked = (handler: HandlerName, failure: FailureClass) =>
  Metric.update(Metric.withAttributes(parkedCount, { handler, class: failure }), 1)
