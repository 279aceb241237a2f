import { describe, expect, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Ams, World } from "../../../support/http.ts"
import { endpoints } from "./endpoints.ts"

const Any = Schema.Record(Schema.String, Schema.Unknown)
const Response = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  content: Schema.optional(Any),
  headers: Schema.optional(Any)
})
const Operation = Schema.Struct({
  operationId: Schema.String,
  description: Schema.optional(Schema.String),
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String, schema: Any })),
  security: Schema.Array(Any),
  responses: Schema.Record(Schema.String, Response),
  requestBody: Schema.optional(Schema.Struct({ content: Any, required: Schema.Boolean }))
})
const OpenApi = Schema.Struct({
  openapi: Schema.String,
  info: Schema.Struct({ title: Schema.String, version: Schema.String, description: Schema.String }),
  paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Operation)),
  components: Schema.Struct({ schemas: Any, securitySchemes: Any })
})
const document = Effect.map(Effect.flatMap(Ams, (ams) => ams.call("GET", "/openapi.json")), ({ json }) => ({
  json,
  spec: Schema.decodeUnknownSync(OpenApi)(json)
}))

const refsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, one]) => (name === "$ref" ? [String(one)] : refsIn(one)))
const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>(
    (one, name) => (typeof one === "object" && one !== null ? Reflect.get(one, name) : undefined),
    value
  )

/** What surrounds each operation answers, and where a body is read. */
const around = { 408: "RequestTimeout", 417: "ExpectationFailed", 431: "RequestHeaderFieldsTooLarge" }
const failing = { 500: "InternalServerError", 504: "GatewayTimeout" }
const ofBodies = { 413: "ContentTooLarge", 415: "UnsupportedMediaType" }
const problems = ["400", "401", "403", "404", "409", "412", "422", "428", "429", "503"]

layer(World.layer, { excludeTestServices: true })("what AMS says of itself", (it) => {
  describe("/openapi.json", () => {
    it.effect("is OpenAPI 3.1, and every reference in it leads somewhere", () =>
      Effect.gen(function*() {
        const { json, spec } = yield* document
        expect(spec.openapi).toMatch(/^3\.1\./)
        expect(spec.components.securitySchemes["bearer"]).toMatchObject({
          type: "http",
          scheme: expect.stringMatching(/^bearer$/i)
        })
        const refs = [...new Set(refsIn(json))]
        expect(refs.length).toBeGreaterThan(0)
        expect(refs.filter((ref) => at(json, ref.split("/").slice(1)) === undefined)).toEqual([])
      }))

    it.effect.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
      "describes %s with its token, its parameters and its problems",
      ([name, endpoint]) =>
        Effect.gen(function*() {
          const { spec } = yield* document
          const path = endpoint.path.replace(/:(\w+)/g, "{$1}").replace(/\/$/, "")
          const operation = (spec.paths[path] ?? spec.paths[`${path}/`])?.[endpoint.method.toLowerCase()]
          expect(operation?.operationId).toBe(name)
          expect(operation?.security).toEqual(endpoint.secured ? [{ bearer: [] }] : [])
          const conditional = endpoint.method === "GET" && endpoint.answerHeaders.includes("etag")
          expect(operation?.responses["304"] !== undefined).toBe(conditional)
          const parameters = operation?.parameters.map((one) => `${one.in} ${one.name}`)
          expect(parameters?.sort()).toEqual(
            [
              ...endpoint.params.map((one) => `path ${one}`),
              ...endpoint.query.map((one) => `query ${one}`),
              ...endpoint.headers.map((one) => `header ${one}`),
              ...(conditional ? ["header if-none-match"] : []),
              ...(endpoint.secured ? ["header x-ams-academy"] : [])
            ].sort()
          )
          for (const { name, schema } of operation?.parameters ?? []) {
            expect(schema["anyOf"]).toBeUndefined()
            if (name === "limit") expect(schema).toEqual({ type: "integer", minimum: 1, maximum: 100, default: 20 })
          }
          expect(operation?.requestBody).toEqual(
            endpoint.takes === undefined
              ? undefined
              : { content: { [endpoint.takes]: expect.anything() }, required: true }
          )
          const told = problems.map((status) => Object.keys(operation?.responses[status]?.content ?? {}))
          expect(told).toEqual(problems.map(() => ["application/problem+json"]))
          const elsewhere = { ...around, ...failing, ...(endpoint.takes === undefined ? {} : ofBodies) }
          const references = Object.entries(operation?.responses ?? {}).flatMap(([status, { $ref }]) =>
            $ref === undefined ? [] : [[status, $ref.split("/").at(-1)]]
          )
          expect(Object.fromEntries(references)).toEqual(elsewhere)
          const good = operation?.responses[String(endpoint.status)]
          expect(Object.keys(good?.content ?? {})).toEqual(endpoint.mediaTypes)
          expect(Object.keys(good?.headers ?? {})).toEqual(
            endpoint.answerHeaders.filter((name) => name !== "content-type")
          )
        })
    )
  })

  it.effect("says of operations that take a file what may be in it, since it is more than in other bodies", () =>
    Effect.gen(function*() {
      const { spec } = yield* document
      for (const path of ["/api/v1/imports/{kind}", "/api/v1/imports/{kind}/events"]) {
        const described = spec.paths[path]?.["post"]?.description
        expect(described).toContain("up to 5 MiB and 5000 lines, in UTF-8 or CP949")
      }
    }))

  it.effect("/docs is a page to read", () =>
    Effect.gen(function*() {
      const answer = yield* (yield* Ams).call("GET", "/docs")
      expect(answer).toMatchObject({ status: 200, headers: { "content-type": expect.stringContaining("text/html") } })
      expect(answer.text).toMatch(/^<!doctype html>/i)
      expect(answer.text).not.toMatch(/<script[^>]+src="https?:/)
    }))

  it.effect("/health/live, /ready and /async are well", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      for (const path of ["/health/live", "/health/ready"]) {
        expect(yield* ams.call("GET", path)).toMatchObject({ status: 200, json: { status: "ok" } })
      }
      yield* ams.settled
      const { json, status } = yield* ams.call("GET", "/health/async")
      expect(status).toBe(200)
      expect(json).toEqual({
        status: "ok",
        reasons: [],
        handlers: expect.any(Array),
        failedEvents: 0,
        nodes: 1,
        readSide: "ok"
      })
    }))

  it.effect("/.well-known/jwks.json shows the public key only", () =>
    Effect.gen(function*() {
      const { json, text } = yield* (yield* Ams).call("GET", "/.well-known/jwks.json")
      expect(json).toEqual({
        keys: [
          expect.objectContaining({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: expect.any(String) })
        ]
      })
      expect(text).not.toContain("\"d\"")
    }))

  it.effect("/metrics counts requests by route and deliveries by handler, and names nobody", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      yield* ams.call("GET", `/api/v1/classes/${a.own.classId}/sessions`, { token: a.manager.token })
      yield* ams.call("GET", "/nowhere/at/all")
      yield* ams.settled
      const { headers, text } = yield* ams.call("GET", "/metrics")
      expect(headers["content-type"]).toMatch(/^text\/plain/)
      const requests = "http_server_request_duration_seconds_count"
      const answered = (labels: string) => expect(text).toContain(`\n${requests}{url_scheme="http",${labels}} 1\n`)
      answered(
        `http_request_method="GET",http_route="/api/v1/classes/:classId/sessions",http_response_status_code="400"`
      )
      answered(`http_request_method="GET",http_response_status_code="404"`)
      for (const handler of ["ReadModelSync", "Statistics"]) {
        const group = `messaging_system="ams",messaging_consumer_group_name="${handler}"`
        expect(text).toMatch(new RegExp(`^ams_delivery_delay_seconds_count\\{${group}\\} [1-9]`, "m"))
      }
      expect(text).not.toContain("/nowhere")
      expect(text).not.toContain(a.own.classId)
    }))
})
