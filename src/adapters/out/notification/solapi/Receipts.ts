/**
 * What SOLAPI's webhook brings: what became of messages. They come more than once, in any order, and perhaps before the
 * answer to the call that sent them.
 */
import { DateTime, Option, Redacted, Schema } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { DispatchId } from "../../../../domain/Ids.ts"
import type { Outcome } from "../../../../domain/Message.ts"
import { ofCode, outcomeOf } from "./Outcomes.ts"

export interface Receipt {
  /** `null`: it is about a message that AMS has not sent, or not this way. */
  readonly dispatchId: DispatchId | null
  readonly groupId: string
  readonly messageId: string
  readonly outcome: Outcome
  /** By the provider's clock; `null` where it does not say. */
  readonly at: DateTime.Utc | null
}

const Text = Schema.Union([Schema.String, Schema.Finite])
const decode = Schema.decodeUnknownOption(Schema.Struct({ groupId: Text, messageId: Text, statusCode: Text }))
const decodeDispatch = Schema.decodeUnknownOption(
  Schema.Struct({ customFields: Schema.Struct({ dispatchId: DispatchId }) })
)
const decodeTimes = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

/** The latest step that a message has taken, the most telling first. */
const timeOf = (message: unknown): DateTime.Utc | null => {
  const times = Option.getOrElse(decodeTimes(message), (): Readonly<Record<string, unknown>> => ({}))
  const [at] = ["dateReported", "dateReceived", "dateProcessed", "dateUpdated", "dateCreated"].flatMap((name) => {
    const time = times[name]
    return typeof time === "string" ? Option.toArray(DateTime.make(time)) : []
  })
  return at === undefined ? null : DateTime.toUtc(at)
}

/** The receipts of a request's JSON, and how many things in it are none. */
export const receiptsOf = (
  body: unknown
): { readonly receipts: ReadonlyArray<Receipt>; readonly skipped: number } => {
  const messages: ReadonlyArray<unknown> = Array.isArray(body) ? body : [body]
  const receipts = messages.flatMap((message) =>
    Option.toArray(decode(message)).map(({ groupId, messageId, statusCode }): Receipt => ({
      dispatchId: Option.getOrNull(
        Option.map(decodeDispatch(message), ({ customFields }) => customFields.dispatchId)
      ),
      groupId: String(groupId),
      messageId: String(messageId),
      outcome: outcomeOf(ofCode("sending", String(statusCode)), { providerId: String(messageId) }),
      at: timeOf(message)
    }))
  )
  return { receipts, skipped: messages.length - receipts.length }
}

export const secretHeader = "x-solapi-secret"

const sha = (algorithm: "sha1" | "sha256", text: string) => createHash(algorithm).update(text)

/** Whether the header of a webhook's request says that it comes from SOLAPI: the secret's SHA-1 in hex. */
export const isFromSolapi = (secret: Redacted.Redacted, header: string | undefined): boolean =>
  // Hashed once more, so that both have the same length whatever came.
  timingSafeEqual(
    sha("sha256", sha("sha1", Redacted.value(secret)).digest("hex")).digest(),
    sha("sha256", (header ?? "").toLowerCase()).digest()
  )
