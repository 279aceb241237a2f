/** An OpenTelemetry collector on a socket: what an AMS exports to it, byte for byte and read. */
import { Effect, Schema } from "effect"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { text } from "node:stream/consumers"
import { told } from "./privacy.ts"

const Attributes = Schema.Array(Schema.Struct({
  key: Schema.String,
  value: Schema.Record(Schema.String, Schema.Unknown)
}))
const Resource = Schema.Struct({ attributes: Attributes })
const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  /** 2 server, 3 client, 5 consumer. */
  kind: Schema.Int,
  attributes: Attributes,
  events: Schema.Array(Schema.Struct({ name: Schema.String, attributes: Attributes })),
  links: Schema.Array(Schema.Struct({ traceId: Schema.String, spanId: Schema.String }))
})
export type Span = typeof Span.Type
const Point = Schema.Struct({ attributes: Attributes })
const Points = Schema.optionalKey(Schema.Struct({ dataPoints: Schema.Array(Point) }))
const Measured = Schema.Struct({
  name: Schema.String,
  unit: Schema.String,
  sum: Points,
  gauge: Points,
  histogram: Points
})
const Record = Schema.Struct({
  body: Schema.Record(Schema.String, Schema.Unknown),
  severityText: Schema.String,
  traceId: Schema.optionalKey(Schema.String)
})
const Traces = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Resource,
      scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
    })
  )
})
const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      resource: Resource,
      scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Measured) }))
    })
  )
})
const Logs = Schema.Struct({
  resourceLogs: Schema.Array(
    Schema.Struct({
      resource: Resource,
      scopeLogs: Schema.Array(Schema.Struct({ logRecords: Schema.Array(Record) }))
    })
  )
})

/** Attributes by name, whatever their type. */
export const attributesOf = ({ attributes }: { readonly attributes: typeof Attributes.Type }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Listens until the scope closes; answers with this status, or never when it is undefined. */
export const startCollector = (status: () => number | undefined = () => 200) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<Received> = []
      const server = createServer(async (request, response) => {
        const body = await text(request)
        told("telemetry", body)
        received.push({ path: request.url ?? "", headers: request.headers, text: body })
        const answer = status()
        if (answer !== undefined) response.writeHead(answer, { "content-type": "application/json" }).end("{}")
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      const bodies = <A>(path: string, schema: Schema.Codec<A, unknown>) =>
        received.filter((one) => one.path === path).map((one) => Schema.decodeUnknownSync(schema)(JSON.parse(one.text)))
      return {
        server,
        url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
        received: () => received,
        resources: () => bodies("/v1/traces", Traces).flatMap((one) => one.resourceSpans.map((some) => some.resource)),
        spans: () =>
          bodies("/v1/traces", Traces).flatMap((one) =>
            one.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
          ),
        metrics: () =>
          bodies("/v1/metrics", Metrics).flatMap((one) =>
            one.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
          ),
        logs: () =>
          bodies("/v1/logs", Logs).flatMap((one) =>
            one.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
          )
      }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
export type Collector = Effect.Success<ReturnType<typeof startCollector>>
