/** Looks at the backlog: what every process shows as numbers, and what operators are told once. */
import { Duration, Effect } from "effect"
import { Alerts } from "../../ports/Alerts.ts"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import { FailedEventStore } from "../../ports/FailedEventStore.ts"
import { HandlerNames } from "../../ports/HandlerNames.ts"
import * as Metrics from "../events/DeliveryMetrics.ts"
import { isDead, isLate } from "../events/Late.ts"
import { supervised } from "../events/Supervision.ts"
import type { Job } from "./Jobs.ts"

/** Tells when a handler does not keep up. */
export const watchBacklog = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  const alerts = yield* Alerts
  const job: Job = {
    name: "WatchBacklog",
    every: Duration.seconds(10),
    within: Duration.seconds(10),
    run: Effect.gen(function*() {
      for (const { handler, oldestSeconds, open, postponed } of (yield* deliveries.backlog(null)).filter(isLate)) {
        yield* alerts.raise({
          kind: "backlog-age",
          fingerprint: `backlog:${handler}`,
          severity: "warning",
          summary: `${handler} is behind: its oldest delivery is open for ${Math.round(oldestSeconds)} s`,
          facts: { handler, open, postponed, oldestSeconds: Math.round(oldestSeconds) }
        })
      }
    })
  }
  return job
})

/** As often as metrics are usually scraped. */
const lookEvery = Duration.seconds(10)

/** The tables as gauges, in every process: whichever is scraped shows them. */
export const gauges = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  const failedEvents = yield* FailedEventStore
  const names = yield* HandlerNames
  const look = Effect.gen(function*() {
    const [backlog, open, nodes] = yield* Effect.all([
      deliveries.backlog(null),
      failedEvents.countOpen(null),
      deliveries.nodes
    ])
    // The last one that ran handlers has nobody to take its row away.
    const living = nodes.filter((node) => !isDead(node))
    yield* Metrics.looked(names, backlog, open, living.length)
  })
  yield* look.pipe(
    Effect.catch((error) => Effect.logWarning("gauges: the database does not answer", error.cause)),
    Effect.andThen(Effect.sleep(lookEvery)),
    (round) => supervised("gauges", round),
    Effect.forkScoped
  )
})
