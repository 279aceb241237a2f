/** What becomes of messages that went out, and who is told: the carrier's result, posted to the webhook as the script says. */
import { createHash } from "node:crypto"
import { setTimeout } from "node:timers/promises"
import type { Journal } from "./journal.ts"
import type { ReceiptWay, Script } from "./script.ts"

/** A message as its receipts and look-ups show it. */
export interface Reported {
  readonly to: string
  readonly messageId: string
  /** As in `ATA`. */
  readonly type?: string | undefined
}

/** How a message of a provider changes and is shown. */
export interface Reporting<M extends Reported> {
  /** Gives it its result. */
  readonly settle: (message: M, statusCode: string) => void
  readonly shown: (message: M) => Readonly<Record<string, unknown>>
}

/** How long a webhook may take, in milliseconds. */
const patience = 5_000

export const secretHeader = (secret: string) => createHash("sha1").update(secret).digest("hex")

export const makeReceipts = ({ delayMs, journal, script, secret, url }: {
  readonly script: Script
  readonly journal: Journal
  readonly secret: string
  /** `undefined`: nobody is told. */
  readonly url: () => string | undefined
  /** From the send to its result, where the script says nothing. */
  readonly delayMs: number
}) => {
  const ended = new AbortController()
  const pending = new Set<Promise<void>>()

  const post = async (shown: ReadonlyArray<Readonly<Record<string, unknown>>>, secret: string) => {
    const to = url()
    if (to === undefined) return
    const answered = await fetch(to, {
      method: "POST",
      headers: { "content-type": "application/json", "x-solapi-secret": secretHeader(secret) },
      body: JSON.stringify(shown),
      signal: AbortSignal.any([ended.signal, AbortSignal.timeout(patience)])
    }).then(async (answer) => {
      await answer.body?.cancel()
      return answer.status
    }, () => null)
    for (const { messageId, statusCode } of shown) {
      journal.receipts.push({ messageId: String(messageId), statusCode: String(statusCode), answered })
    }
  }

  const report = async <M extends Reported>(
    messages: ReadonlyArray<M>,
    way: ReceiptWay,
    { settle, shown }: Reporting<M>
  ) => {
    // A turn of the event loop at least, so that the send's answer leaves first.
    if (way.early !== true) await setTimeout(way.delayMs ?? delayMs, undefined, { signal: ended.signal })
    for (const message of messages) settle(message, script.carrier(message.to, message.type) ?? "4000")
    if (way.never === true) return
    const results = messages.map(shown)
    const signedWith = way.secret ?? secret
    if (way.stranger === true) {
      await post(
        results.map((one) => ({ ...one, messageId: "M4V20200101000000STRANGER", groupId: "G4V0" })),
        signedWith
      )
    }
    for (let copy = 0; copy < (way.copies ?? 1); copy++) await post(results, signedWith)
    if (way.outOfOrder === true) await post(results.map((one) => ({ ...one, statusCode: "3000" })), signedWith)
  }

  return {
    /** Of messages that go out together; done when those receipts have come that come before the answer. */
    follow: async <M extends Reported>(messages: ReadonlyArray<M>, reporting: Reporting<M>) => {
      const ways = Map.groupBy(messages, ({ to }) => script.receipts(to))
      const early: Array<Promise<void>> = []
      for (const [way = {}, some] of ways) {
        const told = report(some, way, reporting).catch((error: unknown) => {
          if (!ended.signal.aborted) throw error
        }).finally(() => pending.delete(told))
        pending.add(told)
        if (way.early === true) early.push(told)
      }
      await Promise.all(early)
    },
    /** Until nothing is left to be told. */
    settled: async () => {
      while (pending.size > 0) await Promise.all(pending)
    },
    end: () => ended.abort()
  }
}
export type Receipts = ReturnType<typeof makeReceipts>
