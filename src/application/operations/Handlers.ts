/** How the handlers are, and how to let one rest: paused, it gets nothing in any process, and its deliveries wait. */
import { Context, Data, Duration, Effect, Layer } from "effect"
import { type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { MemberId } from "../../domain/Ids.ts"
import type { HandlerName } from "../../domain/Subscription.ts"
import { type Backlog, DeliveryStore, type Node } from "../../ports/DeliveryStore.ts"
import type { Operator } from "../../ports/FailedEventStore.ts"
import { HandlerNames } from "../../ports/HandlerNames.ts"
import { PausedHandlers } from "../../ports/PausedHandlers.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { policyOf } from "../events/RetryPolicy.ts"
import { type CurrentOperator, operatesSystem, operator, type Reason } from "./Operator.ts"

export class HandlerAlreadyPaused extends Data.TaggedError("HandlerAlreadyPaused")<{
  readonly handler: HandlerName
}> {}

export class HandlerNotPaused extends Data.TaggedError("HandlerNotPaused")<{ readonly handler: HandlerName }> {}

export interface HandlerState {
  readonly handler: HandlerName
  /** Null: it runs. `by` is null for whoever sat at the terminal. */
  readonly paused: { readonly reason: string; readonly since: Date; readonly by: MemberId | null } | null
  /** The operator's academy's, or everybody's. */
  readonly backlog: Omit<Backlog, "handler">
  /** The other side does not answer some process, whose deliveries wait. */
  readonly circuitOpen: boolean
  /** Which processes; null for whoever operates one academy only. */
  readonly openIn: ReadonlyArray<Pick<Node, "host" | "pid">> | null
  readonly policy: {
    /** Batches at the same time, in one process. */
    readonly concurrency: number
    /** Events at once, at most. */
    readonly batch: number
    /** Of one attempt, in seconds. */
    readonly timeoutSeconds: number
    /** Attempts after the first one. */
    readonly retries: number
  }
}

type Denied = NotAllowed | StorageUnavailable

export class Handlers extends Context.Service<Handlers, {
  readonly list: Effect.Effect<ReadonlyArray<HandlerState>, Denied, CurrentOperator>
  /** For every academy and process, until it is resumed. Answers how it is then. */
  readonly pause: (
    handler: HandlerName,
    reason: Reason
  ) => Effect.Effect<HandlerState, Denied | NotFound | HandlerAlreadyPaused, CurrentOperator>
  /** Answers how it is then. */
  readonly resume: (
    handler: HandlerName
  ) => Effect.Effect<HandlerState, Denied | NotFound | HandlerNotPaused, CurrentOperator>
}>()("ams/Handlers") {
  static readonly layer = Layer.effect(
    Handlers,
    Effect.gen(function*() {
      const store = yield* DeliveryStore
      const pauses = yield* PausedHandlers
      const names = yield* HandlerNames
      const known = (handler: HandlerName) =>
        names.includes(handler) ? Effect.void : Effect.fail(new NotFound({ what: "handler", id: handler }))

      /** How each handler is, as this operator may see it. */
      const look = Effect.fnUntraced(function*(by: Operator) {
        const system = yield* operatesSystem
        const [backlogs, nodes, paused] = yield* Effect.all(
          [store.backlog(by.academyId), store.nodes, pauses.list],
          { concurrency: 3 }
        )
        return (handler: HandlerName): HandlerState => {
          const pause = paused.find((one) => one.handler === handler)
          const openIn = nodes.filter(({ openCircuits }) => openCircuits.includes(handler))
          const { open = 0, postponed = 0, oldestSeconds = 0 } = backlogs.find((one) => one.handler === handler) ?? {}
          const { batch, concurrency, retries, timeout } = policyOf(handler)
          return {
            handler,
            paused: pause === undefined ? null : { reason: pause.reason, since: pause.pausedAt, by: pause.pausedBy },
            backlog: { open, postponed, oldestSeconds },
            circuitOpen: openIn.length > 0,
            openIn: system ? openIn.map(({ host, pid }) => ({ host, pid })) : null,
            policy: { concurrency, batch, timeoutSeconds: Duration.toSeconds(timeout), retries }
          }
        }
      })

      return Handlers.of({
        list: Effect.flatMap(operator("operations:read"), look).pipe(
          Effect.map((state) => names.map(state)),
          Effect.withSpan("Handlers.list")
        ),
        pause: Effect.fn("Handlers.pause")(function*(handler, reason) {
          const by = yield* operator("operations:system")
          yield* known(handler)
          if (!(yield* pauses.pause(by, handler, reason))) return yield* new HandlerAlreadyPaused({ handler })
          return (yield* look(by))(handler)
        }),
        resume: Effect.fn("Handlers.resume")(function*(handler) {
          const by = yield* operator("operations:system")
          yield* known(handler)
          if (!(yield* pauses.resume(by, handler))) return yield* new HandlerNotPaused({ handler })
          return (yield* look(by))(handler)
        })
      })
    })
  )
}
