/** What is measured is told as the runbook says, and rules and dashboard ask for what is really exported. */
import { beforeAll, describe, expect, it } from "@effect/vitest"
import { Context, DateTime, Duration, Effect, Layer, Logger, Metric, Schema } from "effect"
import { HttpRouter } from "effect/http"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Metrics from "../src/adapters/in/http/Metrics.ts"
import * as Middleware from "../src/adapters/in/http/Middleware.ts"
import * as Delivery from "../src/application/events/DeliveryMetrics.ts"
import * as Messages from "../src/application/MessageMetrics.ts"
import { NotificationChannel } from "../src/domain/Channel.ts"
import { Incarnation } from "../src/domain/Ids.ts"
import * as Telemetry from "../src/Telemetry.ts"
import { makeAcademy } from "./support/academy.ts"
import { rules } from "./support/alertRules.ts"
import { coreOn } from "./support/app.ts"
import { requested } from "./support/events.ts"
import { freshDatabaseUrl } from "./support/postgres.ts"
import { type Exported, problemsOf, readExposition } from "./support/promql.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

// ---- what is exported: everything that is measured anywhere is measured once

const delivery = {
  event: requested(1),
  handler: "SendMessage:SMS",
  owner: Incarnation.make("01960000-0000-7000-8000-000000000001"),
  lease: 1,
  attempts: 0,
  takeovers: 0
} as const

const touched = Effect.gen(function*() {
  const { url } = yield* freshDatabaseUrl()
  // Its events are published by the unit of work.
  yield* Effect.provide(makeAcademy({ students: 1 }), coreOn(url))
  yield* Delivery.startAtZero(["SendMessage:SMS"])
  yield* Delivery.delivered("SendMessage:SMS", [delivery])
  yield* Delivery.handled("SendMessage:SMS", Duration.millis(3), "http-503")
  yield* Delivery.retried("SendMessage:SMS", "transient")
  yield* Delivery.parked("SendMessage:SMS", "permanent")
  yield* Delivery.buried(1)
  yield* Delivery.circuit("SendMessage:SMS", true)
  yield* Delivery.paused("SendMessage:SMS", true)
  yield* Delivery.held(1)
  yield* Delivery.looked(
    ["SendMessage:SMS"],
    [{ handler: "SendMessage:SMS", open: 3, postponed: 1, oldestSeconds: 7 }],
    1,
    1
  )
  yield* Delivery.jobRan("Prune", false)
  const channel = NotificationChannel.make("SMS")
  yield* Messages.startAtZero(channel)
  yield* Messages.concluded(
    { status: "SENDING", channel, since: DateTime.makeUnsafe(0) },
    { _tag: "Delivered", rule: "solapi-4000" },
    { status: "DELIVERED", channel, reason: null, events: [] }
  )
  yield* Effect.andThen(Effect.yieldNow, Metric.snapshot).pipe(Effect.provide(Telemetry.node))

  const boom = HttpRouter.add("GET", "/boom", Effect.die("boom"))
  const { dispose, handler } = HttpRouter.toWebHandler(
    Layer.mergeAll(
      Middleware.layer({ development: true, requestsAtOnce: 512, trustedProxies: [], corsOrigins: [] }),
      Metrics.layer,
      boom
    ).pipe(
      Layer.provideMerge(Logger.layer([]))
    ),
    { disableLogger: true }
  )
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  const get = (path: string) =>
    Effect.promise(async () => (await handler(new Request(`http://ams${path}`), Context.empty())).text())
  yield* get("/boom")
  yield* get("/api/v1/classes")
  return yield* get("/metrics")
})

interface Measured {
  readonly id: string
  readonly unit: string
  readonly name: string
  readonly attributes: ReadonlyArray<string>
}

let exported: Exported = new Map()
/** One for each metric, whatever its attributes are. */
let measured: ReadonlyArray<Measured> = []

beforeAll(async () => {
  exported = readExposition(await Effect.runPromise(Effect.scoped(touched)))
  const all = Map.groupBy(await Effect.runPromise(Metric.snapshot), ({ id }) => id)
  measured = [...all].map(([id, series]) => ({
    id,
    unit: series[0]?.attributes?.["unit"] ?? "",
    name: series[0] === undefined ? "" : Metrics.prometheusName(series[0]),
    attributes: [...new Set(series.flatMap(({ attributes }) => Object.keys(attributes ?? {})))].filter((key) =>
      key !== "unit"
    ).toSorted()
  }))
})

describe("every metric", () => {
  it("that the code defines was measured here, and has its unit", () => {
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts")
    )
    const defined = sources.flatMap((path) =>
      [...read(join("src", path)).matchAll(/(?:Metric\.\w+|\bgauge)\("([^"]+)"/g)].map(([, id = ""]) => id)
    )
    expect(measured.map(({ id }) => id).toSorted()).toEqual(defined.toSorted())
    expect(measured.filter(({ unit }) => unit === "")).toEqual([])
  })

  it("is on /metrics by the name that OpenTelemetry's rules give it there", () => {
    const names = Object.fromEntries(measured.map(({ id, name }) => [id, name]))
    expect(names).toMatchObject({
      "messaging.client.sent.messages": "messaging_client_sent_messages_total",
      "messaging.process.duration": "messaging_process_duration_seconds",
      "http.server.request.duration": "http_server_request_duration_seconds",
      "ams.delivery.backlog": "ams_delivery_backlog",
      "nodejs.eventloop.utilization": "nodejs_eventloop_utilization_ratio",
      "v8js.memory.heap.used": "v8js_memory_heap_used_bytes"
    })
    const lacking = measured.filter(({ name }) => !exported.has(name) && !exported.has(`${name}_bucket`))
    expect(lacking).toEqual([])
  })

  it("is in the runbook with its names, its unit and its attributes, and nothing else is", () => {
    const page = read("docs/operations.md")
    const rows = [...page.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (\S+) \| (.*?) \| .+ \|$/gm)].map((
      [, id = "", name = "", unit = "", attributes = ""]
    ) => ({
      id,
      name,
      unit: unit.replaceAll("`", ""),
      attributes: [...attributes.matchAll(/`([^`]+)`/g)].map(([, attribute = ""]) => attribute).toSorted()
    }))
    const byId = (a: Measured, b: Measured) => a.id.localeCompare(b.id)
    expect(rows.toSorted(byId)).toEqual(measured.toSorted(byId))
  })

  it("tells of no person and no academy", () => {
    const attributes = new Set(measured.flatMap(({ attributes }) => attributes))
    expect([...attributes].filter((name) => /academy|member|student|phone|name$/.test(name)).toSorted()).toEqual([
      "ams.job.name",
      "messaging.consumer.group.name",
      "messaging.operation.name",
      "v8js.heap.space.name"
    ])
  })
})

// ---- rules and dashboard

const Panel = Schema.Struct({
  title: Schema.String,
  type: Schema.String,
  datasource: Schema.optionalKey(Schema.Struct({ type: Schema.String, uid: Schema.String })),
  description: Schema.optionalKey(Schema.String),
  targets: Schema.optionalKey(Schema.Array(Schema.Struct({ expr: Schema.String, legendFormat: Schema.String })))
})
const Dashboard = Schema.Struct({
  title: Schema.Literal("AMS"),
  schemaVersion: Schema.Int,
  templating: Schema.Struct({
    list: Schema.Array(
      Schema.Struct({ name: Schema.String, type: Schema.String, definition: Schema.optionalKey(Schema.String) })
    )
  }),
  panels: Schema.Array(Panel)
})
const dashboard = Schema.decodeSync(Schema.fromJsonString(Dashboard))(read("docs/monitoring/dashboard.json"))

/** Labels that a text takes from what an expression answers. */
const labelsIn = (text: string) =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]\w*)\s*\}\}/g)].map(([, label = ""]) => label)
/** As if the answer were grouped by these: an expression that cannot have them is caught. */
const withLabels = (expr: string, text: string) =>
  labelsIn(text).length === 0 ? expr : `sum by (${labelsIn(text).join(", ")}) (${expr})`

describe("the alert rules", () => {
  it("ask for what is exported, and speak of what their answers have", () => {
    const problems = rules.flatMap(({ alert, annotations, expr }) =>
      problemsOf(withLabels(expr, annotations.summary), exported).map((problem) => `${alert}: ${problem}`)
    )
    expect(problems).toEqual([])
    expect(rules.length).toBeGreaterThan(10)
  })
})

describe("the dashboard", () => {
  it("asks for what is exported, in its panels, their legends and its variables", () => {
    const asked = [
      ...dashboard.panels.flatMap(({ targets = [], title }) =>
        targets.map(({ expr, legendFormat }) => ({ where: title, expr: withLabels(expr, legendFormat) }))
      ),
      ...dashboard.templating.list.flatMap(({ definition, name }) =>
        definition === undefined ? [] : [{ where: name, expr: definition }]
      )
    ]
    expect(asked.flatMap(({ expr, where }) => problemsOf(expr, exported).map((problem) => `${where}: ${problem}`)))
      .toEqual([])
    expect(asked.length).toBeGreaterThan(25)
  })

  it("can be imported anywhere: each panel asks the datasource that its variable names, and says what it shows", () => {
    expect(dashboard.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" })
    expect(dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      "Commands",
      "Delivery",
      "Failures",
      "Messages",
      "Nodes",
      "Runtime"
    ])
    const graphs = dashboard.panels.filter(({ type }) => type !== "row")
    for (const graph of graphs) {
      expect(graph).toMatchObject({
        datasource: { type: "prometheus", uid: "${datasource}" },
        description: expect.stringMatching(/\.$/)
      })
    }
  })
})

describe("a planted mistake is caught:", () => {
  const planted: ReadonlyArray<readonly [expression: string, problem: string]> = [
    ["max(ams_delivery_backlock)", "no metric ams_delivery_backlock"],
    ["rate(ams_delivery_failures[5m])", "no metric ams_delivery_failures"],
    ["http_server_request_duration_seconds > 1", "no metric http_server_request_duration_seconds"],
    ["ams_circuit_open{handler=\"SendMessage\"} == 1", "ams_circuit_open has no label handler"],
    ["ams_nodes{le=\"1\"}", "ams_nodes has no label le"],
    ["ams_job_runs_total{ams_job_outcome=\"fail\"}", "ams_job_runs_total never has ams_job_outcome=\"fail\""],
    ["sum by (handler) (ams_delivery_backlog)", "nothing has a label handler"],
    ["ams_nodes > 1 unless on (ams_job_name) ams_circuit_open", "nothing has a label ams_job_name"],
    ["averag(ams_nodes)", "no function averag"],
    ["{job=\"ams\"}", "a selector without a metric's name"],
    ["label_values(ams_delivery_backlog, handler)", "nothing has a label handler"]
  ]
  it.each(planted)("%s", (expression, problem) => {
    expect(problemsOf(expression, exported)).toContain(problem)
  })

  it("text that is no PromQL", () => {
    expect(() => problemsOf("sum(ams_nodes) ; drop", exported)).toThrow("not PromQL from here: ; drop")
  })

  it.each([
    "sum by (instance, le) (rate(http_server_request_duration_seconds_bucket{http_route=~\"/api/.*\"}[5m])) / 1e3",
    "max(ams_job_runs_total{ams_job_outcome=\"failed\", ams_job_name=\"$job\"}) offset 5m >= bool -0.5"
  ])("but nothing in %s", (expression) => {
    expect(problemsOf(expression, exported)).toEqual([])
  })
})
