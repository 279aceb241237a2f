/** Who is asking: the bearer token's member, looked up anew for each request. */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Authorize, CurrentActor } from "../../../application/Authorize.ts"
import { AcademyNotNamed } from "../../../domain/Errors.ts"
import { AcademyId } from "../../../domain/Ids.ts"
import { Idempotency } from "../../../ports/Idempotency.ts"
import { RateLimits } from "../../../ports/RateLimits.ts"
import { Tokens } from "../../../ports/Tokens.ts"
import { idempotent } from "./Idempotent.ts"
import { problems } from "./Problem.ts"
import { asProblem } from "./Problems.ts"
import { ofMember } from "./Rates.ts"

/** An administrator names with it the academy that the request is about. */
export const academyHeader = "x-ams-academy"

export class Auth
  extends HttpApiMiddleware.Service<Auth, { provides: CurrentActor; requires: never }>()("ams/http/Auth", {
    requiredForClient: true,
    security: { bearer: HttpApiSecurity.bearer },
    error: problems
  })
{}

const parseAcademy = Schema.decodeUnknownEffect(AcademyId)

export const layer = Layer.effect(
  Auth,
  Effect.gen(function*() {
    const tokens = yield* Tokens
    const authorize = yield* Authorize
    const rates = yield* RateLimits
    const idempotency = yield* Idempotency
    const identify = Effect.fnUntraced(function*(credential: Parameters<typeof tokens.verify>[0]) {
      const request = yield* HttpServerRequest.HttpServerRequest
      const header = request.headers[academyHeader]
      const named = header === undefined
        ? Option.none()
        : Option.some(yield* Effect.mapError(parseAcademy(header), () => new AcademyNotNamed()))
      const actor = yield* authorize.identify(yield* tokens.verify(credential), named)
      yield* Effect.provideService(ofMember(actor.memberId), RateLimits, rates)
      return actor
    })
    return Auth.of({
      bearer: (app, { credential, endpoint }) =>
        asProblem(identify(credential)).pipe(
          Effect.flatMap((actor) =>
            idempotent(idempotency, Effect.provideService(app, CurrentActor, actor), endpoint, actor)
          )
        )
    })
  })
)
