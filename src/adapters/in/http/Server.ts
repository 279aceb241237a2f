/** The HTTP server: routes, limits, and a clean end. */
import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createServer } from "node:http"
import * as Auth from "./Auth.ts"
import { Api } from "./Api.ts"
import * as DevInbox from "./DevInbox.ts"
import * as Handlers from "./Handlers.ts"
import * as Middleware from "./Middleware.ts"
import * as System from "./System.ts"

/** 16 KiB of headers; what is larger, or no HTTP at all, never reaches a route. */
const maxHeaderSize = 16 * 1024
const maxBodySize = ByteSize.mebibytes(1)

const api = HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }).pipe(
  Layer.provide(Handlers.layer),
  Layer.provide(Auth.layer)
)

/** Every route; `/dev` only where `development` says so. */
export const routes = (options: { readonly development: boolean }) =>
  Layer.mergeAll(api, System.layer, Middleware.layer, options.development ? DevInbox.layer : Layer.empty).pipe(
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, maxBodySize))
  )

const refuseGarbage = () => {
  const server = createServer({ maxHeaderSize, requestTimeout: 30_000, headersTimeout: 10_000 })
  // Node answers these itself, before any route: in our shape nevertheless.
  server.on("clientError", (error: Error & { readonly code?: string }, socket) => {
    if (!socket.writable) return void socket.destroy()
    const [status, title, code] = error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large", "COMMON_HEADERS_TOO_LARGE"]
      : [400, "Bad Request", "COMMON_MALFORMED"]
    const body = JSON.stringify({
      type: `https://ams.dev/problems/${String(code).toLowerCase().replaceAll("_", "-")}`,
      title,
      status,
      detail: "This is not a request that HTTP allows.",
      errorCode: code
    })
    socket.end(
      `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}`
        + `\r\nconnection: close\r\n\r\n${body}`
    )
  })
  return server
}

/** Listens; ends by closing the door and giving requests in flight 8 s. Says where: port 0 is any free one. */
export const layer = (options: { readonly development: boolean; readonly host: string; readonly port: number }) =>
  HttpRouter.serve(routes(options), {
    disableLogger: true,
    disableListenLog: true,
    routerConfig: { caseSensitive: true, maxParamLength: 500 }
  }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(refuseGarbage, {
        host: options.host,
        port: options.port,
        gracefulShutdownTimeout: "8 seconds"
      })
    )
  )

