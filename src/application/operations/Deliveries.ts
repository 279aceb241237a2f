/** How far behind the handlers are, and who works on it. */
import { Context, Effect, Layer } from "effect"
import type { NotAllowed } from "../../domain/Errors.ts"
import type { AcademyId } from "../../domain/Ids.ts"
import type { HandlerName } from "../../domain/Subscription.ts"
import { type Backlog, DeliveryStore, type Node } from "../../ports/DeliveryStore.ts"
import { HandlerNames } from "../../ports/HandlerNames.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type CurrentOperator, operatesSystem, operator } from "./Operator.ts"

export interface DeliveryStatus {
  /** Whose deliveries; null: those of every academy. */
  readonly academyId: AcademyId | null
  /** Each handler, also one with nothing to do. */
  readonly backlog: ReadonlyArray<Backlog>
  /** Open deliveries of all handlers. */
  readonly open: number
  /** Age of the oldest one of all in seconds; 0 when there is none. */
  readonly oldestSeconds: number
  /** Running processes; null for whoever operates one academy only. */
  readonly nodes: ReadonlyArray<Node> | null
}

/** A line for each handler of this version, and for others that have open deliveries from another one. */
export const everyHandler = (
  names: ReadonlyArray<HandlerName>,
  backlog: ReadonlyArray<Backlog>
): ReadonlyArray<Backlog> => [
  ...names.map((handler) =>
    backlog.find((one) => one.handler === handler) ?? { handler, open: 0, postponed: 0, oldestSeconds: 0 }
  ),
  ...backlog.filter(({ handler }) => !names.some((known) => known === handler))
]

export class Deliveries extends Context.Service<Deliveries, {
  /** Of this academy, or of all; whoever operates one academy gets that one, whichever is named. */
  readonly status: (
    academyId: AcademyId | null
  ) => Effect.Effect<DeliveryStatus, NotAllowed | StorageUnavailable, CurrentOperator>
}>()("ams/Deliveries") {
  static readonly layer = Layer.effect(
    Deliveries,
    Effect.gen(function*() {
      const store = yield* DeliveryStore
      const names = yield* HandlerNames
      return Deliveries.of({
        status: Effect.fn("Deliveries.status")(function*(named) {
          const by = yield* operator("operations:read")
          const academyId = by.academyId ?? named
          const system = yield* operatesSystem
          const [found, nodes] = yield* Effect.all(
            [store.backlog(academyId), system ? store.nodes : Effect.succeed(null)],
            { concurrency: 2 }
          )
          const backlog = everyHandler(names, found)
          return {
            academyId,
            backlog,
            open: backlog.reduce((sum, { open }) => sum + open, 0),
            oldestSeconds: Math.max(...backlog.map(({ oldestSeconds }) => oldestSeconds)),
            nodes
          }
        })
      })
    })
  )
}
