/** A reader of server-sent events, over a socket of its own. */
import { Effect, Schema } from "effect"
import { Agent, request } from "node:http"

export interface Heard {
  readonly event: string
  readonly data: unknown
}

export interface Reader {
  readonly status: number
  readonly contentType: string | undefined
  /** All events so far. */
  readonly heard: () => ReadonlyArray<Heard>
  readonly snapshots: () => ReadonlyArray<unknown>
  readonly isOver: () => boolean
  /** Stops to read, as a phone in a tunnel. */
  readonly pause: () => void
  readonly close: () => void
}

const decodeJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))

const eventsIn = (text: string): ReadonlyArray<Heard> =>
  text.split("\n\n").slice(0, -1).map((block) => {
    const field = (name: string) =>
      block.split("\n").filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join(
        ""
      )
    return { event: field("event"), data: decodeJson(field("data")) }
  })

/** Begins to read, after it has posted the file if there is one; hangs up when the scope closes. */
export const read = (url: string, token: string, csv?: string) =>
  Effect.acquireRelease(
    Effect.callback<Reader>((resume) => {
      let text = ""
      let over = false
      const outgoing = request(url, {
        agent: new Agent(),
        method: csv === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${token}`, ...(csv === undefined ? {} : { "content-type": "text/csv" }) }
      })
      outgoing.on("error", () => (over = true))
      outgoing.on("response", (incoming) => {
        incoming.setEncoding("utf8")
        incoming.on("data", (chunk) => (text += String(chunk)))
        incoming.on("end", () => (over = true))
        incoming.on("error", () => (over = true))
        resume(Effect.succeed({
          status: incoming.statusCode ?? 0,
          contentType: incoming.headers["content-type"],
          heard: () => eventsIn(text),
          snapshots: () => eventsIn(text).filter(({ event }) => event === "snapshot").map(({ data }) => data),
          isOver: () => over,
          pause: () => void incoming.pause(),
          close: () => void outgoing.destroy()
        }))
      })
      outgoing.end(csv)
    }),
    (reader) => Effect.sync(reader.close)
  )
