import { assert, describe, expect, layer } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import { slotOf } from "../../../../src/adapters/out/postgres/Slots.ts"
import { EventId, FailedEventId, Incarnation } from "../../../../src/domain/Ids.ts"
import { someAcademy } from "../../../support/failedEvents.ts"
import { atTerminal, audit, deliveriesOf, managerOf, nobody, state, Stores } from "./failedEvents.ts"

layer(Stores.layer, { excludeTestServices: true })("the failed events in PostgreSQL", (it) => {
  describe("are found", () => {
    it.effect("newest first, page after page", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const academyId = someAcademy()
        const ids = yield* Effect.forEach([1, 2, 3, 4, 5], () => Effect.map(plant({ academyId }), ({ id }) => id))
        const newest = ids.toReversed()
        const page = (limit: number, after?: FailedEventId) =>
          Effect.map(
            store.list({ academyId }, { limit, ...(after === undefined ? {} : { after }) }),
            (events) => events.map(({ id }) => id)
          )
        assert.deepStrictEqual(yield* page(10), newest)
        assert.deepStrictEqual(yield* page(2), newest.slice(0, 2))
        assert.deepStrictEqual(yield* page(2, newest[1]), newest.slice(2, 4))
        assert.deepStrictEqual(yield* page(2, newest[4]), [])
      }))

    it.effect("by everything that a filter names, and only where all of it fits", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const academyId = someAcademy()
        const now = yield* DateTime.now
        const wanted = yield* plant({
          academyId,
          handler: "Statistics",
          eventType: "StudentEnrolled",
          class: "transient",
          fingerprint: "Statistics:mongodb-network@a.ts",
          age: 3600
        })
        const other = yield* plant({ academyId })
        yield* plant({ academyId: someAcademy() })
        const filters = [
          { handler: "Statistics" },
          { eventType: "StudentEnrolled" },
          { class: "transient" },
          { fingerprint: "Statistics:mongodb-network@a.ts" },
          { failedBefore: DateTime.subtract(now, { minutes: 30 }) },
          { failedFrom: DateTime.subtract(now, { minutes: 90 }), failedBefore: now, handler: "Statistics" }
        ] as const
        for (const filter of filters) {
          const found = yield* store.list({ academyId, ...filter }, { limit: 10 })
          assert.deepStrictEqual(found.map(({ id }) => id), [wanted.id], JSON.stringify(filter))
        }
        const late = yield* store.list({ academyId, failedFrom: DateTime.subtract(now, { minutes: 30 }) }, {
          limit: 10
        })
        assert.deepStrictEqual(late.map(({ id }) => id), [other.id])
        assert.deepStrictEqual(yield* store.list({ academyId, status: "RESOLVED" }, { limit: 10 }), [])
        assert.lengthOf(yield* store.list({ academyId, status: "OPEN", class: "transient" }, { limit: 10 }), 1)
        assert.deepStrictEqual(
          yield* store.list({ academyId, class: "transient", handler: "SendMessage:SMS" }, { limit: 10 }),
          []
        )
      }))

    it.effect("one by its id, at its own academy only", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const academyId = someAcademy()
        const { eventId, id } = yield* plant({ academyId, class: "transient", redriveIn: 60 })
        const found = Option.getOrThrow(yield* store.find(academyId, id))
        expect(found).toMatchObject({ id, eventId, class: "transient", attempts: [{ number: 1 }], traceparent: null })
        assert.isNotNull(found.nextRedriveAt)
        assert.deepStrictEqual(yield* store.find(null, id), Option.some(found))
        assert.isTrue(Option.isNone(yield* store.find(someAcademy(), id)))
        assert.isTrue(Option.isNone(yield* store.find(null, nobody)))
      }))

    it.effect("in groups of one cause, the largest first, with the latest as a sample", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const handler = "Notifications"
        const [a, b] = [someAcademy(), someAcademy()]
        yield* plant({ handler, academyId: a, fingerprint: "Notifications:x", rule: "x", error: "first", age: 50 })
        const latest = yield* plant({ handler, academyId: b, fingerprint: "Notifications:x", rule: "x", error: "last" })
        yield* plant({ handler, academyId: b, fingerprint: "Notifications:x", rule: "x", status: "REPLAYING", age: 90 })
        yield* plant({ handler, academyId: b, fingerprint: "Notifications:x", rule: "x", status: "RESOLVED" })
        const alone = yield* plant({ handler, academyId: a, fingerprint: "Notifications:y", rule: "y" })
        const groups = yield* store.groups({ academyId: null, handler })
        expect(groups).toMatchObject([
          {
            fingerprint: "Notifications:x",
            handler,
            rule: "x",
            count: 3,
            academies: 2,
            sample: latest.id,
            error: "last"
          },
          { fingerprint: "Notifications:y", rule: "y", count: 1, academies: 1, sample: alone.id }
        ])
        const [largest] = groups
        assert.isTrue(largest !== undefined && DateTime.isLessThan(largest.firstFailedAt, largest.lastFailedAt))
        expect(yield* store.groups({ academyId: a, handler })).toMatchObject([{ count: 1 }, { count: 1 }])
      }))

    it.effect("in a preview: to be changed, of these too late to be told, under way, done", () =>
      Effect.gen(function*() {
        const { plant, sql, store } = yield* Stores
        const academyId = someAcademy()
        const message = Effect.fnUntraced(function*(minutes: number) {
          const messageId = randomUUID()
          yield* sql`insert into message (id, academy_id, recipient_id, status, deliver_by)
            values (${messageId}, ${academyId}, ${academyId}, 'PLANNED', now() + ${minutes} * interval '1 minute')`
          return { messageId }
        })
        // What a message refers to is somebody else's test.
        yield* sql`alter table message drop constraint message_academy_id_fkey, drop constraint message_recipient_id_fkey`
        yield* plant({ academyId, payload: yield* message(-1) })
        yield* plant({ academyId, payload: yield* message(10) })
        yield* plant({ academyId, handler: "Statistics", payload: yield* message(-1) })
        yield* plant({ academyId, payload: yield* message(-1), status: "REPLAYING" })
        yield* plant({ academyId, status: "RESOLVED" })
        yield* plant({ academyId, status: "DISCARDED" })
        assert.deepStrictEqual(yield* store.preview({ academyId }), { open: 3, expired: 1, replaying: 1, done: 2 })
        assert.deepStrictEqual(yield* store.preview({ academyId: someAcademy() }), {
          open: 0,
          expired: 0,
          replaying: 0,
          done: 0
        })
      }))

    it.effect("counted, while they are OPEN", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const academyId = someAcademy()
        const before = yield* store.countOpen(null)
        yield* Effect.all([plant({ academyId }), plant({ academyId }), plant({ academyId, status: "REPLAYING" })])
        assert.strictEqual(yield* store.countOpen(academyId), 2)
        assert.strictEqual(yield* store.countOpen(null), before + 2)
      }))
  })

  describe("one at a time", () => {
    it.effect("replay makes one delivery of it, however many ask at once, and says who did it", () =>
      Effect.gen(function*() {
        const { other, plant, store } = yield* Stores
        const academyId = someAcademy()
        const by = managerOf(academyId)
        const { eventId, id } = yield* plant({ academyId, class: "transient", redriveIn: 60 })
        const asked = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? store : other).replay(by, id))
        const won = yield* Effect.all(asked, { concurrency: "unbounded" })
        assert.lengthOf(won.filter((one) => one), 1)
        assert.deepStrictEqual(yield* deliveriesOf(eventId), [{
          handler: "SendMessage:SMS",
          owner: null,
          inItsSlot: true
        }])
        assert.deepStrictEqual(yield* state(id), {
          status: "REPLAYING",
          reason: null,
          replays: 1,
          redrives: 0,
          redriven: false
        })
        assert.deepStrictEqual(yield* audit(`failed_event/${id}`), [
          { action: "failed-event.replay", channel: "API", actor: by.actorId, academy: academyId, reason: null }
        ])
      }))

    it.effect("a replayed one lies where its handler looks for it, whatever the second in which its event was made", () =>
      Effect.gen(function*() {
        const { sql } = yield* Stores
        for (const millis of [0, 29_500, 30_000, 59_499, 59_500, 59_999]) {
          const made = (1_700_000_040_000 + millis).toString(16).padStart(12, "0")
          const id = EventId.make(`${made.slice(0, 8)}-${made.slice(8)}-7000-8000-000000000000`)
          const [row] = yield* sql<{ slot: number }>`select delivery_slot(${id})::int as slot`
          assert.strictEqual(row?.slot, slotOf(id), String(millis))
        }
      }))

    it.effect("discard keeps the reason, in the row and in the audit", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const { eventId, id } = yield* plant({ class: "transient", redriveIn: -1 })
        assert.isTrue(yield* store.discard(atTerminal, id, "sent by hand"))
        expect(yield* state(id)).toMatchObject({ status: "DISCARDED", reason: "sent by hand", redriven: false })
        assert.deepStrictEqual(yield* deliveriesOf(eventId), [])
        assert.deepStrictEqual(yield* audit(`failed_event/${id}`), [
          { action: "failed-event.discard", channel: "CLI", actor: null, academy: null, reason: "sent by hand" }
        ])
      }))

    it.effect("what is not OPEN, or of another academy, is neither replayed nor discarded, and nothing is written of it", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const academyId = someAcademy()
        for (const status of ["REPLAYING", "RESOLVED", "DISCARDED"] as const) {
          const { eventId, id } = yield* plant({ academyId, status })
          assert.isFalse(yield* store.replay(atTerminal, id))
          assert.isFalse(yield* store.discard(atTerminal, id, "why"))
          expect(yield* state(id)).toMatchObject({ status, replays: 0, reason: null })
          assert.deepStrictEqual([yield* deliveriesOf(eventId), yield* audit(`failed_event/${id}`)], [[], []])
        }
        const { id } = yield* plant({ academyId })
        const stranger = managerOf(someAcademy())
        assert.isFalse(yield* store.replay(stranger, id))
        assert.isFalse(yield* store.discard(stranger, id, "why"))
        assert.isFalse(yield* store.replay(atTerminal, nobody))
        expect(yield* state(id)).toMatchObject({ status: "OPEN" })
        assert.deepStrictEqual(yield* audit(`failed_event/${id}`), [])
      }))

    it.effect("a replay that fails adds its attempts to the same row; one that succeeds ends it for ever", () =>
      Effect.gen(function*() {
        const { deliveries, plant, store } = yield* Stores
        const { id } = yield* plant()
        const self = Incarnation.make(randomUUID())
        const claimed = Effect.gen(function*() {
          assert.isTrue(yield* store.replay(atTerminal, id))
          const rooms = [{ handler: "SendMessage:SMS", places: 100, each: 100, full: [] }] as const
          const found = yield* deliveries.claim(self, rooms, false, () => true)
          const { eventId } = Option.getOrThrow(yield* store.find(null, id))
          return found.deliveries.find(({ event }) => event.id === eventId) ?? (yield* Effect.die("not claimed"))
        })
        const lost = { number: 1, class: "unknown", rule: "reset", error: "no answer" } as const
        yield* deliveries.park(yield* claimed, FailedEventId.make(randomUUID()), lost, "SendMessage:reset")
        // The handler looks before it does it again, and nobody else will.
        assert.isNotNull(Option.getOrThrow(yield* store.find(null, id)).nextRedriveAt)
        const attempt = { number: 1, class: "transient", rule: "http-503", error: "busy" } as const
        yield* deliveries.park(yield* claimed, FailedEventId.make(randomUUID()), attempt, "SendMessage:http-503")
        const failedAgain = Option.getOrThrow(yield* store.find(null, id))
        expect(failedAgain).toMatchObject({ status: "OPEN", replays: 2, class: "transient", rule: "http-503" })
        assert.deepStrictEqual(failedAgain.attempts.map(({ rule }) => rule), ["http-400", "reset", "http-503"])

        yield* deliveries.complete([yield* claimed])
        expect(yield* state(id)).toMatchObject({ status: "RESOLVED", replays: 3, redriven: false })
        assert.isFalse(yield* store.replay(atTerminal, id))
        assert.deepStrictEqual(yield* deliveriesOf(failedAgain.eventId), [])
      }))
  })

  describe("by the system itself", () => {
    it.effect("those are given again whose time has come, the longest due first, without an audit entry", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const first = yield* plant({ class: "transient", redriveIn: -9000, redrives: 2 })
        const second = yield* plant({ class: "transient", redriveIn: -8000 })
        const later = yield* plant({ class: "transient", redriveIn: 3600 })
        const never = yield* plant({ class: "transient", redrives: 5 })
        assert.strictEqual(yield* store.redrive(1), 1)
        assert.deepStrictEqual(yield* state(first.id), {
          status: "REPLAYING",
          reason: null,
          replays: 0,
          redrives: 3,
          redriven: false
        })
        expect(yield* state(second.id)).toMatchObject({ status: "OPEN" })
        assert.strictEqual(yield* store.redrive(100), 1)
        expect(yield* state(second.id)).toMatchObject({ status: "REPLAYING", redrives: 1 })
        assert.lengthOf(yield* deliveriesOf(second.eventId), 1)
        assert.strictEqual(yield* store.redrive(100), 0)
        for (const { eventId, id } of [later, never]) {
          expect(yield* state(id)).toMatchObject({ status: "OPEN" })
          assert.deepStrictEqual([yield* deliveriesOf(eventId), yield* audit(`failed_event/${id}`)], [[], []])
        }
        assert.deepStrictEqual(yield* audit(`failed_event/${first.id}`), [])
      }))

    it.effect("two processes that look at once give none twice", () =>
      Effect.gen(function*() {
        const { other, plant, store } = yield* Stores
        const planted = yield* Effect.forEach(
          Array.from({ length: 40 }),
          () => plant({ class: "transient", redriveIn: -1 }),
          { concurrency: 4 }
        )
        const given = yield* Effect.all(
          Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? store : other).redrive(5)),
          { concurrency: "unbounded" }
        )
        const rest = yield* store.redrive(100)
        assert.strictEqual(given.reduce((sum, one) => sum + one, rest), 40)
        for (const { eventId, id } of planted) {
          expect(yield* state(id)).toMatchObject({ status: "REPLAYING", redrives: 1 })
          assert.lengthOf(yield* deliveriesOf(eventId), 1)
        }
      }))

    it.effect("once a circuit has closed, what its handler would be given some time is due at once", () =>
      Effect.gen(function*() {
        const { plant, store } = yield* Stores
        const handler = "ReadModelSync"
        const waiting = yield* plant({ handler, class: "transient", redriveIn: 7200, redrives: 3 })
        const lostAnswer = yield* plant({ handler, class: "unknown" })
        const onlyForTheCircuit = yield* plant({ handler, class: "transient" })
        const permanent = yield* plant({ handler })
        const triedEnough = yield* plant({ handler, class: "transient", redrives: 5 })
        const others = yield* plant({ handler: "Statistics", class: "transient", redriveIn: 7200 })
        yield* store.redriveSoon(handler)
        const failedSince = yield* plant({ handler, class: "transient", redriveIn: 60 })
        assert.strictEqual(yield* store.redrive(100), 3)
        for (const { id } of [waiting, lostAnswer, onlyForTheCircuit]) {
          expect(yield* state(id)).toMatchObject({ status: "REPLAYING" })
        }
        for (const { id } of [permanent, triedEnough, others, failedSince]) {
          expect(yield* state(id)).toMatchObject({ status: "OPEN" })
        }
      }))
  })
})
