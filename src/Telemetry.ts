/**
 * Traces, metrics and logs by OpenTelemetry's protocol, when the settings name a collector; and what Node itself is
 * doing, always, since `/metrics` shows it too. `docs/operations.md` says what each number is good for.
 */
import { Duration, Effect, Layer, Metric, Option, Redacted, Schedule, Tracer } from "effect"
import { FetchHttpClient, HttpBody, HttpClient } from "effect/http"
import { Otlp, OtlpSerialization } from "effect/observability"
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import { getHeapSpaceStatistics } from "node:v8"
import manifest from "../package.json" with { type: "json" }
import { pairsOf, type Settings } from "./Config.ts"
import { masked } from "./domain/Masking.ts"

// ---- Node

/** As often as metrics are exported. */
const lookEvery = Duration.seconds(10)

const gauge = (name: string, unit: string, description: string) =>
  Metric.gauge(name, { description, attributes: { unit } })

const delays = {
  p50: gauge("nodejs.eventloop.delay.p50", "s", "Half of the event loop's rounds in the last 10 s were late by less"),
  p99: gauge("nodejs.eventloop.delay.p99", "s", "99 of 100 rounds in the last 10 s were late by less"),
  max: gauge("nodejs.eventloop.delay.max", "s", "The latest round in the last 10 s")
}
const utilization = gauge("nodejs.eventloop.utilization", "1", "Share of the last 10 s in which the loop was busy")
const heapUsed = gauge("v8js.memory.heap.used", "By", "Memory that JavaScript's objects take")
const heapSize = gauge("v8js.memory.heap.space.size", "By", "Memory that V8 has taken for them")
const resident = gauge("process.memory.usage", "By", "Physical memory of the process")
const cpuTime = Metric.counter("process.cpu.time", {
  description: "Seconds of processor time",
  attributes: { unit: "s" },
  incremental: true
})

/** What the event loop, the heap and the processor of this process do: looked at every 10 s, for as long as it lives. */
export const node: Layer.Layer<never> = Layer.effectDiscard(Effect.gen(function*() {
  // Milliseconds; costs 0.3 % of a processor.
  const resolution = 20
  const histogram = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const made = monitorEventLoopDelay({ resolution })
      made.enable()
      return made
    }),
    (made) => Effect.sync(() => made.disable())
  )
  // It measures from tick to tick of a timer, so its own period is in every value.
  const late = (nanos: number) => Math.max(0, nanos / 1e9 - resolution / 1e3)
  let loop = performance.eventLoopUtilization()
  let cpu = { user: 0, system: 0 }

  const look = Effect.suspend(() => {
    const before = loop
    loop = performance.eventLoopUtilization()
    const spent = process.cpuUsage()
    const [user, system] = [spent.user - cpu.user, spent.system - cpu.system]
    cpu = spent
    const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max]
    histogram.reset()
    return Effect.all([
      Metric.update(delays.p50, late(p50)),
      Metric.update(delays.p99, late(p99)),
      Metric.update(delays.max, late(max)),
      Metric.update(utilization, performance.eventLoopUtilization(loop, before).utilization),
      Metric.update(resident, process.memoryUsage.rss()),
      Metric.update(Metric.withAttributes(cpuTime, { "cpu.mode": "user" }), user / 1e6),
      Metric.update(Metric.withAttributes(cpuTime, { "cpu.mode": "system" }), system / 1e6),
      ...getHeapSpaceStatistics().flatMap((space) => {
        const attributes = { "v8js.heap.space.name": space.space_name }
        return [
          Metric.update(Metric.withAttributes(heapUsed, attributes), space.space_used_size),
          Metric.update(Metric.withAttributes(heapSize, attributes), space.space_size)
        ]
      })
    ], { discard: true })
  })
  yield* look.pipe(Effect.repeat(Schedule.spaced(lookEvery)), Effect.forkScoped)
}))

// ---- the collector

/** Spans or log lines in one request: 1,000 would keep the event loop busy for 20 ms. */
const atOnce = 250

/** What may leave the process: texts masked as the log is. Numbers that JSON has not are texts in OTLP. */
const outgoing = (_: string, value: unknown): unknown => {
  if (typeof value === "string") return masked(value)
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value
}
/** A metric's unit has a field of its own there, and is no attribute of each of its points. */
const withoutUnit = (key: string, value: unknown): unknown =>
  key === "attributes" && Array.isArray(value)
    ? value.filter((one: { readonly key?: unknown }) => one.key !== "unit")
    : outgoing(key, value)

const body = (replace: (key: string, value: unknown) => unknown) => (data: object) =>
  HttpBody.text(JSON.stringify(data, replace), "application/json")

const serialization = Layer.succeed(OtlpSerialization.OtlpSerialization, {
  traces: body(outgoing),
  metrics: body(withoutUnit),
  logs: body(outgoing)
})

/** Says once that the collector does not take what it is sent, and once that it does again. */
const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (http) => {
    let failing = false
    const becomes = (now: boolean, saying: Effect.Effect<void>) =>
      Effect.suspend(() => {
        if (failing === now) return Effect.void
        failing = now
        return saying
      })
    return http.pipe(
      HttpClient.filterStatusOk,
      HttpClient.tapError((error) =>
        becomes(
          true,
          Effect.logWarning(
            "telemetry is lost: see OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and the collector",
            error.message
          )
        )
      ),
      HttpClient.tap(() => becomes(false, Effect.logInfo("telemetry arrives at the collector again")))
    )
  })
).pipe(Layer.provide(FetchHttpClient.layer))

/**
 * A trace begins with a request, a batch of deliveries or a job. What polls and heartbeats ask the database by themselves
 * belongs to nothing: several such statements a second would bury the rest.
 */
const withoutPolls = Layer.effect(
  Tracer.Tracer,
  Effect.map(Tracer.Tracer, (tracer) =>
    Tracer.make({
      ...tracer,
      span: (options) =>
        tracer.span({
          ...options,
          sampled: options.sampled && !(options.kind === "client" && Option.isNone(options.parent))
        })
    }))
)

const exporting = (
  endpoint: Redacted.Redacted,
  settings: Pick<Settings, "environment" | "otlpHeaders" | "serviceName">
) =>
  withoutPolls.pipe(
    Layer.provideMerge(Otlp.layer({
      baseUrl: Redacted.value(endpoint),
      headers: Option.getOrElse(
        Option.flatMap(settings.otlpHeaders, (text) => pairsOf(Redacted.value(text))),
        () => ({})
      ),
      resource: {
        serviceName: settings.serviceName,
        serviceVersion: manifest.version,
        attributes: {
          "service.instance.id": randomUUID(),
          "deployment.environment.name": settings.environment,
          "host.name": hostname(),
          "process.pid": process.pid
        }
      },
      metricsExportInterval: lookEvery,
      maxBatchSize: atOnce
    })),
    Layer.provide(serialization),
    Layer.provide(client)
  )

/**
 * To be provided outside of everything else, so that what is told while AMS stops is exported too; that takes at most
 * 3 s more. Without a collector nothing is recorded for one.
 */
export const layer = (
  settings: Pick<Settings, "environment" | "otlpEndpoint" | "otlpHeaders" | "serviceName">
): Layer.Layer<never> =>
  Option.match(settings.otlpEndpoint, {
    onNone: () => node,
    onSome: (endpoint) => Layer.merge(node, exporting(endpoint, settings))
  })
