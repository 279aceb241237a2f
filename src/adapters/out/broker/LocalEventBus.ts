/** The event bus of one process: a bounded queue for each handler, and a set of what is in memory. */
import { Array as Arr, Effect, Latch, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { Incarnation } from "../../../domain/Ids.ts"
import { HandlerName, subscribersOf } from "../../../domain/Subscription.ts"
import { type Delivery, EventBus, type NewDelivery } from "../../../ports/EventBus.ts"

/** Deliveries of one handler in this process's memory (about 1 KB each). What does not fit waits in the table. */
export const places = 12288

interface Line {
  readonly waiting: Array<Delivery>
  readonly held: Set<string>
  readonly filled: Latch.Latch
  reserved: number
}

/** `handlers`: those that run in this process. For the others deliveries are written as well, without owner. */
export const layer = (handlers: ReadonlyArray<HandlerName>) =>
  Layer.effect(
    EventBus,
    Effect.gen(function*() {
      const random = yield* SecureRandom.SecureRandom
      let incarnation = Incarnation.make(yield* random.uuidV7())
      let closed = false
      const lines = new Map(
        handlers.map((handler): [HandlerName, Line] => [handler, {
          waiting: [],
          held: new Set(),
          filled: Latch.makeUnsafe(false),
          reserved: 0
        }])
      )
      const announced = Latch.makeUnsafe(false)

      const put = (delivery: Delivery) => {
        const line = lines.get(delivery.handler)
        if (line === undefined) return
        line.held.add(delivery.event.id)
        line.waiting.push(delivery)
        line.filled.openUnsafe()
      }
      const room = (line: Line) => places - line.held.size - line.reserved

      return EventBus.of({
        incarnation: () => incarnation,
        reserve: (events) => {
          const owner = incarnation
          const deliveries: Array<NewDelivery> = []
          for (const event of events) {
            for (const handler of subscribersOf(event.type)) {
              const line = closed ? undefined : lines.get(handler)
              const place = line !== undefined && room(line) > 0
              if (place) line.reserved++
              deliveries.push({ event, handler, owner: place ? owner : null })
            }
          }
          const giveBack = () => {
            for (const delivery of deliveries) {
              const line = delivery.owner === null ? undefined : lines.get(delivery.handler)
              if (line !== undefined) line.reserved--
            }
          }
          return {
            deliveries,
            giveBack,
            take: () => {
              giveBack()
              for (const delivery of deliveries) {
                if (delivery.owner === null) announced.openUnsafe()
                // After a restart the rows belong to a dead incarnation: they are taken over from the table.
                else if (owner === incarnation) put({ ...delivery, owner, lease: 0, attempts: 0 })
              }
            }
          }
        },
        take: Effect.fnUntraced(function*(handler, max) {
          const line = lines.get(handler)
          if (line === undefined) return yield* Effect.never
          while (true) {
            const batch = line.waiting.splice(0, max)
            if (line.waiting.length === 0) line.filled.closeUnsafe()
            if (Arr.isArrayNonEmpty(batch)) return batch
            yield* line.filled.await
            // Whoever opened the latch may be a command on its way out of COMMIT: let it go first.
            yield* Effect.yieldNow
          }
        }),
        room: (handler) => {
          const line = lines.get(handler)
          return closed || line === undefined ? 0 : Math.max(0, room(line))
        },
        offer: (deliveries) => deliveries.forEach(put),
        forget: (deliveries) => {
          for (const delivery of deliveries) {
            if (delivery.owner === incarnation) lines.get(delivery.handler)?.held.delete(delivery.event.id)
          }
        },
        holds: (eventId, handler) => lines.get(handler)?.held.has(eventId) === true,
        size: () => Arr.reduce(lines.values(), 0, (sum, line) => sum + line.held.size),
        unowned: Effect.tap(announced.await, () => Effect.sync(() => announced.closeUnsafe())),
        close: () => {
          closed = true
        },
        restart: (next) => {
          incarnation = next
          for (const line of lines.values()) {
            line.waiting.length = 0
            line.held.clear()
          }
        }
      })
    })
  )
