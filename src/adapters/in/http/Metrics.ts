/** `/metrics`: what this process measures, by the names that Prometheus gives to OpenTelemetry's. */
import { Effect, Metric } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"

const words: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" }

/**
 * The unit and the type behind the name, as OpenTelemetry's rules for Prometheus say: the same alert rules and dashboard
 * fit whether Prometheus asks here or a collector hands over what came by OTLP.
 */
export const prometheusName = ({ attributes, id, type }: Metric.Metric.Snapshot): string => {
  const unit = attributes?.["unit"] ?? "1"
  const suffix = words[unit] ?? (unit === "1" && type === "Gauge" ? "_ratio" : "")
  return `${id.replaceAll(".", "_")}${suffix}${type === "Counter" ? "_total" : ""}`
}

/** Everything that was measured in this process, as text for Prometheus. */
export const exposition = Effect.gen(function*() {
  const names = new Map((yield* Metric.snapshot).map((one) => [one.id, prometheusName(one)]))
  return yield* PrometheusMetrics.format({ metricNameMapper: (id) => names.get(id) ?? id })
})

export const layer = HttpRouter.add(
  "GET",
  "/metrics",
  Effect.map(
    exposition,
    (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
  )
)
