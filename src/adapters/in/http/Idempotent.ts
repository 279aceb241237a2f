/**
 * `Idempotency-Key` on what creates something: a client that does not know what became of its request sends it again, and
 * gets the answer of the first time.
 */
import { Effect, Schema } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { type HttpApiEndpoint, HttpApiError } from "effect/http-api"
import type { Actor } from "../../../domain/Permission.ts"
import type { Idempotency, KeptAnswer } from "../../../ports/Idempotency.ts"
import { stillRunning } from "./ConventionProblems.ts"
import { creates } from "./Envelope.ts"
import { type Problem, response } from "./Problem.ts"
import { asProblem } from "./Problems.ts"

export const keyHeader = "idempotency-key"

/** Long enough not to be found by trying; a UUID is what is meant. */
const Key = Schema.String.check(
  Schema.isPattern(/^[!-~]{16,255}$/u, { expected: "16 to 255 visible ASCII characters, such as a UUID" })
)
const decodeHeaders = Schema.decodeUnknownEffect(Schema.Struct({ [keyHeader]: Key }))

/** `/auth` has answers that nobody keeps. */
export const takesKey = (endpoint: HttpApiEndpoint.Top): boolean =>
  endpoint.method === "POST" && !endpoint.path.startsWith("/api/v1/auth/") && [...endpoint.success].some(creates)

/** What a request ended with of which nothing is kept. */
class Ended<E> {
  readonly _tag = "Ended"
  readonly as: Effect.Effect<HttpServerResponse.HttpServerResponse, E>
  constructor(as: Effect.Effect<HttpServerResponse.HttpServerResponse, E>) {
    this.as = as
  }
}

const keptOf = (answer: HttpServerResponse.HttpServerResponse): Effect.Effect<KeptAnswer, Ended<never>> =>
  answer.status < 300 && answer.body._tag === "Uint8Array"
    ? Effect.succeed({
      status: answer.status,
      headers: { ...answer.headers, "content-type": answer.body.contentType },
      body: answer.body.body
    })
    : Effect.fail(new Ended(Effect.succeed(answer)))

const answerOf = ({ body, headers, status }: KeptAnswer) => HttpServerResponse.uint8Array(body, { status, headers })

/** Acts once for each key; without one it is `app` as it is. */
export const idempotent = Effect.fnUntraced(function*<E, R>(
  { once }: Idempotency["Service"],
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  endpoint: HttpApiEndpoint.Top,
  { academyId, memberId }: Actor
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (request.headers[keyHeader] === undefined || !takesKey(endpoint)) return yield* app
  const { [keyHeader]: key } = yield* Effect.orDie(
    HttpApiError.HttpApiSchemaError.wrap("Headers", decodeHeaders(request.headers))
  )
  // A slow body must not keep a connection to the database.
  const body = yield* Effect.orDie(request.text)
  const content = JSON.stringify([request.method, request.url, academyId, body])
  const act = app.pipe(
    Effect.mapError((error) => new Ended(Effect.fail(error))),
    Effect.flatMap(keptOf)
  )
  return yield* once({ memberId, key, content }, act).pipe(
    Effect.map(({ answer, replayed }) =>
      replayed ? HttpServerResponse.setHeader(answerOf(answer), "idempotency-replayed", "true") : answerOf(answer)
    ),
    Effect.catch((error): Effect.Effect<
      HttpServerResponse.HttpServerResponse,
      E | Problem,
      HttpServerRequest.HttpServerRequest
    > => {
      switch (error._tag) {
        case "Ended":
          return error.as
        case "StillRunning":
          return response(stillRunning, { "retry-after": "1" })
        default:
          return asProblem(Effect.fail(error))
      }
    })
  )
})
