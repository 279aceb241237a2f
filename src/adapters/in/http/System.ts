/** What is not business: health, metrics, documentation, keys. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar } from "effect/http-api"
import { Tokens } from "../../../ports/Tokens.ts"
import { Api } from "./Api.ts"
import * as Health from "./Health.ts"
import * as Metrics from "./Metrics.ts"

const jwks = HttpRouter.add(
  "GET",
  "/.well-known/jwks.json",
  Effect.flatMap(Tokens, (tokens) => Effect.map(tokens.jwks, (keys) => HttpServerResponse.jsonUnsafe(keys)))
)

export const layer = Layer.mergeAll(Health.layer, jwks, Metrics.layer, HttpApiScalar.layer(Api, { path: "/docs" }))
