import { assert, expect, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as PostgresEventStory from "../../../../src/adapters/out/postgres/PostgresEventStory.ts"
import { AcademyId, EventId } from "../../../../src/domain/Ids.ts"
import { EventStory } from "../../../../src/ports/EventStory.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const academyId = AcademyId.make(randomUUID())
const otherId = AcademyId.make(randomUUID())
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/** An event as a unit of work writes it; `age` is PostgreSQL's interval. */
const written = Effect.fnUntraced(function*(
  type: string,
  given: { readonly academy?: AcademyId | null; readonly payload?: unknown; readonly age?: string } = {}
) {
  const sql = yield* SqlClient.SqlClient
  const aggregateId = randomUUID()
  const academy = given.academy === undefined ? academyId : given.academy
  const [row] = yield* sql<{ id: string }>`
    insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at,
      traceparent, payload)
    values (uuidv7(-(${given.age ?? "0"}::interval)), ${type}, 1, ${academy}, 'attendance', ${aggregateId}, 3,
      '2026-11-22T09:00:00Z', ${traceparent}, ${JSON.stringify(given.payload ?? {})}::jsonb)
    returning id`
  return { id: EventId.make(row?.id ?? ""), aggregateId }
})

const attempt = (number: number) => ({
  number,
  at: `2026-11-22T09:00:0${number}.000Z`,
  class: "transient",
  rule: "http-503",
  error: "Service Unavailable"
})

const waiting = Effect.fnUntraced(function*(
  eventId: EventId,
  handler: string,
  given: { readonly owner?: string; readonly history?: ReadonlyArray<unknown> } = {}
) {
  const sql = yield* SqlClient.SqlClient
  const history = given.history ?? []
  yield* sql`insert into event_delivery (event_id, handler, slot, academy_id, owner, attempts, takeovers, history)
    values (${eventId}, ${handler}, delivery_slot(${eventId}), ${academyId}, ${given.owner ?? null}::uuid,
      ${history.length}, 1, ${JSON.stringify(history)}::jsonb)`
})

const parked = Effect.fnUntraced(function*(eventId: EventId, handler: string, status: string, attempts = 2) {
  const sql = yield* SqlClient.SqlClient
  const list = Array.from({ length: attempts }, (_, n) => attempt(n + 1))
  yield* sql`insert into failed_event (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint,
      attempts, first_failed_at, last_failed_at, status)
    values (uuidv7(), ${eventId}, ${handler}, ${academyId}, 'AttendanceConfirmed', 'transient', 'http-503',
      'Service Unavailable', 'f', ${JSON.stringify(list)}::jsonb, now(), now(), ${status})`
})

const storyOf = Effect.fnUntraced(function*(id: EventId, academy: AcademyId | null = null) {
  const stories = yield* EventStory
  return Option.getOrUndefined(yield* stories.of(academy, id))
})

/** As tuples: handler, state, failed attempts. */
const deliveriesOf = Effect.fnUntraced(function*(id: EventId) {
  const story = yield* storyOf(id)
  return story?.deliveries.map(({ attempts, handler, state }) => [handler, state, attempts])
})

layer(PostgresEventStory.layer.pipe(Layer.provideMerge(freshDatabase)), { excludeTestServices: true })(
  "the story of an event on PostgreSQL",
  (it) => {
    it.effect("tells the event itself, whole", () =>
      Effect.gen(function*() {
        const payload = { sessionId: randomUUID(), status: "PRESENT" }
        const { aggregateId, id } = yield* written("AttendanceConfirmed", { payload })
        expect(yield* storyOf(id)).toMatchObject({
          event: {
            id,
            type: "AttendanceConfirmed",
            version: 1,
            academyId,
            aggregate: { type: "attendance", id: aggregateId, version: 3 },
            occurredAt: new Date("2026-11-22T09:00:00Z"),
            actor: null,
            correlationId: null,
            traceparent,
            payload
          },
          together: [],
          failed: [],
          messages: []
        })
      }))

    it.effect("is told to its academy and to whoever may see all, and to nobody else", () =>
      Effect.gen(function*() {
        const { id } = yield* written("AttendanceConfirmed")
        const { id: ofNone } = yield* written("MemberCreated", { academy: null })
        assert.isDefined(yield* storyOf(id, academyId))
        assert.isDefined(yield* storyOf(id, null))
        assert.isUndefined(yield* storyOf(id, otherId))
        assert.isDefined(yield* storyOf(ofNone, null))
        assert.isUndefined(yield* storyOf(ofNone, academyId))
        assert.isUndefined(yield* storyOf(EventId.make(randomUUID())))
      }))

    it.effect("names what the same transaction wrote besides, and nothing of another one", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* written("ClassCreated")
        const [first, second] = yield* sql.withTransaction(
          Effect.all([written("ClassCreated"), written("SessionsPlanned")])
        )
        yield* written("SessionsPlanned")
        expect((yield* storyOf(first.id))?.together).toEqual([
          { id: second.id, type: "SessionsPlanned", aggregateId: second.aggregateId }
        ])
        expect((yield* storyOf(second.id))?.together.map(({ id }) => id)).toEqual([first.id])
      }))

    it.effect("looks for them in no more than the seconds around, so that it reads no whole month", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [near] = yield* sql.withTransaction(
          Effect.all([written("ClassCreated", { age: "9 seconds" }), written("ClassCreated", { age: "11 seconds" })])
        )
        const { id } = yield* written("ClassCreated")
        yield* sql`update event set transaction = (select transaction from event where id = ${near.id}) where id = ${id}`
        expect((yield* storyOf(id))?.together.map((one) => one.id)).toEqual([near.id])
      }))

    it.effect("has a line for each handler that hears of it: no row is done", () =>
      Effect.gen(function*() {
        const { id } = yield* written("AttendanceConfirmed")
        expect(yield* deliveriesOf(id)).toEqual([
          ["ReadModelSync", "done", 0],
          ["Statistics", "done", 0],
          ["Notifications", "done", 0]
        ])
        yield* waiting(id, "ReadModelSync", { history: [attempt(1)] })
        yield* parked(id, "Statistics", "OPEN")
        yield* parked(id, "Notifications", "RESOLVED")
        // Of an older version, which told this handler too.
        yield* parked(id, "Reports", "DISCARDED", 1)
        expect(yield* deliveriesOf(id)).toEqual([
          ["ReadModelSync", "waiting", 1],
          ["Statistics", "failed", 2],
          ["Notifications", "done", 2],
          ["Reports", "discarded", 1]
        ])
        const story = yield* storyOf(id)
        expect(story?.failed.map(({ handler, status }) => [handler, status])).toEqual([
          ["Notifications", "RESOLVED"],
          ["Reports", "DISCARDED"],
          ["Statistics", "OPEN"]
        ])
        expect(story?.deliveries[0]).toMatchObject({
          takeovers: 1,
          nextAttemptAt: expect.any(Date),
          history: [attempt(1)]
        })
      }))

    it.effect("a replay has the attempts before it and those of now", () =>
      Effect.gen(function*() {
        const { id } = yield* written("MessagePlanned", { payload: { messageId: randomUUID() } })
        yield* parked(id, "SendMessage:SMS", "REPLAYING", 2)
        yield* waiting(id, "SendMessage:SMS", { history: [attempt(3)] })
        const line = (yield* storyOf(id))?.deliveries.find(({ handler }) => handler === "SendMessage:SMS")
        expect(line).toMatchObject({ state: "waiting", attempts: 1, history: [attempt(1), attempt(2), attempt(3)] })
      }))

    it.effect("is in hand while its process lives, and waits for anybody when it does not", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [living, dead] = [randomUUID(), randomUUID()]
        yield* sql`insert into node (incarnation, host, pid) values (${living}, 'here', 1)`
        const { id } = yield* written("AttendanceConfirmed")
        yield* waiting(id, "ReadModelSync", { owner: living })
        yield* waiting(id, "Statistics", { owner: dead })
        expect((yield* storyOf(id))?.deliveries.map(({ owner, state }) => [state, owner])).toEqual([
          ["in hand", living],
          ["waiting", null],
          ["done", null]
        ])
      }))

    it.effect("tells an event of a type that nobody knows any more", () =>
      Effect.gen(function*() {
        const { id } = yield* written("SomethingForgotten", { payload: { anything: [1, null] } })
        expect(yield* storyOf(id)).toMatchObject({ deliveries: [], event: { payload: { anything: [1, null] } } })
      }))
  }
)
