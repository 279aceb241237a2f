/** The HTTP server: routes, limits, and a clean end. */
import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Live } from "../../../application/queries/Live.ts"
import { Api } from "./Api.ts"
import * as Auth from "./Auth.ts"
import * as DevInbox from "./DevInbox.ts"
import * as Handlers from "./Handlers.ts"
import * as Middleware from "./Middleware.ts"
import { contentType, type Described, languageOf, shape, titles } from "./Problem.ts"
import * as Rates from "./Rates.ts"
import { securityHeaders } from "./Security.ts"
import * as System from "./System.ts"
import * as Webhooks from "./Webhooks.ts"

/** 16 KiB of headers; what is larger, or no HTTP at all, never reaches a route. */
const maxHeaderSize = 16 * 1024
const maxBodySize = ByteSize.mebibytes(1)

const api = HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
  Layer.provide(Handlers.layer),
  Layer.provide(Layer.merge(Auth.layer, Rates.layer))
)

/** Every route; `/dev` only where `development` says so. */
export const routes = (options: Middleware.Options) =>
  Layer.mergeAll(
    api,
    System.layer,
    Webhooks.layer,
    Middleware.layer(options),
    options.development ? DevInbox.layer : Layer.empty
  ).pipe(
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, maxBodySize))
  )

const unreadable: Readonly<Record<string, Described>> = {
  HPE_HEADER_OVERFLOW: Middleware.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "COMMON_TIMEOUT",
    ko: "요청이 제시간에 도착하지 않았습니다.",
    en: "The request did not arrive in time."
  }
}
const malformed: Described = {
  status: 400,
  code: "COMMON_MALFORMED",
  ko: "HTTP 요청이 아닙니다.",
  en: "This is not a request that HTTP allows."
}

/** In the shape of every other problem; nobody knows the address or the language yet. */
const problem = (described: Described) =>
  shape(described, undefined, {
    instance: "",
    traceId: randomBytes(16).toString("hex"),
    timestamp: new Date().toISOString()
  })

/** On what leaves before any route. */
const headersOf = (development: boolean) => ({
  ...securityHeaders(development),
  "content-type": contentType,
  "content-language": languageOf(undefined)
})

const refusal = (described: Described, development: boolean) => {
  const body = JSON.stringify(problem(described))
  const headers = {
    ...headersOf(development),
    "content-length": Buffer.byteLength(body),
    connection: "close"
  }
  return [
    `HTTP/1.1 ${described.status} ${titles[described.status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body
  ].join("\r\n")
}

/**
 * With the door closed, answers that are still to come are the last ones of their connections. Else a client that calls
 * again and again over one connection would be served until its time is over, and then cut off in the middle.
 */
const lastAnswers = (server: Server): Server => {
  const toCome = new Set<ServerResponse>()
  const close = server.close.bind(server)
  server.close = (done) => {
    for (const answer of toCome) answer.shouldKeepAlive = false
    return close(done)
  }
  return server.on("request", (_, answer) => {
    if (!server.listening) answer.shouldKeepAlive = false
    toCome.add(answer)
    answer.once("close", () => toCome.delete(answer))
  })
}

/** Before any route. */
const said = (
  answer: ServerResponse,
  described: Described,
  development: boolean,
  headers: Readonly<Record<string, string>>
) => {
  const body = JSON.stringify(problem(described))
  answer.writeHead(described.status, {
    ...headersOf(development),
    "content-length": Buffer.byteLength(body),
    ...headers
  })
  answer.end(body)
}

const starting: Described = {
  status: 503,
  code: "COMMON_STARTING",
  ko: "시작하는 중입니다. 잠시 후 다시 시도해 주세요.",
  en: "AMS is starting: try again in a moment."
}

/** The door is open before the routes are built: whoever comes in between would wait for ever. */
const firstAnswers = (server: Server, development: boolean): Server => {
  const early = (_: IncomingMessage, answer: ServerResponse) =>
    said(answer, starting, development, { "retry-after": "1" })
  server.on("request", early)
  return server.on("newListener", (event) => {
    if (event === "request") server.off("request", early)
  })
}

const unexpected: Described = {
  status: 417,
  code: "COMMON_EXPECTATION_FAILED",
  ko: "Expect 헤더는 100-continue만 지원합니다.",
  en: "Of the header Expect only 100-continue is met."
}
/** Milliseconds for all of a request and for its headers, and how often connections are looked at. */
const patience = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 }

/** The server before any route. */
export const server = (development = true, limits = patience) =>
  firstAnswers(lastAnswers(createServer({ maxHeaderSize, ...limits })), development)
    // Node answers these itself, before any route.
    .on("checkExpectation", (_, answer) => said(answer, unexpected, development, { connection: "close" }))
    .on("clientError", (error: Error & { readonly code?: string }, socket) => {
      if (socket.writable) socket.end(refusal(unreadable[error.code ?? ""] ?? malformed, development))
      else socket.destroy()
    })

/** Streams never end by themselves: they are ended before the door closes, which waits for what is in flight. */
const endStreams = Layer.effectDiscard(Effect.flatMap(Live, ({ end }) => Effect.addFinalizer(() => end)))

interface Options extends Middleware.Options {
  readonly host: string
  readonly port: number
  /** Streams at once. */
  readonly liveStreams: number
}

/** Listens; ends by closing the door and giving requests in flight 8 s. Says where: port 0 is any free one. */
export const layer = (options: Options) =>
  Layer.provideMerge(
    endStreams,
    HttpRouter.serve(routes(options), {
      disableLogger: true,
      disableListenLog: true,
      routerConfig: Middleware.matching
    }).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => server(options.development), {
          host: options.host,
          port: options.port,
          gracefulShutdownTimeout: "8 seconds"
        })
      ),
      Layer.provide(Middleware.tracing)
    )
  ).pipe(Layer.provide(Live.layer(options.liveStreams)))
