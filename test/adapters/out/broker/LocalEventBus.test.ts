import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as LocalEventBus from "../../../../src/adapters/out/broker/LocalEventBus.ts"
import { Incarnation } from "../../../../src/domain/Ids.ts"
import { type Delivery, EventBus } from "../../../../src/ports/EventBus.ts"
import { academy, eventId, requested, several } from "../../../support/events.ts"

/** One handler runs here; Statistics hears of the same events, but elsewhere. */
const local = LocalEventBus.layer(["ReadModelSync"]).pipe(Layer.provide(SecureRandom.layerWebCrypto))
const withBus = <A, E>(body: (bus: EventBus["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(EventBus, body).pipe(Effect.provide(local))

const next = Incarnation.make("01960000-0000-7000-8000-00000000ffff")
const ids = (deliveries: ReadonlyArray<Delivery>) => deliveries.map((one) => one.event.id)
const take = (bus: EventBus["Service"], max = 100) => bus.take("ReadModelSync", max)
const room = (bus: EventBus["Service"]) => bus.room("ReadModelSync").places
/** Events of as many academies as it takes for each to have a place. */
const ofMany = (count: number) => Array.from({ length: count }, (_, n) => requested(1 + n, academy(Math.floor(n / 64))))
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
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(true)
        reservation.take()
        expect(room(bus)).toBe(LocalEventBus.places - 1)
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(true)
        expect(bus.size()).toBe(1)
        const [delivery] = yield* take(bus)
        expect(delivery).toMatchObject({
          handler: "ReadModelSync",
          owner: bus.incarnation(),
          lease: 0,
          attempts: 0,
          takeovers: 0
        })
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

  it.effect("and lost when COMMIT is not answered for 5 s: what it wrote is left to the table", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        const reservation = bus.reserve([requested(1)])
        yield* TestClock.adjust("4999 millis")
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(true)
        yield* TestClock.adjust("1 millis")
        expect(bus.holds(eventId(1), "ReadModelSync")).toBe(false)
        reservation.take()
        expect([room(bus), bus.size()]).toEqual([LocalEventBus.places, 0])
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
        const reservation = bus.reserve([...ofMany(LocalEventBus.places), requested(0)])
        const here = reservation.deliveries.filter((one) => one.handler === "ReadModelSync")
        expect(here.filter((one) => one.owner === null).map((one) => one.event.id)).toEqual([eventId(0)])
        reservation.take()
        expect(yield* announced(bus)).toBe(true)
        expect([bus.size(), room(bus)]).toEqual([LocalEventBus.places, 0])
        expect(owners(bus)).toEqual([null])
      })
    ))

  it.effect("end as soon as something has left: being handled is no place yet, being forgotten is one", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(ofMany(LocalEventBus.places)).take()
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
        bus.reserve(ofMany(LocalEventBus.places)).take()
        const claimed = {
          event: requested(5000),
          handler: "ReadModelSync",
          owner: bus.incarnation(),
          lease: 3,
          attempts: 2,
          takeovers: 1
        } as const
        bus.offer([claimed])
        expect(room(bus)).toBe(0)
        expect(yield* take(bus, LocalEventBus.places + 1)).toContainEqual(claimed)
      })
    ))
})

describe("academies", () => {
  const [one, two, three] = [academy(1), academy(2), academy(3)]
  const of = (lane: typeof one, count: number, from: number) =>
    Array.from({ length: count }, (_, n) => requested(from + n, lane))
  const placed = (bus: EventBus["Service"], events: ReturnType<typeof several>) =>
    bus.reserve(events).deliveries.filter(({ handler, owner }) => handler === "ReadModelSync" && owner !== null)

  it.effect("have 64 places each, whatever another one does", () =>
    withBus((bus) =>
      Effect.sync(() => {
        expect(placed(bus, of(one, 1000, 0))).toHaveLength(64)
        expect(placed(bus, of(two, 10, 2000))).toHaveLength(10)
      })
    ))

  it.effect("are served in turn, each oldest first", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(of(one, 5, 0)).take()
        bus.reserve(of(two, 1, 10)).take()
        bus.reserve(of(three, 2, 20)).take()
        expect(ids(yield* take(bus, 2))).toEqual([0, 10].map(eventId))
        expect(ids(yield* take(bus, 3))).toEqual([20, 1, 21].map(eventId))
        expect(ids(yield* take(bus))).toEqual([2, 3, 4].map(eventId))
      })
    ))

  it.effect("of which rows wait in the table get no places for new ones until the next look", () =>
    withBus((bus) =>
      Effect.sync(() => {
        bus.backlogged("ReadModelSync", [one])
        expect([placed(bus, of(one, 1, 0)).length, placed(bus, of(two, 1, 1)).length]).toEqual([0, 1])
        bus.backlogged("ReadModelSync", [])
        expect(placed(bus, of(one, 1, 2))).toHaveLength(1)
      })
    ))

  it.effect("with half of their places taken are named: they have enough", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(of(one, 32, 0)).take()
        bus.reserve(of(two, 31, 100)).take()
        expect(bus.room("ReadModelSync").full).toEqual([one])
        bus.forget(yield* take(bus, 1))
        expect(bus.room("ReadModelSync").full).toEqual([])
      })
    ))
})

describe("a limit", () => {
  it.effect("of none takes out what waits and leaves what is being handled; new ones are born without owner", () =>
    withBus((bus) =>
      Effect.gen(function*() {
        bus.reserve(several(3)).take()
        const inHand = yield* take(bus, 1)
        expect(ids(bus.limit("ReadModelSync", 0))).toEqual([eventId(1), eventId(2)])
        expect([bus.holds(eventId(0), "ReadModelSync"), bus.holds(eventId(1), "ReadModelSync")]).toEqual([true, false])
        expect(room(bus)).toBe(0)
        const reservation = bus.reserve([requested(9)])
        expect(reservation.deliveries.map(({ owner }) => owner)).toEqual([null, null])
        reservation.giveBack()
        bus.forget(inHand)
        expect(bus.limit("ReadModelSync", 1)).toEqual([])
        expect(room(bus)).toBe(1)
        expect(bus.limit("ReadModelSync", Number.POSITIVE_INFINITY)).toEqual([])
        expect(room(bus)).toBe(LocalEventBus.places)
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
