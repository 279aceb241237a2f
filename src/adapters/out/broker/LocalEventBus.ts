/** The event bus of one process: for each handler a queue per academy, and a set of what is in memory. */
import { Array as Arr, Clock, Duration, Effect, Latch, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { Incarnation } from "../../../domain/Ids.ts"
import { channelOf, type HandlerName, subscribersOf } from "../../../domain/Subscription.ts"
import { type Delivery, EventBus, type Lane, type NewDelivery } from "../../../ports/EventBus.ts"

/** Deliveries of one handler in this process's memory (about 1 KB each). What does not fit waits in the table. */
export const places = 12288
/** Of these one academy's: a burst of one does not fill the memory before another's single event. */
export const placesOfAcademy = 64
/** With this many an academy has enough: the table is asked for its rows again below it. */
const enough = placesOfAcademy / 2

/** A COMMIT not answered by then has lost its places: what it wrote, if it did, is found in the table. */
const commitWithin = Duration.toMillis("5 seconds")

/** One academy's part of a handler's places. */
interface Places {
  /** Waiting or being handled. */
  held: number
  reserved: number
}

class Line {
  limit = places
  /** Deliveries to be handled, by academy: whose turn it is comes first. Never an empty queue. */
  readonly turns = new Map<Lane, Array<Delivery>>()
  readonly lanes = new Map<Lane, Places>()
  readonly held = new Map<string, Lane>()
  /** On their way out of COMMIT, and since when. */
  readonly reserved = new Map<string, number>()
  readonly filled = Latch.makeUnsafe(false)
  backlogged: ReadonlySet<Lane> = new Set()

  private of(lane: Lane): Places {
    const known = this.lanes.get(lane)
    if (known !== undefined) return known
    const made = { held: 0, reserved: 0 }
    this.lanes.set(lane, made)
    return made
  }

  private settle(lane: Lane): void {
    const now = this.lanes.get(lane)
    if (now !== undefined && now.held === 0 && now.reserved === 0) this.lanes.delete(lane)
  }

  get room(): number {
    return Math.max(0, this.limit - this.held.size - this.reserved.size)
  }

  /** Academies with enough in memory. */
  get full(): ReadonlyArray<Lane> {
    return [...this.lanes].flatMap(([lane, { held, reserved }]) => (held + reserved >= enough ? [lane] : []))
  }

  reserve(id: string, lane: Lane, now: number): boolean {
    if (this.room === 0 || this.backlogged.has(lane)) return false
    const its = this.of(lane)
    const has = its.held + its.reserved < placesOfAcademy
    if (has) {
      its.reserved++
      this.reserved.set(id, now)
    }
    return has
  }

  unreserve(id: string, lane: Lane): void {
    if (!this.reserved.delete(id)) return
    this.of(lane).reserved--
    this.settle(lane)
  }

  /** Waiting, being handled, or on its way out of COMMIT. */
  has(id: string, now: number): boolean {
    return this.held.has(id) || now - (this.reserved.get(id) ?? Number.NEGATIVE_INFINITY) < commitWithin
  }

  put(delivery: Delivery): void {
    const lane = delivery.event.academyId
    if (!this.held.has(delivery.event.id)) {
      this.held.set(delivery.event.id, lane)
      this.of(lane).held++
    }
    const queue = this.turns.get(lane)
    if (queue === undefined) this.turns.set(lane, [delivery])
    else queue.push(delivery)
    this.filled.openUnsafe()
  }

  forget(id: string): void {
    const lane = this.held.get(id)
    if (lane === undefined) return
    this.held.delete(id)
    this.of(lane).held--
    this.settle(lane)
  }

  /** One of each academy, and again, until there are so many. */
  take(max: number): ReadonlyArray<Delivery> {
    const taken: Array<Delivery> = []
    for (const [lane, queue] of this.turns) {
      // Those that are put back come again at the end of this very iteration.
      if (taken.length === max) break
      this.turns.delete(lane)
      taken.push(...queue.splice(0, 1))
      if (queue.length > 0) this.turns.set(lane, queue)
    }
    if (this.turns.size === 0) this.filled.closeUnsafe()
    return taken
  }

  /** Takes out all that waits; it is held no longer. */
  evict(): ReadonlyArray<Delivery> {
    const waiting = [...this.turns.values()].flat()
    this.turns.clear()
    this.filled.closeUnsafe()
    for (const { event } of waiting) this.forget(event.id)
    return waiting
  }

  clear(): void {
    this.evict()
    for (const id of this.held.keys()) this.forget(id)
    this.backlogged = new Set()
  }
}

/** `handlers`: those that run in this process. For the others deliveries are written as well, without owner. */
export const layer = (handlers: ReadonlyArray<HandlerName>) =>
  Layer.effect(
    EventBus,
    Effect.gen(function*() {
      const random = yield* SecureRandom.SecureRandom
      const clock = yield* Clock.Clock
      const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
      let incarnation = Incarnation.make(yield* random.uuidV7())
      let closed = false
      const lines = new Map(handlers.map((handler) => [handler, new Line()]))
      const announced = Latch.makeUnsafe(false)

      return EventBus.of({
        incarnation: () => incarnation,
        reserve: (events) => {
          const owner = incarnation
          const reservedAt = now()
          const deliveries: Array<NewDelivery> = []
          for (const event of events) {
            for (const handler of subscribersOf(event.type, channelOf(event))) {
              const place = !closed && lines.get(handler)?.reserve(event.id, event.academyId, reservedAt) === true
              deliveries.push({ event, handler, owner: place ? owner : null })
            }
          }
          const giveBack = () => {
            for (const { event, handler, owner } of deliveries) {
              if (owner !== null) lines.get(handler)?.unreserve(event.id, event.academyId)
            }
          }
          return {
            deliveries,
            giveBack,
            take: () => {
              giveBack()
              // Too late, or after a restart: the rows are taken from the table.
              const isInTime = owner === incarnation && now() - reservedAt < commitWithin
              for (const delivery of deliveries) {
                if (delivery.owner === null) announced.openUnsafe()
                else if (isInTime) {
                  lines.get(delivery.handler)?.put({ ...delivery, owner, lease: 0, attempts: 0, takeovers: 0 })
                }
              }
            }
          }
        },
        take: Effect.fnUntraced(function*(handler, max) {
          const line = lines.get(handler)
          if (line === undefined) return yield* Effect.never
          while (true) {
            const batch = line.take(max)
            if (Arr.isReadonlyArrayNonEmpty(batch)) return batch
            yield* line.filled.await
            // Whoever opened the latch may be a command on its way out of COMMIT: let it go first.
            yield* Effect.yieldNow
          }
        }),
        room: (handler) => {
          const line = lines.get(handler)
          return closed || line === undefined ? { places: 0, full: [] } : { places: line.room, full: line.full }
        },
        limit: (handler, limit) => {
          const line = lines.get(handler)
          if (line === undefined) return []
          const less = limit < line.limit
          line.limit = Math.min(limit, places)
          return less ? line.evict() : []
        },
        backlogged: (handler, lanes) => {
          const line = lines.get(handler)
          if (line !== undefined) line.backlogged = new Set(lanes)
        },
        offer: (deliveries) => {
          for (const delivery of deliveries) lines.get(delivery.handler)?.put(delivery)
        },
        forget: (deliveries) => {
          for (const { event, handler, owner } of deliveries) {
            if (owner === incarnation) lines.get(handler)?.forget(event.id)
          }
        },
        holds: (eventId, handler) => lines.get(handler)?.has(eventId, now()) === true,
        size: () => Arr.reduce(lines.values(), 0, (sum, line) => sum + line.held.size),
        unowned: Effect.tap(announced.await, () => Effect.sync(() => announced.closeUnsafe())),
        close: () => {
          closed = true
        },
        restart: (next) => {
          incarnation = next
          for (const line of lines.values()) line.clear()
        }
      })
    })
  )
