/** Nobody carries this channel: its messages wait in the failed-event store instead of vanishing. */
import { Effect } from "effect"
import type { Sending } from "../../../ports/NotificationPort.ts"

export const off: Sending = {
  provider: "none",
  receipts: false,
  paid: false,
  send: () => Effect.succeed({ _tag: "Refused", rule: "no-channel" }),
  // Nothing ever goes out here.
  resume: () => Effect.succeed({ _tag: "NotSent", rule: "no-channel" })
}
