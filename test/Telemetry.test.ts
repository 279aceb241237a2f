/** What leaves the process for a collector, and what stays. */
import { assert, describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Data, Effect, Layer, Logger, Metric, Option, Redacted, Tracer } from "effect"
import { load, pairsOf } from "../src/Config.ts"
import * as Telemetry from "../src/Telemetry.ts"
import { testSettings } from "./support/app.ts"
import { attributesOf, type Collector, startCollector } from "./support/collector.ts"

const to = (collector: Pick<Collector, "url">, headers?: string) =>
  Telemetry.layer({
    ...testSettings,
    otlpEndpoint: Option.some(Redacted.make(collector.url)),
    otlpHeaders: Option.fromUndefinedOr(headers).pipe(Option.map((text) => Redacted.make(text))),
    serviceName: "ams-test"
  })

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

/** Instead of the log on stderr. */
const heard = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  return { lines, layer: Logger.layer([logger]) }
}

const secrets = {
  phone: "+821012345678",
  written: "010-1234-5678",
  token: "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
  password: "s3cret-of-the-database"
}
const everySecret = [...Object.values(secrets), "01012345678"]

describe("with a collector", () => {
  it.live("traces, metrics and logs arrive under the service's name, flushed at the end, and without secrets", () =>
    Effect.gen(function*() {
      const collector = yield* startCollector()
      const { layer: log } = heard()
      const counted = Metric.counter("test.counted", { attributes: { unit: "{thing}" }, incremental: true })
      yield* Effect.gen(function*() {
        yield* Metric.update(Metric.withAttributes(counted, { kind: secrets.phone }), 0.0101234567)
        yield* Effect.logError(`called ${secrets.written}`, { token: secrets.token })
        return yield* new Refused({ message: `postgres://ams:${secrets.password}@host refuses ${secrets.phone}` })
      }).pipe(
        Effect.withSpan("test", { kind: "server", attributes: { phone: secrets.phone, share: 0.0101234567 } }),
        Effect.ignore,
        Effect.provide(Layer.provideMerge(to(collector, "x-key=a%20b, x-other=c"), log))
      )

      const paths = new Set(collector.received().map(({ path }) => path))
      expect(paths).toEqual(new Set(["/v1/traces", "/v1/metrics", "/v1/logs"]))
      for (const { headers } of collector.received()) {
        expect(headers).toMatchObject({ "content-type": "application/json", "x-key": "a b", "x-other": "c" })
      }
      expect(collector.resources().map(attributesOf)).toEqual([expect.objectContaining({
        "service.name": "ams-test",
        "service.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
        "service.instance.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "deployment.environment.name": "development",
        "process.pid": process.pid
      })])

      const [span = assert.fail("no span")] = collector.spans()
      expect(attributesOf(span)).toEqual({ phone: "010****5678", share: 0.0101234567 })
      expect(span).toMatchObject({ name: "test", kind: 2, events: [{ name: "exception" }] })
      expect(collector.logs()).toEqual([expect.objectContaining({ severityText: "Error", traceId: span.traceId })])
      const [measured = assert.fail("no metric")] = collector.metrics().filter(({ name }) => name === "test.counted")
      expect(measured.unit).toBe("{thing}")
      expect(measured.sum?.dataPoints.map(attributesOf)).toEqual([{ kind: "010****5678" }])

      const bytes = collector.received().map(({ text }) => text).join("\n")
      for (const secret of everySecret) expect(bytes).not.toContain(secret)
      expect(bytes).toContain("<token>")
    }))

  it.live("a statement that no request and no delivery asked for is no trace, one inside of them is", () =>
    Effect.gen(function*() {
      const collector = yield* startCollector()
      const { layer: log } = heard()
      const statement = Effect.void.pipe(Effect.withSpan("statement", { kind: "client" }))
      yield* Effect.andThen(statement, Effect.withSpan(statement, "request", { kind: "server" })).pipe(
        Effect.provide(Layer.provideMerge(to(collector), log))
      )
      const spans = collector.spans()
      expect(spans.map(({ name }) => name).toSorted()).toEqual(["request", "statement"])
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    }))

  it.live("that takes nothing, AMS says so once, with the settings to look at, and goes on", () =>
    Effect.gen(function*() {
      const collector = yield* startCollector(() => 401)
      const { layer: log, lines } = heard()
      yield* Effect.logInfo("something").pipe(
        Effect.withSpan("test"),
        Effect.provide(Layer.provideMerge(to(collector), log))
      )
      const told = lines.filter((line) => line.startsWith("telemetry is lost"))
      expect(told).toHaveLength(1)
      expect(told[0]).toContain("OTEL_EXPORTER_OTLP_ENDPOINT")
      expect(new Set(collector.received().map(({ path }) => path)).size).toBe(3)
    }))

  it.live("that hangs, the end takes 3 s more at most", () =>
    Effect.gen(function*() {
      const collector = yield* startCollector(() => undefined)
      const began = performance.now()
      yield* Effect.logInfo("something").pipe(
        Effect.withSpan("test"),
        Effect.provide(Layer.provideMerge(to(collector), heard().layer))
      )
      assert.isBelow(performance.now() - began, 4_000)
    }))
})

describe("without a collector", () => {
  it.effect("spans and log lines are those of a process without telemetry, and only Node's own numbers are kept", () =>
    Effect.gen(function*() {
      const { layer: log, lines } = heard()
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* Tracer.Tracer, Tracer.nativeTracer)
        yield* Effect.logInfo("one line")
        yield* Effect.yieldNow
        const names = new Set((yield* Metric.snapshot).map(({ id }) => id))
        expect([...names]).toEqual(expect.arrayContaining(["nodejs.eventloop.delay.p99", "v8js.memory.heap.used"]))
      }).pipe(Effect.provide(Layer.provideMerge(Telemetry.layer(testSettings), log)))
      expect(lines).toEqual(["one line"])
    }))
})

describe("the headers for a collector", () => {
  const cases: ReadonlyArray<readonly [text: string, pairs: Readonly<Record<string, string>> | undefined]> = [
    ["x-key=abc", { "x-key": "abc" }],
    ["authorization=Basic%20YTpi=, x-team = a%2Cb", { "authorization": "Basic YTpi=", "x-team": "a,b" }],
    ["x-empty=", { "x-empty": "" }],
    ["x-key", undefined],
    ["=abc", undefined],
    ["a=b,,c=d", undefined],
    ["x-key=%zz", undefined]
  ]
  it.each(cases)("%s", (text, pairs) => {
    expect(Option.getOrUndefined(pairsOf(text))).toEqual(pairs)
  })

  it.effect("that are none are refused at the start, and not repeated", () =>
    Effect.gen(function*() {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318", OTEL_EXPORTER_OTLP_HEADERS: "s3cret" }
      const { message } = yield* Effect.flip(load).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
      expect(message.split("\n")).toEqual([
        "OTEL_EXPORTER_OTLP_ENDPOINT: expected an address that begins with http:// or https://",
        "OTEL_EXPORTER_OTLP_HEADERS: expected name=value pairs parted by commas, the values percent-encoded"
      ])
    }))
})
