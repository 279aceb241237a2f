/** Who may ask how often. */
import { Effect, Layer } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { networkOf, type Taken } from "../../../domain/Rate.ts"
import { Caller } from "../../../ports/Caller.ts"
import { RateLimits } from "../../../ports/RateLimits.ts"
import { problems } from "./Problem.ts"
import { asProblem } from "./Problems.ts"
import { headersOf } from "./RateHeaders.ts"

/** On the answer, unless it says already that a rate is exceeded. */
const tell = ({ rate, remaining, resetAfter }: Taken) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(
      response.headers["ratelimit"] === undefined
        ? HttpServerResponse.setHeaders(response, headersOf(rate, remaining, resetAfter))
        : response
    )
  )

/** What one member may ask. */
export const ofMember = Effect.fnUntraced(function*(memberId: string) {
  yield* tell(yield* (yield* RateLimits).take("MEMBER", memberId))
})

/** Endpoints that are asked without a login: so many requests of one address. */
export class Anonymous
  extends HttpApiMiddleware.Service<Anonymous, { provides: never; requires: never }>()("ams/http/Anonymous", {
    error: problems
  })
{}

export const layer = Layer.effect(
  Anonymous,
  Effect.map(
    RateLimits,
    (rates) =>
      Anonymous.of((app) =>
        asProblem(Effect.flatMap(Caller, ({ address }) => rates.take("ADDRESS", networkOf(address)))).pipe(
          Effect.flatMap(tell),
          Effect.andThen(app)
        )
      )
  )
)
