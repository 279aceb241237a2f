/** What the tests of alerts share: alerts, a receiver on a socket that does as the script says, and what was logged. */
import { Effect, Logger } from "effect"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { text } from "node:stream/consumers"
import type { Alert } from "../../src/ports/Alerts.ts"
import { told } from "./privacy.ts"

export const alert = (fingerprint: string, more: Partial<Alert> = {}): Alert => ({
  kind: "failure-group",
  fingerprint,
  severity: "warning",
  summary: `${fingerprint} failed`,
  facts: {},
  ...more
})

// ---- a receiver

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Begins an answer's body and never ends it. */
  readonly endless?: boolean
}

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: unknown
  /** In milliseconds. */
  readonly at: number
}

/** Answers as the script says, request after request, and 200 when that is over. */
export const receiver = (...script: ReadonlyArray<number | Answer | "hang" | "reset">) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<Received> = []
      const server = createServer((request, response) => {
        const at = performance.now()
        void text(request).then((body) => {
          // Receipts come here, too: they are from the provider.
          if (body.startsWith("{")) told("alert", body)
          const next = script[received.length] ?? 200
          received.push({ path: request.url ?? "", headers: request.headers, body, json: JSON.parse(body), at })
          if (next === "hang") return
          if (next === "reset") return request.socket.resetAndDestroy()
          const { endless, headers, status } = typeof next === "number" ? { status: next } : next
          response.writeHead(status, headers)
          if (endless === true) response.write("o")
          else response.end("ok")
        })
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      return { server, received, port, url: `http://127.0.0.1:${port}/services/T0/B0/s3cret` }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        server.close()
        await once(server, "close")
      })
  )

// ---- the log

export interface Line {
  readonly level: string
  readonly text: string
  readonly rest: unknown
}

/** A logger that keeps lines, and the lines. */
export const logged = () => {
  const lines: Array<Line> = []
  const layer = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      const [text, rest] = Array.isArray(message) ? message : [message]
      lines.push({ level: logLevel, text: String(text), rest })
    })
  ])
  return { lines, layer }
}
