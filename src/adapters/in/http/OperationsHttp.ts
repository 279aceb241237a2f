/** What operators ask for by HTTP: the use cases of the terminal, by a member. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Deliveries } from "../../../application/operations/Deliveries.ts"
import { Events } from "../../../application/operations/Events.ts"
import { Handlers } from "../../../application/operations/Handlers.ts"
import { CurrentOperator } from "../../../application/operations/Operator.ts"
import { Api } from "./Api.ts"
import { many, one } from "./Envelope.ts"
import { asProblem } from "./Problems.ts"

/** The operator is whoever asks. */
export const asMember = Effect.provideServiceEffect(CurrentOperator, CurrentOperator.asMember)

export const layer = HttpApiBuilder.group(
  Api,
  "operations",
  Effect.fnUntraced(function*(handlers) {
    const deliveries = yield* Deliveries
    const events = yield* Events
    const operated = yield* Handlers
    return handlers.handleAll({
      handlers: () =>
        Effect.map(asProblem(asMember(operated.list)), (items) => many({ items, next: null }, (item) => item)),
      pause: ({ params, payload }) =>
        Effect.map(asProblem(asMember(operated.pause(params.handler, payload.reason))), one),
      resume: ({ params }) => Effect.map(asProblem(asMember(operated.resume(params.handler))), one),
      // Of the academy that the request is about, or of all where it is about none.
      deliveries: () => Effect.map(asProblem(asMember(deliveries.status(null))), one),
      event: ({ params }) => Effect.map(asProblem(asMember(events.show(params.eventId))), one)
    })
  })
)
