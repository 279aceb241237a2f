/** What the table of deliveries keeps to: the one in PostgreSQL, and the model of it on which the engine is tested. */
import { expect, layer } from "@effect/vitest"
import { Context, Duration, Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import { FailedEventId, Incarnation } from "../../src/domain/Ids.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import { DeliveryStore, type Room } from "../../src/ports/DeliveryStore.ts"
import type { Delivery, Lane } from "../../src/ports/EventBus.ts"
import { academy, eventId, requested, several } from "../support/events.ts"

/** A row as a test puts it there. */
export interface Given {
  readonly event: DomainEvent
  readonly handler?: HandlerName
  readonly owner?: Incarnation
  readonly takeovers?: number
  readonly attempts?: number
  /** Seconds from now; negative ones have waited. */
  readonly dueIn?: number
  /** Seconds since it was claimed. */
  readonly claimedAgo?: number
}

/** A row as a test sees it. */
export interface Seen {
  readonly id: string
  readonly handler: string
  readonly owner: string | null
  readonly lease: number
  readonly attempts: number
  readonly takeovers: number
  /** Seconds until it is due, rounded up. */
  readonly dueIn: number
  readonly rules: ReadonlyArray<string>
}

export interface SeenFailed {
  readonly id: string
  readonly class: string
  readonly rule: string
  readonly fingerprint: string
  readonly rules: ReadonlyArray<string>
}

/** Behind the store's back; empty at the beginning of each test. */
export class Behind extends Context.Service<Behind, {
  readonly reset: Effect.Effect<void>
  readonly put: (rows: ReadonlyArray<Given>) => Effect.Effect<void>
  /** By event. */
  readonly rows: Effect.Effect<ReadonlyArray<Seen>>
  readonly failed: Effect.Effect<ReadonlyArray<SeenFailed>>
}>()("ams/test/Behind") {}

const handler = "ReadModelSync" as const
const self = Incarnation.make(randomUUID())
const other = Incarnation.make(randomUUID())
const nobody = Incarnation.make(randomUUID())

const room = (changed: Partial<Room> = {}): Room => ({ handler, places: 1000, each: 64, full: [], ...changed })
const holdsNothing = () => false
const ids = (deliveries: ReadonlyArray<{ readonly event: { readonly id: string } }>) =>
  deliveries.map(({ event }) => event.id)
const attempt = (number: number, rule = "test") => ({ number, class: "transient", rule, error: "no" }) as const
const of = (lane: Lane, count: number, from: number) =>
  Array.from({ length: count }, (_, n) => requested(from + n, lane))
const newFailed = () => FailedEventId.make(randomUUID())

export const deliveryStoreContract = <E>(name: string, stores: Layer.Layer<DeliveryStore | Behind, E>) =>
  layer(stores, { excludeTestServices: true })(`DeliveryStore, ${name}`, (it) => {
    const withStore = <A, E2>(
      body: (store: DeliveryStore["Service"], behind: Behind["Service"]) => Effect.Effect<A, E2>
    ) =>
      Effect.gen(function*() {
        const behind = yield* Behind
        yield* behind.reset
        const store = yield* DeliveryStore
        yield* store.join(self)
        yield* store.join(other)
        return yield* body(store, behind)
      })
    const claim = (store: DeliveryStore["Service"], rooms: Room = room(), suspect = true, as = self) =>
      store.claim(as, [rooms], suspect, holdsNothing)

    it.effect("claims due rows without owner, oldest first, each for one process", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([
            ...several(3).map((event) => ({ event })),
            { event: requested(7), dueIn: 60 },
            { event: requested(8), owner: other },
            { event: requested(9), handler: "Statistics" }
          ])
          const { crashed, deliveries, undecodable } = yield* claim(store)
          expect(ids(deliveries)).toEqual(ids(several(3).map((event) => ({ event }))))
          expect(deliveries[0]).toMatchObject({ owner: self, lease: 1, attempts: 0, takeovers: 0, handler })
          expect([undecodable, crashed]).toEqual([[], []])
          expect((yield* claim(store, room(), true, other)).deliveries).toEqual([])
        })
      ))

    it.effect("claims of many academies in turn: no more of one than asked for, all of them when places are few", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          const events = [...of(academy(1), 200, 0), ...of(academy(2), 3, 300), ...of(null, 100, 400)]
          yield* behind.put(events.map((event) => ({ event })))
          const count = (deliveries: ReadonlyArray<Delivery>, lane: Lane) =>
            deliveries.filter(({ event }) => event.academyId === lane).length
          const few = (yield* claim(store, room({ places: 9 }))).deliveries
          expect([academy(1), academy(2), null].map((lane) => count(few, lane))).toEqual([3, 3, 3])
          const many = (yield* claim(store)).deliveries
          expect([academy(1), academy(2), null].map((lane) => count(many, lane))).toEqual([64, 0, 64])
          expect(ids(many.filter(({ event }) => event.academyId === academy(1)))).toEqual(
            Array.from({ length: 64 }, (_, n) => eventId(3 + n))
          )
        })
      ))

    it.effect("claims nothing of academies that have enough, whoever they are", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([...of(academy(1), 2, 0), ...of(null, 2, 10), ...of(academy(2), 2, 20)].map((event) => ({
            event
          })))
          const { deliveries } = yield* claim(store, room({ full: [academy(1), null] }))
          expect(ids(deliveries)).toEqual([eventId(20), eventId(21)])
        })
      ))

    it.effect("takes over from the dead and counts it, not from the living", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([{ event: requested(1), owner: nobody }, { event: requested(2), owner: other }])
          const { deliveries } = yield* claim(store)
          expect(deliveries).toMatchObject([{ event: { id: eventId(1) }, takeovers: 1, lease: 1 }])
        })
      ))

    it.effect("finds own rows that were lost on their way into memory, after 5 s, and counts no take-over", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([
            { event: requested(1), owner: self, claimedAgo: 6 },
            { event: requested(2), owner: self, claimedAgo: 2 },
            { event: requested(3), owner: self, claimedAgo: 6 }
          ])
          const { deliveries } = yield* store.claim(self, [room()], true, (id) => id === eventId(3))
          expect(deliveries).toMatchObject([{ event: { id: eventId(1) }, takeovers: 0, lease: 1 }])
        })
      ))

    it.effect("leaves rows whose processes died twice to be taken alone, one at a time", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([1, 2].map((n) => ({ event: requested(n), owner: nobody, takeovers: 1 })))
          expect((yield* claim(store, room(), false)).deliveries).toEqual([])
          expect((yield* behind.rows).map(({ owner, takeovers }) => [owner, takeovers])).toEqual([[null, 2], [null, 2]])
          expect((yield* claim(store, room(), false)).deliveries).toEqual([])
          expect((yield* claim(store)).deliveries).toHaveLength(1)
          expect((yield* claim(store)).deliveries).toMatchObject([{ takeovers: 2 }])
        })
      ))

    it.effect("hands over what five processes died with, to be parked", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([{ event: requested(1), owner: nobody, takeovers: 4 }])
          const { crashed, deliveries } = yield* claim(store)
          expect([ids(deliveries), ids(crashed)]).toEqual([[], [eventId(1)]])
          const [one] = crashed
          if (one !== undefined) yield* store.park(one, newFailed(), attempt(1, "crashed"), "f")
          expect([yield* behind.rows, (yield* behind.failed).map(({ rule }) => rule)]).toEqual([[], ["crashed"]])
        })
      ))

    it.effect("changes nothing for one whose row was taken from it, whatever it says", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put(several(5).map((event) => ({ event })))
          const { deliveries } = yield* claim(store)
          const stale = deliveries.map((one) => ({ ...one, lease: one.lease - 1 }))
          const foreign = deliveries.map((one) => ({ ...one, owner: other }))
          const before = yield* behind.rows
          for (const list of [stale, foreign]) {
            yield* store.complete(list)
            yield* store.giveBack(list, Duration.zero)
            for (const one of list) {
              yield* store.postpone(one, attempt(1), Duration.zero, false)
              yield* store.park(one, newFailed(), attempt(1), "f")
            }
          }
          expect([yield* behind.rows, yield* behind.failed]).toEqual([before, []])
          yield* store.complete(deliveries)
          expect(yield* behind.rows).toEqual([])
        })
      ))

    it.effect("notes a failed attempt; the row stays, or is anybody's after the delay", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put(several(2).map((event) => ({ event })))
          const { deliveries } = yield* claim(store)
          const [kept, left] = deliveries
          if (kept === undefined || left === undefined) return yield* Effect.die("two were claimed")
          yield* store.postpone(kept, attempt(1, "one"), Duration.seconds(1), true)
          yield* store.postpone({ ...left, attempts: 0 }, attempt(1, "two"), Duration.seconds(60), false)
          expect(yield* behind.rows).toMatchObject([
            { owner: self, lease: 1, attempts: 1, rules: ["one"] },
            { owner: null, lease: 1, attempts: 1, dueIn: 60, rules: ["two"] }
          ])
        })
      ))

    it.effect("notes an attempt once, although it is asked twice since the answer was lost", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([{ event: requested(1) }])
          const [kept] = (yield* claim(store)).deliveries
          if (kept === undefined) return yield* Effect.die("one was claimed")
          for (const _ of [1, 2]) yield* store.postpone(kept, attempt(1, "one"), Duration.seconds(1), true)
          yield* store.postpone({ ...kept, attempts: 1 }, attempt(2, "two"), Duration.seconds(1), true)
          expect(yield* behind.rows).toMatchObject([{ owner: self, attempts: 2, rules: ["one", "two"] }])
        })
      ))

    it.effect("gives rows back with the attempts that they had, after a delay", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put(several(2).map((event) => ({ event, attempts: 2 })))
          yield* store.giveBack((yield* claim(store)).deliveries, Duration.seconds(30))
          expect(yield* behind.rows).toMatchObject([
            { owner: null, attempts: 2, dueIn: 30 },
            { owner: null, attempts: 2, dueIn: 30 }
          ])
        })
      ))

    it.effect("parks with all attempts, once for each pair, and says which is the first of its kind", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put(several(2).map((event) => ({ event })))
          const { deliveries } = yield* claim(store)
          const [one, two] = deliveries
          if (one === undefined || two === undefined) return yield* Effect.die("two were claimed")
          yield* store.postpone(one, attempt(1, "first"), Duration.zero, true)
          expect(yield* store.park(one, newFailed(), attempt(2, "second"), "same")).toBe(true)
          expect(yield* store.park(two, newFailed(), attempt(1, "second"), "same")).toBe(false)
          expect(yield* behind.rows).toEqual([])
          expect(yield* behind.failed).toMatchObject([
            { id: eventId(0), rule: "second", fingerprint: "same", rules: ["first", "second"] },
            { id: eventId(1), rule: "second", fingerprint: "same", rules: ["second"] }
          ])
        })
      ))

    it.effect("finds what has waited for too long, in nobody's hands", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          // As old as its id says.
          const old = { ...requested(1), occurredAt: 0x0196_0000_0000 }
          yield* behind.put([{ event: old, dueIn: 60 }, { event: { ...old, id: eventId(2) }, owner: other }])
          expect(yield* store.claimOverdue(self, handler, Duration.days(10_000), 10)).toEqual([])
          const overdue = yield* store.claimOverdue(self, handler, Duration.seconds(1), 10)
          expect(overdue).toMatchObject([{ event: { id: eventId(1) }, owner: self, lease: 1 }])
        })
      ))

    it.effect("knows who lives: silent ones are buried, and who is buried hears of it", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          expect(yield* store.bury(self, Duration.seconds(60))).toEqual([])
          expect(yield* store.beat(other, [handler])).toBe(true)
          const silent = store.bury(self, Duration.zero)
          const buried = yield* Effect.repeat(silent, { until: ({ length }) => length > 0 })
          expect(buried.map(({ incarnation }) => incarnation)).toEqual([other])
          expect(yield* store.beat(other, [])).toBe(false)
          expect(yield* store.beat(self, [])).toBe(true)
          yield* behind.put([{ event: requested(1), owner: self, dueIn: 5 }])
          expect(yield* store.leave(self)).toBe(1)
          expect(yield* behind.rows).toMatchObject([{ owner: null, takeovers: 0, lease: 0, dueIn: 0 }])
          expect(yield* store.nodes).toEqual([])
        })
      ))

    it.effect("tells the backlog by handler, of one academy or of all", () =>
      withStore((store, behind) =>
        Effect.gen(function*() {
          yield* behind.put([
            ...of(academy(1), 3, 0).map((event) => ({ event })),
            ...of(academy(2), 1, 10).map((event) => ({ event, dueIn: 60 })),
            ...of(academy(2), 1, 20).map((event) => ({ event, handler: "Statistics" as const }))
          ])
          const all = yield* store.backlog(null)
          expect(all.map(({ handler, open, postponed }) => [handler, open, postponed])).toEqual([
            ["ReadModelSync", 4, 1],
            ["Statistics", 1, 0]
          ])
          expect(all[0]?.oldestSeconds).toBeGreaterThan(0)
          expect((yield* store.backlog(academy(1))).map(({ handler, open }) => [handler, open])).toEqual([[
            "ReadModelSync",
            3
          ]])
        })
      ))
  })
