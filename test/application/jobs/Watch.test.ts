/** What operators are told of the backlog, and what the gauges show of it. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { gauges, watchBacklog } from "../../../src/application/jobs/Watch.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { Incarnation } from "../../../src/domain/Ids.ts"
import { handlersOf } from "../../../src/domain/Subscription.ts"
import { type Alert, Alerts } from "../../../src/ports/Alerts.ts"
import { type Backlog, DeliveryStore, type Node } from "../../../src/ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../src/ports/FailedEventStore.ts"
import { HandlerNames } from "../../../src/ports/HandlerNames.ts"

const of = (handler: string, oldestSeconds: number, open: number, postponed = 0): Backlog => ({
  handler,
  open,
  postponed,
  oldestSeconds
})
const node = (silentSeconds: number): Node => ({
  incarnation: Incarnation.make("01960000-0000-7000-8000-000000000001"),
  host: "here",
  pid: 1,
  startedAt: new Date(0),
  silentSeconds,
  openCircuits: []
})

const watching = (seen: { backlog: ReadonlyArray<Backlog>; nodes: ReadonlyArray<Node> }) => {
  const told: Array<Alert> = []
  return {
    told,
    layer: Layer.mergeAll(
      Layer.mock(DeliveryStore)({
        backlog: () => Effect.sync(() => seen.backlog),
        nodes: Effect.sync(() => seen.nodes)
      }),
      Layer.mock(FailedEventStore)({ countOpen: () => Effect.succeed(2) }),
      Layer.succeed(Alerts, Alerts.of({ raise: (alert) => Effect.sync(() => void told.push(alert)) })),
      Layer.succeed(Metric.MetricRegistry, new Map())
    )
  }
}

describe("WatchBacklog", () => {
  it.effect("tells of a handler whose oldest delivery is older than 60 s, unless all it has waits for its time", () => {
    const { layer, told } = watching({
      nodes: [],
      backlog: [of("ReadModelSync", 60, 9), of("Statistics", 61, 9, 8), of("SendMessage:SMS", 9000, 3, 3)]
    })
    return Effect.gen(function*() {
      yield* (yield* watchBacklog).run
      expect(told).toEqual([expect.objectContaining({
        kind: "backlog-age",
        fingerprint: "backlog:Statistics",
        facts: { handler: "Statistics", open: 9, postponed: 8, oldestSeconds: 61 }
      })])
    }).pipe(Effect.provide(layer))
  })
})

describe("the gauges", () => {
  const shown = Effect.map(
    Metric.snapshot,
    (all) =>
      Object.fromEntries(
        all.flatMap(({ attributes, id, state }) =>
          "value" in state ? [[[id, attributes?.["messaging.consumer.group.name"]].join(" ").trim(), state.value]] : []
        )
      )
  )

  it.effect("follow the tables, a handler that is done goes back to 0, and a silent process is not counted", () => {
    const seen = { backlog: [of("SendMessage:SMS", 7, 3, 1)], nodes: [node(7), node(11)] }
    const names = Layer.succeed(HandlerNames, handlersOf([{ channel: NotificationChannel.make("SMS") }]))
    return Effect.gen(function*() {
      yield* Effect.provide(gauges, names)
      yield* Effect.yieldNow
      expect(yield* shown).toMatchObject({
        "ams.delivery.backlog SendMessage:SMS": 3,
        "ams.delivery.postponed SendMessage:SMS": 1,
        "ams.delivery.oldest.age SendMessage:SMS": 7,
        "ams.delivery.backlog Statistics": 0,
        "ams.failed_events.open": 2,
        "ams.nodes": 1
      })
      seen.backlog = []
      yield* TestClock.adjust("10 seconds")
      expect(yield* shown).toMatchObject({
        "ams.delivery.backlog SendMessage:SMS": 0,
        "ams.delivery.oldest.age SendMessage:SMS": 0
      })
    }).pipe(Effect.scoped, Effect.provide(watching(seen).layer))
  })
})
