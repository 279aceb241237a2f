/** Messages by HTTP: the use cases of `ams notifications`, by a member. */
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Notifications } from "../../../application/operations/Notifications.ts"
import { sentenceOf } from "../../../application/operations/Reasons.ts"
import { Api } from "./Api.ts"
import { created, many, one, pageOf } from "./Envelope.ts"
import { asMember } from "./OperationsHttp.ts"
import { languageOf } from "./Problem.ts"
import { asProblem } from "./Problems.ts"

/** The reason with its sentence in the reader's language. */
const explained = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const language = languageOf(headers["accept-language"])
  return <A extends { readonly reason: string | null }>(message: A) => ({
    ...message,
    reason: message.reason === null ? null : { rule: message.reason, text: sentenceOf(message.reason)[language] }
  })
})

export const layer = HttpApiBuilder.group(
  Api,
  "notifications",
  Effect.fnUntraced(function*(handlers) {
    const notifications = yield* Notifications
    return handlers.handleAll({
      list: Effect.fnUntraced(function*({ query: { cursor, limit, notReached, ...filter } }) {
        // The academy comes from the operator.
        const asked = { ...filter, academyId: null, notReached: notReached !== undefined }
        const page = yield* asProblem(asMember(notifications.list(asked, pageOf({ limit, cursor }))))
        return many(page, yield* explained)
      }),
      measures: ({ query }) =>
        Effect.map(
          asProblem(asMember(notifications.measures(query.dateFrom, query.dateTo))),
          (items) => many({ items, next: null }, (item) => item)
        ),
      show: Effect.fnUntraced(function*({ params }) {
        const message = yield* asProblem(asMember(notifications.show(params.messageId)))
        return one((yield* explained)(message))
      }),
      resend: Effect.fnUntraced(function*({ params, payload }) {
        const message = yield* asProblem(asMember(notifications.resend(params.messageId, payload.reason)))
        return created((yield* explained)(message), `/api/v1/notifications/${message.id}`)
      })
    })
  })
)
