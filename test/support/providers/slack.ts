/** Slack's incoming webhook. */
import { Option, Schema } from "effect"
import type { Journal } from "./journal.ts"
import { type Answer, jsonOf, type Provider } from "./serve.ts"

const Body = Schema.Struct({ text: Schema.NonEmptyString })

const paths = /^\/services\/[^/]+\/[^/]+\/[^/]+$/

/** `limited`: more than one a second is too many. */
export const makeSlack = ({ clock, journal, limited }: {
  readonly journal: Journal
  readonly clock: () => number
  readonly limited: boolean
}): Provider => {
  let last = -Infinity
  const handle = (body: string): Answer => {
    const decoded = Schema.decodeUnknownOption(Body)(jsonOf(body))
    if (Option.isNone(decoded)) return { status: 400, body: jsonOf(body) === undefined ? "invalid_payload" : "no_text" }
    const at = clock()
    if (limited && at - last < 1_000) return { status: 429, headers: { "retry-after": "1" }, body: "rate_limited" }
    last = at
    journal.alerts.push({ text: decoded.value.text, at })
    return { status: 200, body: "ok" }
  }
  return {
    name: "slack",
    stepOf: (method, path) => (method === "POST" && paths.test(path) ? "alert" : undefined),
    recipients: () => [],
    refuses: () => undefined,
    handle: ({ body }) => handle(body),
    problem: (status) => (status === 429 ? "rate_limited" : status === 404 ? "no_service" : "server_error")
  }
}
