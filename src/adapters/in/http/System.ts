/** What is not business: health, metrics, documentation, keys. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { DeliveryStore } from "../../../ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../ports/FailedEventStore.ts"
import { ReadModels } from "../../../ports/ReadModels.ts"
import { Tokens } from "../../../ports/Tokens.ts"
import { Api } from "./Api.ts"

/** The process runs. */
const live = HttpRouter.add("GET", "/health/live", HttpServerResponse.jsonUnsafe({ status: "ok" }))

/** The process can take commands: the database answers within 2 s. */
const ready = HttpRouter.add(
  "GET",
  "/health/ready",
  Effect.gen(function*() {
    const store = yield* DeliveryStore
    return yield* store.nodes.pipe(
      Effect.timeout("2 seconds"),
      Effect.match({
        onSuccess: () => HttpServerResponse.jsonUnsafe({ status: "ok" }),
        onFailure: () =>
          HttpServerResponse.jsonUnsafe({ status: "unavailable", reason: "the database does not answer" }, {
            status: 503
          })
      })
    )
  })
)

/** What happens afterwards: backlog by handler, parked events, the read side. Degraded is still 200: commands go on. */
const async_ = HttpRouter.add(
  "GET",
  "/health/async",
  Effect.gen(function*() {
    const store = yield* DeliveryStore
    const failed = yield* FailedEventStore
    const readModels = yield* ReadModels
    const [handlers, failedEvents, readSide] = yield* Effect.all([
      Effect.orElseSucceed(store.backlog, () => null),
      Effect.orElseSucceed(failed.countOpen, () => null),
      Effect.match(readModels.epoch, { onSuccess: () => "ok", onFailure: () => "unavailable" })
    ], { concurrency: 3 })
    const slow = handlers?.some((one) => one.oldestSeconds > 60) ?? true
    const status = slow || failedEvents === null || failedEvents > 0 || readSide !== "ok" ? "degraded" : "ok"
    return HttpServerResponse.jsonUnsafe({ status, handlers, failedEvents, readSide })
  })
)

const jwks = HttpRouter.add(
  "GET",
  "/.well-known/jwks.json",
  Effect.flatMap(Tokens, (tokens) => Effect.map(tokens.jwks, (keys) => HttpServerResponse.jsonUnsafe(keys)))
)

export const layer = Layer.mergeAll(
  live,
  ready,
  async_,
  jwks,
  PrometheusMetrics.layerHttp({ path: "/metrics" }),
  HttpApiScalar.layer(Api, { path: "/docs" })
)
