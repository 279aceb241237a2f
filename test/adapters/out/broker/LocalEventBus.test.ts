import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import * as LocalEventBus from "../../../../src/adapters/out/broker/LocalEventBus.ts"
import { Incarnation } from "../../../../src/domain/Ids.ts"
import { type Delivery, EventBus } from "../../../../src/ports/EventBus.ts"
import { eventId, requested, several } from "../../../support/events.ts"

/** One handler runs here; Statistics hears of the same events, but elsewhere. */
const local = LocalEventBus.layer(["ReadModelSync"]).pipe(Layer.provide(SecureRandom.layerWebCrypto))
const withBus = <A, E>(body: (bus: EventBus["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(EventBus, body).pipe(Effect.provide(local))

const next = Incarnation.make("01960000-0000-7000-8000-00000000ffff")
const ids = (deliveries: ReadonlyArray<Delivery>) => deliveries.map((one) => one.event.id)
const take = (bus: EventBus["Service"], max = 100) => bus.take("ReadModelSync", max)
const room = (bus: EventBus["Service"]) => bus.room("ReadModelSync")
/** Lets every fiber go as far as it can. */
const settle = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

/** Has somebody been told that there are deliveries without owner? */
const announced = Effect.fnUntraced(function*(bus: EventBus["Service"]) {
  const heard = yield* Effect.forkChild(bus.unowned)
  yield* settle
  const is = heard.pollUnsafe() !== undefined
  yield* Fiber.interrupt(heard)
  return is
})

describe("a place is reserved before the insert", () => {
  it.effect("and taken after the commit", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const reservation = bus.reserve([requested(1)])
        expect(room(bus)).toBe(LocalEventBus.places - 1)
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(false)
        reservation.take()
        expect(room(bus)).toBe(LocalEventBus.places - 1)
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(true)
        expect(bus.size()).toBe(1)
        const [delivery] = yield* take(bus)
        expect(delivery).toMatchObject({ handler: "ReadModelSync", owner: bus.incarnation(), lease: 0, attempts: 0 })
      })
    ))

  it.effect("and given back after a rollback: nothing comes of it", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(3)).giveBack()
        expect([room(bus), bus.size()]).toEqual([LocalEventBus.places, 0])
        bus.reserve([requested(9)]).take()
        expect(ids(yield* take(bus))).toEqual([eventId(9)])
      })
    ))

  it.effect("one for each handler of this process; the others' deliveries are born without owner and announced", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const reservation = bus.reserve([requested(1)])
        expect(reservation.deliveries.map(({ handler, owner }) => [handler, owner]))
          .toEqual([["ReadModelSync", bus.incarnation()], ["Statistics", null]])
        expect(yield* announced(bus)).toBe(false)
        reservation.take()
        expect(yield* announced(bus)).toBe(true)
        // Once heard, it is quiet until the next one.
        expect(yield* announced(bus)).toBe(false)
      })
    ))
})

describe("deliveries without owner", () => {
  const owners = (bus: EventBus["Service"]) =>
    bus.reserve([requested(1)]).deliveries.filter((one) => one.handler === "ReadModelSync").map((one) => one.owner)

  it.effect("are all those of a closed bus, and they are announced", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.close()
        expect(room(bus)).toBe(0)
        expect(owners(bus)).toEqual([null])
        bus.reserve([requested(2)]).take()
        expect(yield* announced(bus)).toBe(true)
        expect(bus.size()).toBe(0)
      })
    ))

  it.effect("are those for which a full bus has no place, and they are announced", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const reservation = bus.reserve(several(LocalEventBus.places + 1))
        const here = reservation.deliveries.filter((one) => one.handler === "ReadModelSync")
        expect(here.filter((one) => one.owner === null).map((one) => one.event.id)).toEqual([
          eventId(LocalEventBus.places)
        ])
        reservation.take()
        expect(yield* announced(bus)).toBe(true)
        expect([bus.size(), room(bus)]).toEqual([LocalEventBus.places, 0])
        expect(owners(bus)).toEqual([null])
      })
    ))

  it.effect("end as soon as something has left: being handled is no place yet, being forgotten is one", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(LocalEventBus.places)).take()
        const batch = yield* take(bus, 1)
        expect(owners(bus)).toEqual([null])
        bus.forget(batch)
        expect(owners(bus)).toEqual([bus.incarnation()])
      })
    ))
})

describe("taking", () => {
  it.effect("gives the oldest first, no more than asked for", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(3)).take()
        bus.reserve(several(2, 3)).take()
        expect(ids(yield* take(bus, 2))).toEqual([eventId(0), eventId(1)])
        expect(ids(yield* take(bus, 100))).toEqual([eventId(2), eventId(3), eventId(4)])
      })
    ))

  it.effect("waits until there is something, and then one of those who wait gets it", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const waiting = yield* Effect.all([Effect.forkChild(take(bus)), Effect.forkChild(take(bus))])
        const taken = () => waiting.filter((fiber) => fiber.pollUnsafe() !== undefined)
        yield* settle
        expect(taken()).toEqual([])
        bus.reserve([requested(1)]).take()
        yield* settle
        expect(taken()).toHaveLength(1)
        bus.reserve([requested(2)]).take()
        expect((yield* Fiber.joinAll(waiting)).map(ids).flat().sort()).toEqual([eventId(1), eventId(2)])
      })
    ))

  it.effect("gives together what one transaction wrote, and not within that transaction's own step", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const waiting = yield* Effect.forkChild(take(bus))
        yield* settle
        bus.reserve(several(3)).take()
        expect(waiting.pollUnsafe()).toBeUndefined()
        expect(ids(yield* Fiber.join(waiting))).toEqual([eventId(0), eventId(1), eventId(2)])
      })
    ))

  it.effect("for a handler that does not run here waits for ever", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const waiting = yield* Effect.forkChild(bus.take("Statistics", 1))
        bus.reserve([requested(1)]).take()
        yield* settle
        expect(waiting.pollUnsafe()).toBeUndefined()
      })
    ))

  it.effect("finds what was claimed from the table, also beyond the limit", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(LocalEventBus.places)).take()
        const claimed = {
          event: requested(5000),
          handler: "ReadModelSync",
          owner: bus.incarnation(),
          lease: 3,
          attempts: 2
        } as const
        bus.offer([claimed])
        expect(room(bus)).toBe(0)
        expect((yield* take(bus, LocalEventBus.places + 1)).at(-1)).toEqual(claimed)
      })
    ))
})

describe("a restart as another incarnation", () => {
  it.effect("drops everything in memory", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(3)).take()
        yield* take(bus, 1)
        bus.restart(next)
        expect([bus.incarnation(), bus.size(), room(bus)]).toEqual([next, 0, LocalEventBus.places])
        expect(bus.holds(eventId(2), "ReadModelSync")).toBe(false)
        bus.reserve([requested(7)]).take()
        expect((yield* take(bus)).map((one) => [one.event.id, one.owner])).toEqual([[eventId(7), next]])
      })
    ))

  it.effect("leaves nothing for a reservation from before to take, but its places", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const reservation = bus.reserve([requested(1)])
        bus.restart(next)
        reservation.take()
        expect([bus.size(), room(bus)]).toEqual([0, LocalEventBus.places])
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(false)
      })
    ))

  it.effect("forgets nothing when the former incarnation's delivery ends", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve([requested(1)]).take()
        const before = yield* take(bus)
        bus.restart(next)
        bus.offer(before.map((one) => ({ ...one, owner: next, lease: 1 })))
        bus.forget(before)
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(true)
      })
    ))
})
