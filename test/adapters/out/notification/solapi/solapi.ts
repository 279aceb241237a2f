/** SOLAPI on a socket as far as one group needs it, with answers to be put in the place of the right ones. */
import { Effect, Redacted } from "effect"
import type { Credentials } from "../../../../../src/adapters/out/notification/solapi/Signature.ts"
import * as Solapi from "../../../../../src/adapters/out/notification/solapi/Solapi.ts"
import { limits, provider, type Reply } from "../server.ts"

export const credentials: Credentials = { apiKey: "KEY", apiSecret: Redacted.make("SECRET") }
/** An academy's own. */
export const own = JSON.stringify({ apiKey: "THEIRS", apiSecret: "SECRET2" })

export const groupId = "G4V20261127"
export const messageId = "M4V20261127"

export type Call = "create" | "add" | "send" | "group" | "message" | "remove"

const callOf = (call: string): Call | undefined => {
  const [, method, rest] = /^(\w+) \/messages\/v4\/groups(.*)$/.exec(call) ?? []
  const group = `/${groupId}`
  if (method === "POST" && rest === "") return "create"
  if (method === "PUT" && rest === `${group}/messages`) return "add"
  if (method === "POST" && rest === `${group}/send`) return "send"
  if (method === "GET" && rest === group) return "group"
  if (method === "GET" && rest === `${group}/messages`) return "message"
  return method === "DELETE" && rest === group ? "remove" : undefined
}

export interface Script {
  /** In the place of the right answers, call after call. */
  readonly replies?: Partial<Record<Call, ReadonlyArray<Reply>>>
  /** Of the group, and of its message, when they are asked for. */
  readonly status?: string
  readonly statusCode?: string
}

export const refusal = (status: number, errorCode: string): Reply => ({
  status,
  json: { errorCode, errorMessage: "…" }
})

/** The provider, its calls so far, and a client of it. */
export const serving = Effect.fnUntraced(
  function*({ replies = {}, status = "SENDING", statusCode = "2000" }: Script = {}) {
    const calls: Array<Call> = []
    const added = { to: "01012345678", type: "SMS", country: "82", messageId, statusCode: "2000", accountId: "1" }
    const right: Record<Call, unknown> = {
      create: { groupId, status: "PENDING", allowDuplicates: 1, count: { total: "0" }, log: null },
      add: { errorCount: "0", resultList: [added] },
      send: { groupId, status: "SENDING" },
      group: { groupId, status, scheduledDate: null },
      message: { startKey: null, limit: "20", messageList: { [messageId]: { messageId, groupId, statusCode } } },
      remove: {}
    }
    const { journal, url } = yield* provider((asked) => {
      const call = callOf(asked.call)
      if (call === undefined) return { status: 501 }
      const before = calls.filter((one) => one === call).length
      calls.push(call)
      return replies[call]?.[before] ?? { json: right[call] }
    })
    const solapi = yield* Solapi.make({ url, credentials, limits, perSecond: 100 })
    return { calls, journal, solapi, url }
  }
)
