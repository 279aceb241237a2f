/** Who is asking: the bearer token's member, looked up anew for each request. */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Authorize, CurrentActor } from "../../../application/Authorize.ts"
import { AcademyNotNamed } from "../../../domain/Errors.ts"
import { AcademyId } from "../../../domain/Ids.ts"
import { Tokens } from "../../../ports/Tokens.ts"
import { Problem400, Problem401, Problem503, type Problem } from "./Problem.ts"
import { asProblem } from "./Problems.ts"

/** An administrator names with it the academy that the request is about. */
export const academyHeader = "x-ams-academy"

export class Auth extends HttpApiMiddleware.Service<Auth, { provides: CurrentActor; requires: never }>()("ams/http/Auth", {
  requiredForClient: true,
  security: { bearer: HttpApiSecurity.bearer },
  error: [Problem400, Problem401, Problem503]
}) {}

const parseAcademy = Schema.decodeUnknownEffect(AcademyId)

const isOurs = (problem: Problem): problem is Extract<Problem, { readonly status: 400 | 401 | 503 }> =>
  problem.status === 400 || problem.status === 401 || problem.status === 503

export const layer = Layer.effect(
  Auth,
  Effect.gen(function*() {
    const tokens = yield* Tokens
    const authorize = yield* Authorize
    const identify = Effect.fnUntraced(function*(credential: Parameters<typeof tokens.verify>[0]) {
      const request = yield* HttpServerRequest.HttpServerRequest
      const header = request.headers[academyHeader]
      const named = header === undefined
        ? Option.none()
        : Option.some(yield* Effect.mapError(parseAcademy(header), () => new AcademyNotNamed()))
      return yield* authorize.identify(yield* tokens.verify(credential), named)
    })
    return Auth.of({
      bearer: (app, { credential }) =>
        asProblem(identify(credential)).pipe(
          Effect.catch((problem) => (isOurs(problem) ? Effect.fail(problem) : Effect.die(problem))),
          Effect.flatMap((actor) => Effect.provideService(app, CurrentActor, actor))
        )
    })
  })
)
