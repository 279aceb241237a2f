/** `/health/*`: does the process run, can it take commands, and does what happens afterwards keep up? */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { isDead, isLate } from "../../../application/events/Late.ts"
import type { HandlerName } from "../../../domain/Subscription.ts"
import { type Backlog, DeliveryStore, type Node } from "../../../ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../ports/FailedEventStore.ts"
import { HandlerNames } from "../../../ports/HandlerNames.ts"
import { type PausedHandler, PausedHandlers } from "../../../ports/PausedHandlers.ts"
import { ReadModels } from "../../../ports/ReadModels.ts"

/** A database that needs longer for a look does not answer. */
const patience = "2 seconds"

/** The process runs. */
const live = HttpRouter.add("GET", "/health/live", HttpServerResponse.jsonUnsafe({ status: "ok" }))

/** The process can take commands: the database answers within 2 s. */
const ready = HttpRouter.add(
  "GET",
  "/health/ready",
  Effect.gen(function*() {
    const store = yield* DeliveryStore
    return yield* store.nodes.pipe(
      Effect.timeout(patience),
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

/** Why what happens afterwards is not well; `docs/operations.md` has a line on each. */
export const Reason = Schema.Literals([
  "database",
  "no-node",
  "backlog",
  "failed-events",
  "circuit-open",
  "paused",
  "read-side"
])
export type Reason = typeof Reason.Type

/** The answer of `/health/async`: numbers of the whole installation, nothing about academies or people. */
export const AsyncHealth = Schema.Struct({
  status: Schema.Literals(["ok", "degraded"]),
  /** Empty when the status is ok. */
  reasons: Schema.Array(Reason),
  /** `null`, here and below: the database did not answer. */
  handlers: Schema.NullOr(Schema.Array(Schema.Struct({
    handler: Schema.String,
    /** Deliveries that are not done. */
    open: Schema.Int,
    /** Of these, waiting until their next attempt. */
    postponed: Schema.Int,
    oldestSeconds: Schema.Finite,
    /** `open` when it is in any process. */
    circuit: Schema.Literals(["closed", "open"]),
    paused: Schema.Boolean
  }))),
  failedEvents: Schema.NullOr(Schema.Int),
  /** Processes that run handlers and show that they live. */
  nodes: Schema.NullOr(Schema.Int),
  readSide: Schema.Literals(["ok", "unavailable"])
})
export type AsyncHealth = typeof AsyncHealth.Type

/** What was seen; `null` where the database did not answer. */
export interface Seen {
  readonly backlog: ReadonlyArray<Backlog> | null
  readonly nodes: ReadonlyArray<Node> | null
  readonly paused: ReadonlyArray<Pick<PausedHandler, "handler">> | null
  readonly failedEvents: number | null
  readonly readSide: AsyncHealth["readSide"]
}

const nothing = { open: 0, postponed: 0, oldestSeconds: 0 }

const handlersOf = (
  names: ReadonlyArray<HandlerName>,
  backlog: ReadonlyArray<Backlog>,
  nodes: ReadonlyArray<Node>,
  paused: Seen["paused"]
) => {
  // Rows of a handler that this version no longer has are somebody's trouble, too.
  const all = new Set<string>([...names, ...backlog.map(({ handler }) => handler)])
  return [...all].map((handler) => ({
    ...nothing,
    ...backlog.find((one) => one.handler === handler),
    handler,
    circuit: nodes.some(({ openCircuits }) => openCircuits.includes(handler)) ? "open" as const : "closed" as const,
    paused: paused?.some((one) => one.handler === handler) ?? false
  }))
}

export const judge = (seen: Seen, names: ReadonlyArray<HandlerName>): AsyncHealth => {
  const nodes = seen.nodes?.filter((node) => !isDead(node)) ?? null
  const handlers = seen.backlog === null ? null : handlersOf(names, seen.backlog, nodes ?? [], seen.paused)
  const is: Readonly<Record<Reason, boolean>> = {
    "database": [handlers, nodes, seen.paused, seen.failedEvents].includes(null),
    "no-node": nodes?.length === 0,
    "backlog": handlers?.some(isLate) ?? false,
    "failed-events": (seen.failedEvents ?? 0) > 0,
    "circuit-open": nodes?.some(({ openCircuits }) => openCircuits.length > 0) ?? false,
    "paused": (seen.paused ?? []).length > 0,
    "read-side": seen.readSide !== "ok"
  }
  const reasons = Reason.literals.filter((reason) => is[reason])
  return {
    status: reasons.length === 0 ? "ok" : "degraded",
    reasons,
    handlers,
    failedEvents: seen.failedEvents,
    nodes: nodes?.length ?? null,
    readSide: seen.readSide
  }
}

const seen = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  const failed = yield* FailedEventStore
  const handlers = yield* PausedHandlers
  const readModels = yield* ReadModels
  const orNull = <A, E>(look: Effect.Effect<A, E>) =>
    Effect.map(Effect.option(Effect.timeout(look, patience)), Option.getOrNull)
  return yield* Effect.all({
    backlog: orNull(deliveries.backlog(null)),
    nodes: orNull(deliveries.nodes),
    paused: orNull(handlers.list),
    failedEvents: orNull(failed.countOpen(null)),
    readSide: Effect.match(Effect.timeout(readModels.epoch, patience), {
      onSuccess: () => "ok" as const,
      onFailure: () => "unavailable" as const
    })
  }, { concurrency: "unbounded" })
})

/** What happens afterwards. Degraded is still 200: commands go on, and a restart would mend nothing. */
const afterwards = HttpRouter.add(
  "GET",
  "/health/async",
  Effect.gen(function*() {
    return HttpServerResponse.jsonUnsafe(judge(yield* seen, yield* HandlerNames))
  })
)

export const layer = Layer.mergeAll(live, ready, afterwards)
