/** Receipts as providers post them. */
import { Context, Data, type Effect } from "effect"
import type { Receipt } from "./NotificationLedger.ts"

/** Nobody knows this provider, or it was not this provider that posted. */
export class NotTheProvider extends Data.TaggedError("NotTheProvider")<{ readonly provider: string }> {}

export interface Posted {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export class ReceiptWebhooks extends Context.Service<ReceiptWebhooks, {
  /** What it says, and how much of it could not be read. */
  readonly read: (
    provider: string,
    posted: Posted
  ) => Effect.Effect<{ readonly receipts: ReadonlyArray<Receipt>; readonly unreadable: number }, NotTheProvider>
}>()("ams/ReceiptWebhooks") {}
