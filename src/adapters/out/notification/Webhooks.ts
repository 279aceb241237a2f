/** The receipts that providers post, by the provider's name in the address. */
import { Effect, Layer, Option, type Redacted, Schema } from "effect"
import type { Receipt } from "../../../ports/NotificationLedger.ts"
import { NotTheProvider, type Posted, ReceiptWebhooks } from "../../../ports/ReceiptWebhooks.ts"
import * as Solapi from "./solapi/Receipts.ts"

const fromJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const solapi = (secret: Option.Option<Redacted.Redacted>, { body, headers }: Posted) => {
  if (Option.isNone(secret) || !Solapi.isFromSolapi(secret.value, headers[Solapi.secretHeader])) return Option.none()
  const { receipts, skipped } = Option.match(fromJson(body), {
    onNone: () => ({ receipts: [], skipped: 1 }),
    onSome: Solapi.receiptsOf
  })
  return Option.some({
    unreadable: skipped,
    receipts: receipts.map(({ dispatchId, messageId, outcome }): Receipt => ({
      attempt: dispatchId === null ? { providerId: messageId } : { dispatchId },
      outcome
    }))
  })
}

export const layer = (settings: { readonly solapiWebhookSecret: Option.Option<Redacted.Redacted> }) =>
  Layer.succeed(
    ReceiptWebhooks,
    ReceiptWebhooks.of({
      read: (provider, posted) =>
        Effect.fromOption(
          provider === "solapi" ? solapi(settings.solapiWebhookSecret, posted) : Option.none()
        ).pipe(Effect.mapError(() => new NotTheProvider({ provider })))
    })
  )
