/**
 * `POST /webhooks/{provider}`: receipts of messages. Whatever is not about a message of ours is answered and logged, and
 * nothing else: a provider that gets no 2xx comes again and again.
 */
import { Effect, Option } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Receipts } from "../../../application/Receipts.ts"
import { ReceiptWebhooks } from "../../../ports/ReceiptWebhooks.ts"

const answer = (status: number, taken?: number) =>
  HttpServerResponse.jsonUnsafe(taken === undefined ? {} : { taken }, { status })

export const layer = HttpRouter.add(
  "POST",
  "/webhooks/:provider",
  Effect.gen(function*() {
    const { provider = "" } = yield* HttpRouter.params
    const request = yield* HttpServerRequest.HttpServerRequest
    const webhooks = yield* ReceiptWebhooks
    const receipts = yield* Receipts
    const body = yield* Effect.option(request.text)
    if (Option.isNone(body)) return answer(400)
    const posted = yield* webhooks.read(provider, { headers: request.headers, body: body.value })
    const known = yield* Effect.forEach(posted.receipts, receipts.take, { concurrency: 4 })
    const unknown = known.filter((is) => !is).length
    if (unknown > 0 || posted.unreadable > 0) {
      yield* Effect.logWarning("receipts about no message of ours", {
        provider,
        unknown,
        unreadable: posted.unreadable
      })
    }
    return answer(200, known.length - unknown)
  }).pipe(
    Effect.catchTag(
      "NotTheProvider",
      ({ provider }) =>
        Effect.as(Effect.logWarning("a receipt that its provider has not sent", { provider }), answer(401))
    ),
    // It comes again.
    Effect.catch((error) => Effect.as(Effect.logWarning("receipts could not be stored", error), answer(503)))
  )
)
