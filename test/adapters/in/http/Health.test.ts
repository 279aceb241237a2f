/** `/health/async`: what it calls degraded, and why. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter } from "effect/http"
import { AsyncHealth, judge, layer, type Seen } from "../../../../src/adapters/in/http/Health.ts"
import { NotificationChannel } from "../../../../src/domain/Channel.ts"
import { Incarnation } from "../../../../src/domain/Ids.ts"
import { handlersOf } from "../../../../src/domain/Subscription.ts"
import { DeliveryStore, type Node } from "../../../../src/ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../../src/ports/FailedEventStore.ts"
import { PausedHandlers } from "../../../../src/ports/PausedHandlers.ts"
import { ReadModels, ReadSideUnavailable } from "../../../../src/ports/ReadModels.ts"
import { StorageUnavailable } from "../../../../src/ports/UnitOfWork.ts"

const names = handlersOf([{ channel: NotificationChannel.make("SMS") }])
const node = (changed: Partial<Node> = {}): Node => ({
  incarnation: Incarnation.make("01960000-0000-7000-8000-000000000001"),
  host: "host of a node",
  pid: 4711,
  startedAt: new Date(0),
  silentSeconds: 1,
  openCircuits: [],
  ...changed
})
const well: Seen = { backlog: [], nodes: [node()], paused: [], failedEvents: 0, readSide: "ok" }
const backlog = (oldestSeconds: number, open = 1, postponed = 0): Partial<Seen> => ({
  backlog: [{ handler: "SendMessage:SMS", open, postponed, oldestSeconds }]
})

describe("what happens afterwards is", () => {
  const ill: ReadonlyArray<readonly [what: string, seen: Partial<Seen>, reasons: ReadonlyArray<string>]> = [
    ["well when nothing is to be done", {}, []],
    ["well with a delivery of 60 s", backlog(60), []],
    ["degraded by a delivery of 61 s", backlog(61), ["backlog"]],
    ["well when all that is old waits for its time", backlog(3600, 2, 2), []],
    ["degraded when not all that is old does", backlog(3600, 3, 2), ["backlog"]],
    ["degraded by a failed event", { failedEvents: 1 }, ["failed-events"]],
    [
      "degraded by a circuit that is open in one process",
      { nodes: [node(), node({ openCircuits: ["SendMessage:SMS"] })] },
      ["circuit-open"]
    ],
    [
      "not judged by processes that are gone",
      { nodes: [node(), node({ silentSeconds: 10, openCircuits: ["SendMessage:SMS"] })] },
      []
    ],
    ["degraded when all processes are gone", { nodes: [node({ silentSeconds: 10 })] }, ["no-node"]],
    ["degraded by a paused handler", { paused: [{ handler: "Statistics" }] }, ["paused"]],
    ["degraded without the read side", { readSide: "unavailable" }, ["read-side"]],
    ["degraded when the database tells nothing", { backlog: null, nodes: null, paused: null, failedEvents: null }, [
      "database"
    ]],
    ["degraded when it tells not all", { failedEvents: null }, ["database"]],
    [
      "degraded for several reasons at once",
      { ...backlog(90), paused: [{ handler: "SendMessage:SMS" }], failedEvents: 2 },
      ["backlog", "failed-events", "paused"]
    ]
  ]
  it.each(ill)("%s", (_, seen, reasons) => {
    const health = judge({ ...well, ...seen }, names)
    expect(health).toMatchObject({ status: reasons.length === 0 ? "ok" : "degraded", reasons })
  })

  it("told for each handler, those without a row and those of another version included", () => {
    const { handlers, nodes } = judge({
      ...well,
      nodes: [node({ openCircuits: ["Statistics"] })],
      paused: [{ handler: "SendMessage:SMS" }],
      backlog: [
        { handler: "Statistics", open: 3, postponed: 1, oldestSeconds: 2.5 },
        { handler: "OfAnotherVersion", open: 1, postponed: 0, oldestSeconds: 1 }
      ]
    }, names)
    const idle = { open: 0, postponed: 0, oldestSeconds: 0, circuit: "closed", paused: false }
    expect(handlers).toEqual([
      ...names.map((handler) => ({
        ...idle,
        handler,
        ...(handler === "Statistics" ? { open: 3, postponed: 1, oldestSeconds: 2.5, circuit: "open" } : {}),
        ...(handler === "SendMessage:SMS" ? { paused: true } : {})
      })),
      { ...idle, handler: "OfAnotherVersion", open: 1, oldestSeconds: 1 }
    ])
    assert.strictEqual(nodes, 1)
  })
})

const down = Effect.fail(new StorageUnavailable({ conflict: false, cause: "down" }))

const ask = Effect.fnUntraced(function*(ports: Parameters<typeof answering>[0]) {
  const { dispose, handler } = HttpRouter.toWebHandler(answering(ports), { disableLogger: true })
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  const response = yield* Effect.promise(() => handler(new Request("http://ams/health/async")))
  const text = yield* Effect.promise(() => response.text())
  return {
    status: response.status,
    text,
    health: yield* Schema.decodeEffect(Schema.fromJsonString(AsyncHealth))(text, { onExcessProperty: "error" })
  }
})
const answering = (ports: {
  readonly nodes: DeliveryStore["Service"]["nodes"]
  readonly paused: PausedHandlers["Service"]["list"]
  readonly epoch: ReadModels["Service"]["epoch"]
}) =>
  layer.pipe(Layer.provideMerge(Layer.mergeAll(
    Layer.mock(DeliveryStore)({ nodes: ports.nodes, backlog: () => Effect.succeed([]) }),
    Layer.mock(FailedEventStore)({ countOpen: () => Effect.succeed(0) }),
    Layer.mock(PausedHandlers)({ list: ports.paused }),
    Layer.mock(ReadModels)({ epoch: ports.epoch })
  )))

describe("/health/async", () => {
  it.effect("answers 200 in its documented shape, and with nothing that names a person, an academy or a machine", () =>
    Effect.gen(function*() {
      const { health, status, text } = yield* ask({
        nodes: Effect.succeed([node()]),
        paused: Effect.succeed([{
          handler: "SendMessage:SMS",
          reason: "mother of Kim Minjun complains",
          pausedBy: null,
          pausedAt: new Date(0)
        }]),
        epoch: Effect.fail(new ReadSideUnavailable({ rule: "mongodb-network", cause: "mongodb://secret" }))
      })
      expect([status, health.status, health.reasons]).toEqual([200, "degraded", ["paused", "read-side"]])
      for (const hidden of ["Minjun", "host of a node", "4711", "0196", "secret"]) expect(text).not.toContain(hidden)
    }))

  it.effect("answers also when the database does not", () =>
    Effect.gen(function*() {
      const { health, status } = yield* ask({ nodes: down, paused: down, epoch: Effect.succeedNone })
      expect([status, health.reasons, health.nodes]).toEqual([200, ["database"], null])
    }))
})
