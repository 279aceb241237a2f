/**
 * What the engine counts; what is published, the unit of work does. Names are those of OpenTelemetry's messaging
 * conventions where they have one, the rest begins with `ams.`; each has its unit, from which `/metrics` makes
 * Prometheus' names. `docs/operations.md` says what each is good for.
 */
import { Clock, Duration, Effect, Metric } from "effect"
import type { HandlerName } from "../../domain/Subscription.ts"
import type { Backlog } from "../../ports/DeliveryStore.ts"
import type { Delivery } from "../../ports/EventBus.ts"
import { FailureClass } from "../../ports/EventHandler.ts"

const byHandler = (handler: string) => ({
  "messaging.system": "ams",
  "messaging.consumer.group.name": handler
})
const processing = (handler: string) => ({ ...byHandler(handler), "messaging.operation.name": "process" })
const byClass = (handler: string, failure: FailureClass) => ({ ...byHandler(handler), "ams.failure.class": failure })
const byOutcome = (job: string, outcome: "done" | "failed") => ({ "ams.job.name": job, "ams.job.outcome": outcome })

const unit = (unit: string) => ({ attributes: { unit } })

/** Seconds; OpenTelemetry's own boundaries. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Up to the minute in which a parent should have heard, and beyond. */
const delays = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

const consumed = Metric.counter("messaging.client.consumed.messages", {
  ...unit("{message}"),
  description: "Deliveries that a handler finished",
  incremental: true
})
const processed = Metric.histogram("messaging.process.duration", {
  ...unit("s"),
  description: "Seconds that a handler took for a batch",
  boundaries: durations
})
const endToEnd = Metric.histogram("ams.delivery.delay", {
  ...unit("s"),
  description: "Seconds from the decision in the command to the end of the handler",
  boundaries: delays
})
const retries = Metric.counter("ams.delivery.retries", {
  ...unit("{attempt}"),
  description: "Failed attempts that will be repeated",
  incremental: true
})
const failed = Metric.counter("ams.delivery.failures", {
  ...unit("{message}"),
  description: "Deliveries moved to the failed-event store",
  incremental: true
})
const takenOver = Metric.counter("ams.delivery.takeovers", {
  ...unit("{process}"),
  description: "Processes taken for dead by this one",
  incremental: true
})
const backlogOpen = Metric.gauge("ams.delivery.backlog", {
  ...unit("{message}"),
  description: "Open deliveries of all processes"
})
const backlogPostponed = Metric.gauge("ams.delivery.postponed", {
  ...unit("{message}"),
  description: "Of these, waiting until their next attempt"
})
const backlogAge = Metric.gauge("ams.delivery.oldest.age", {
  ...unit("s"),
  description: "Seconds since the oldest open delivery's event"
})
const failedOpen = Metric.gauge("ams.failed_events.open", {
  ...unit("{event}"),
  description: "Failed events that wait for a person or a re-drive"
})
const circuitOpen = Metric.gauge("ams.circuit.open", {
  ...unit("{circuit}"),
  description: "1 while the handler's circuit is open in this process"
})
const pausedNow = Metric.gauge("ams.handler.paused", {
  ...unit("{handler}"),
  description: "1 while the handler is paused"
})
const nodeCount = Metric.gauge("ams.nodes", { ...unit("{process}"), description: "Processes that show that they live" })
const inMemory = Metric.gauge("ams.delivery.in_memory", {
  ...unit("{message}"),
  description: "Deliveries in this process's memory"
})
const jobRuns = Metric.counter("ams.job.runs", {
  ...unit("{run}"),
  description: "Runs of jobs in this process",
  incremental: true
})

/** Every series is there from the start: Prometheus sees no increase in one that begins with 1. */
export const startAtZero = (handlers: ReadonlyArray<HandlerName>) =>
  Effect.forEach(handlers, (handler) =>
    Effect.all([
      Metric.update(Metric.withAttributes(consumed, processing(handler)), 0),
      ...FailureClass.literals.flatMap((failure) =>
        [retries, failed].map((counter) => Metric.update(Metric.withAttributes(counter, byClass(handler, failure)), 0))
      ),
      Metric.update(Metric.withAttributes(circuitOpen, byHandler(handler)), 0),
      Metric.update(Metric.withAttributes(pausedNow, byHandler(handler)), 0),
      Metric.update(takenOver, 0)
    ], { discard: true }), { discard: true })

export const delivered = (handler: HandlerName, batch: ReadonlyArray<Delivery>) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const delay = Metric.withAttributes(endToEnd, byHandler(handler))
    return Effect.andThen(
      Metric.update(Metric.withAttributes(consumed, processing(handler)), batch.length),
      Effect.forEach(batch, (one) => Metric.update(delay, Math.max(0, now - one.event.occurredAt) / 1000), {
        discard: true
      })
    )
  })

/** `error`: the rule of a failure of the whole batch, else empty. */
export const handled = (handler: HandlerName, took: Duration.Duration, error: string) =>
  Metric.update(
    Metric.withAttributes(processed, { ...processing(handler), ...(error === "" ? {} : { "error.type": error }) }),
    Duration.toSeconds(took)
  )

export const retried = (handler: HandlerName, failure: FailureClass) =>
  Metric.update(Metric.withAttributes(retries, byClass(handler, failure)), 1)

export const parked = (handler: HandlerName, failure: FailureClass) =>
  Metric.update(Metric.withAttributes(failed, byClass(handler, failure)), 1)

export const buried = (count: number) => Metric.update(takenOver, count)

export const circuit = (handler: HandlerName, open: boolean) =>
  Metric.update(Metric.withAttributes(circuitOpen, byHandler(handler)), open ? 1 : 0)

export const paused = (handler: HandlerName, is: boolean) =>
  Metric.update(Metric.withAttributes(pausedNow, byHandler(handler)), is ? 1 : 0)

export const held = (count: number) => Metric.update(inMemory, count)

/**
 * What the tables say of all processes together; a handler without a row there has nothing open. Each process looks for
 * itself: a number that only one kept up to date would stay as it was when another one goes on.
 */
export const looked = (
  names: ReadonlyArray<HandlerName>,
  backlog: ReadonlyArray<Backlog>,
  failedEvents: number,
  nodes: number
) =>
  Effect.all([
    ...[
      ...names.filter((handler) => backlog.every((one) => one.handler !== handler)).map((handler) => ({
        handler,
        open: 0,
        postponed: 0,
        oldestSeconds: 0
      })),
      ...backlog
    ].flatMap(({ handler, oldestSeconds, open, postponed }) => [
      Metric.update(Metric.withAttributes(backlogOpen, byHandler(handler)), open),
      Metric.update(Metric.withAttributes(backlogPostponed, byHandler(handler)), postponed),
      Metric.update(Metric.withAttributes(backlogAge, byHandler(handler)), oldestSeconds)
    ]),
    Metric.update(failedOpen, failedEvents),
    Metric.update(nodeCount, nodes)
  ], { discard: true })

export const jobRan = (job: string, error: boolean) =>
  Effect.all([
    Metric.update(Metric.withAttributes(jobRuns, byOutcome(job, "done")), error ? 0 : 1),
    Metric.update(Metric.withAttributes(jobRuns, byOutcome(job, "failed")), error ? 1 : 0)
  ], { discard: true })
