/** Messages that wait: what nobody wants to hear any more expires, and providers are asked what they have not told. */
import { Duration, Effect } from "effect"
import { type Asked, NotificationLedger } from "../../ports/NotificationLedger.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import * as Metrics from "../MessageMetrics.ts"
import { Receipts } from "../Receipts.ts"
import type { Job } from "./Jobs.ts"

/** Asked about in one run, at most; a provider answers within some 100 ms. */
const atOnce = 200

export const tendMessages = Effect.gen(function*() {
  const ledger = yield* NotificationLedger
  const port = yield* NotificationPort
  const receipts = yield* Receipts

  /** What cannot be asked now is asked the next time. */
  const ask = ({ begun, message }: Asked) =>
    port.on(begun.channel).resume(begun, false).pipe(
      Effect.flatMap((outcome) => receipts.take({ attempt: { dispatchId: begun.id }, outcome })),
      Effect.catch((error) =>
        Effect.logWarning("a provider could not be asked about a message, it is asked again later", {
          message: message.id,
          channel: begun.channel,
          error: error._tag === "HandlerFailure" ? error.rule : error._tag
        })
      )
    )

  const job: Job = {
    name: "TendMessages",
    every: Duration.seconds(5),
    within: Duration.minutes(2),
    run: Effect.gen(function*() {
      yield* Effect.forEach(yield* ledger.expire, (channel) => Metrics.dropped(channel, "EXPIRED"), { discard: true })
      yield* Effect.forEach(yield* ledger.toAsk(atOnce), ask, { concurrency: 8, discard: true })
    })
  }
  return job
})
