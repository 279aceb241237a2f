/** One HTTP call of which is known afterwards whether it was answered, lost on its way, or never left. */
import { Effect } from "effect"
import { Agent, request } from "node:http"

export interface Call {
  readonly port: number
  readonly method: "GET" | "POST"
  readonly path: string
  readonly token: string
  /** The W3C trace id under which AMS keeps the events of this call, 32 hexadecimal digits. */
  readonly trace: string
  readonly body?: unknown
}

export type Answer =
  | { readonly _tag: "Answered"; readonly status: number; readonly json: unknown }
  /** It may have been done. */
  | { readonly _tag: "Lost"; readonly why: string }
  /** Nobody took the connection: it cannot have been done. */
  | { readonly _tag: "Unsent"; readonly why: string }

/** Longer than any process is stopped for, in ms. */
const patience = 28_000

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Keeps connections open, as a proxy in front of AMS does. */
export const makeAgent = Effect.acquireRelease(
  Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 256 })),
  (agent) => Effect.sync(() => agent.destroy())
)

export const call = (agent: Agent, { body, method, path, port, token, trace }: Call): Effect.Effect<Answer> =>
  Effect.callback((resume) => {
    const content = body === undefined ? "" : JSON.stringify(body)
    const sent = request({
      agent,
      host: "127.0.0.1",
      port,
      method,
      path,
      timeout: patience,
      headers: {
        authorization: `Bearer ${token}`,
        traceparent: `00-${trace}-${trace.slice(16)}-01`,
        "content-length": Buffer.byteLength(content),
        ...(body === undefined ? {} : { "content-type": "application/json" })
      }
    })
    const lost = (error: Error & { readonly code?: string }) => {
      const why = error.code ?? error.message
      resume(Effect.succeed(why === "ECONNREFUSED" ? { _tag: "Unsent", why } : { _tag: "Lost", why }))
    }
    sent.on("response", (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      answer.on("error", lost)
      answer.on(
        "end",
        () => resume(Effect.succeed({ _tag: "Answered", status: answer.statusCode ?? 0, json: parsed(text) }))
      )
    })
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${patience / 1_000} s`)))
    sent.on("error", lost)
    sent.end(content)
    return Effect.sync(() => sent.destroy())
  })
