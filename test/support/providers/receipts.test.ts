/** Receipts, in every disorder. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { receiver } from "../alerts.ts"
import { secretHeader } from "./receipts.ts"
import type { ReceiptWay, Rule } from "./script.ts"
import { filled, sendGroup, sendRaw, sms, solapi } from "./speak.ts"
import { startProviders } from "./start.ts"

const Receipts = Schema.Array(Schema.Struct({ messageId: Schema.String, statusCode: Schema.String }))

/** Providers, a webhook and a group of two that is ready. */
const ready = Effect.fnUntraced(function*(...rules: ReadonlyArray<Rule>) {
  const webhook = yield* receiver()
  const providers = yield* startProviders({ webhook: webhook.url, looseAnswers: false })
  providers.script.add(...rules)
  const second = sms({ to: "01000000002", customFields: { dispatchId: "d2" } })
  const groupId = yield* filled(providers, sms(), second)
  const told = () =>
    webhook.received.map(({ json }) =>
      Schema.decodeUnknownSync(Receipts)(json).map(({ messageId, statusCode }) => {
        const sent = providers.journal.all.find((one) => one.messageId === messageId)
        return `${sent?.dispatchId ?? "nobody's"} ${statusCode}`
      })
    )
  return { providers, webhook, groupId, told }
})

const toldAfterSend = (...rules: ReadonlyArray<Rule>) =>
  Effect.gen(function*() {
    const { groupId, providers, told, webhook } = yield* ready(...rules)
    yield* sendGroup(providers, groupId)
    yield* providers.settled
    return { told: told(), webhook, providers, groupId }
  })

describe("receipts", () => {
  it.live("come once, of what was sent together in one array, with the hash of the secret and the client's fields", () =>
    Effect.gen(function*() {
      const { providers, told, webhook } = yield* toldAfterSend({ to: "0002", carrier: "3014" })
      expect(told).toEqual([["d1 4000", "d2 3014"]])
      expect(webhook.received[0]?.headers["x-solapi-secret"]).toBe(secretHeader(providers.webhookSecret))
      expect(webhook.received[0]?.json).toMatchObject([
        { to: "01012345678", customFields: { dispatchId: "d1" }, type: "SMS" },
        { customFields: { dispatchId: "d2" }, statusMessage: "알 수 없는 메시지 상태" }
      ])
      expect(providers.journal.receipts.map(({ answered }) => answered)).toEqual([200, 200])
    }))

  it.live("have the code of a carrier's rule only where the message is of the rule's type", () =>
    Effect.gen(function*() {
      const { told } = yield* toldAfterSend(
        { to: "5678", type: "ATA", carrier: "3104" },
        { to: "0002", type: "SMS", carrier: "3010" }
      )
      expect(told).toEqual([["d1 4000", "d2 3010"]])
    }))

  const ways: ReadonlyArray<readonly [string, ReceiptWay, ReadonlyArray<ReadonlyArray<string>>]> = [
    ["twice", { copies: 2 }, [["d1 4000"], ["d1 4000"]]],
    ["out of order", { outOfOrder: true }, [["d1 4000"], ["d1 3000"]]],
    ["after one of a message that nobody sent", { stranger: true }, [["nobody's 4000"], ["d1 4000"]]]
  ]
  it.live.each(ways)("come %s", ([, way, expected]) =>
    Effect.gen(function*() {
      const { told } = yield* toldAfterSend({ to: "5678", receipts: way }, { to: "0002", receipts: { never: true } })
      expect(told).toEqual(expected)
    }))

  it.live("come with a wrong secret", () =>
    Effect.gen(function*() {
      const { webhook } = yield* toldAfterSend({ receipts: { secret: "another" } })
      expect(webhook.received.map(({ headers }) => headers["x-solapi-secret"])).toEqual([secretHeader("another")])
    }))

  it.live("come before the send's own answer", () =>
    Effect.gen(function*() {
      const { groupId, providers, told } = yield* ready({ receipts: { early: true } })
      const answer = yield* Effect.promise(() => sendRaw(providers, groupId).then(() => told()))
      expect(answer).toEqual([["d1 4000", "d2 4000"]])
    }))

  it.live("come although the send was never answered", () =>
    Effect.gen(function*() {
      const { groupId, providers, told } = yield* ready({ fault: { kind: "reset", recorded: true } })
      yield* Effect.promise(() => sendRaw(providers, groupId).catch(() => undefined))
      yield* providers.settled
      expect(told()).toEqual([["d1 4000", "d2 4000"]])
    }))

  it.live("never come, while a look-up knows the result", () =>
    Effect.gen(function*() {
      const { groupId, providers, told } = yield* toldAfterSend({ carrier: "3010", receipts: { never: true } })
      expect(told).toEqual([])
      const list = yield* solapi(providers, "GET", `/messages/v4/groups/${groupId}/messages`)
      const codes = providers.journal.all.map(({ messageId }) => list.at(`messageList.${messageId}.statusCode`))
      expect(codes).toEqual(["3010", "3010"])
    }))

  it.live("come late: until then a look-up knows no result", () =>
    Effect.gen(function*() {
      const { groupId, providers, told } = yield* ready({ receipts: { delayMs: 300_000 } })
      yield* sendGroup(providers, groupId)
      const group = yield* solapi(providers, "GET", `/messages/v4/groups/${groupId}`)
      expect([group.at("status"), group.at("count.sentPending"), told()]).toEqual(["SENDING", 2, []])
    }))

  it.live("are told to nobody where the webhook is gone, which the journal shows", () =>
    Effect.gen(function*() {
      const { groupId, providers } = yield* ready()
      yield* providers.apply({ webhook: "http://127.0.0.1:1/gone" })
      yield* sendGroup(providers, groupId)
      yield* providers.settled
      expect(providers.journal.receipts.map(({ answered }) => answered)).toEqual([null, null])
    }))
})
