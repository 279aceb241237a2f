/** The model keeps to what PostgreSQL keeps to: what is shown on it holds there. */
import { Clock, Effect, Layer } from "effect"
import { Behind, deliveryStoreContract } from "../contract/DeliveryStore.contract.ts"
import { layer, Tables } from "./MemoryDeliveryStore.ts"

const behind = Layer.effect(
  Behind,
  Effect.map(Tables, (tables) =>
    Behind.of({
      reset: Effect.sync(tables.clear),
      put: (rows) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          for (const { attempts = 0, claimedAgo = 0, dueIn = 0, event, handler, owner = null, takeovers = 0 } of rows) {
            yield* tables.insert([{ event, handler: handler ?? "ReadModelSync", owner }])
            tables.edit(event.id, {
              attempts,
              takeovers,
              claimedAt: now - claimedAgo * 1000,
              nextAttemptAt: now + dueIn * 1000
            })
          }
        }),
      rows: Effect.map(Clock.currentTimeMillis, (now) =>
        tables.open().map(({ event, history, nextAttemptAt, ...row }) => ({
          ...row,
          id: event.id,
          dueIn: Math.max(0, Math.ceil((nextAttemptAt - now) / 1000)),
          rules: history.map(({ rule }) =>
            rule
          )
        }))),
      failed: Effect.sync(() =>
        tables.failed().map(({ attempts, event, ...one }) => ({
          ...one,
          id: event.id,
          rules: attempts.map(({ rule }) => rule)
        }))
      )
    }))
)

deliveryStoreContract("the model in memory", behind.pipe(Layer.provideMerge(layer)))
