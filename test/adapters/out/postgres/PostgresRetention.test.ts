import { expect, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as PostgresRetention from "../../../../src/adapters/out/postgres/PostgresRetention.ts"
import { slotOf } from "../../../../src/adapters/out/postgres/Slots.ts"
import { EventId } from "../../../../src/domain/Ids.ts"
import { Retention } from "../../../../src/ports/Retention.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const retention = PostgresRetention.layer.pipe(Layer.provideMerge(freshDatabase))

layer(retention, { excludeTestServices: true })("PostgresRetention", (it) => {
  /** A day of events in the past, with one event in it. */
  const day = Effect.fnUntraced(function*(daysAgo: number) {
    const sql = yield* SqlClient.SqlClient
    const [made] = yield* sql<{ name: string; id: string }>`
      with d as (select ((now() at time zone 'UTC')::date - ${daysAgo}::int) as day)
      select 'event_' || to_char(day, 'YYYYMMDD') as name,
        overlay(uuid_at((day::timestamp + interval '1 hour') at time zone 'UTC')::text
          placing ${randomUUID().slice(24)} from 25)::uuid as id from d`
    const { id, name } = made ?? (yield* Effect.die("a day"))
    yield* sql.unsafe(`create table ${name} partition of event for values
      from ('${id.slice(0, 9)}${"0000-0000-0000-000000000000"}') to ('${
      id.slice(0, 9)
    }${"ffff-ffff-ffff-ffffffffffff"}')`)
    yield* sql`insert into event (id, type, version, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
      values (${id}, 'AcademyCreated', 1, 'academy', ${id}, 1, now(), '{}')`
    return { id, name }
  })
  const exists = (name: string) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql<{ there: boolean }>`select to_regclass(${name}) is not null as there`
      return row?.there === true
    })
  const drop = (days: number) => Effect.flatMap(Retention, (retention) => retention.dropPartitions(Duration.days(days)))
  const failedEvent = Effect.fnUntraced(function*(eventId: string, status: string, resolvedDaysAgo: number | null) {
    const sql = yield* SqlClient.SqlClient
    const id = randomUUID()
    yield* sql`insert into failed_event (id, event_id, handler, event_type, class, rule, error, fingerprint, attempts,
        first_failed_at, last_failed_at, status, resolved_at)
      values (${id}, ${eventId}, 'Statistics', 'AcademyCreated', 'permanent', 'r', 'e', 'f', '[]', now(), now(), ${status},
        now() - ${resolvedDaysAgo}::int * interval '1 day')`
    return id
  })

  it.effect("makes the days to come, once", () =>
    Effect.gen(function*() {
      const { makePartitions } = yield* Retention
      yield* makePartitions(14)
      expect(yield* makePartitions(14)).toBe(0)
      expect(yield* makePartitions(16)).toBe(2)
    }))

  it.effect("drops days that are old enough, and no younger one", () =>
    Effect.gen(function*() {
      const [old, young] = [yield* day(40), yield* day(20)]
      expect(yield* drop(30)).toEqual([old.name])
      expect([yield* exists(old.name), yield* exists(young.name)]).toEqual([false, true])
      expect(yield* drop(30)).toEqual([])
    }))

  it.effect("keeps a day that an open delivery or an open failed event names, until that is done", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [delivered, failed, resolved] = [yield* day(50), yield* day(51), yield* day(52)]
      yield* sql`insert into event_delivery (event_id, handler, slot)
        values (${delivered.id}, 'Statistics', delivery_slot(${delivered.id}::uuid))`
      const id = yield* failedEvent(failed.id, "OPEN", null)
      yield* failedEvent(resolved.id, "RESOLVED", 1)
      expect(yield* drop(30)).toEqual([resolved.name])
      yield* sql`delete from event_delivery`
      yield* sql`update failed_event set status = 'DISCARDED' where id = ${id}`
      expect(yield* drop(30)).toEqual([failed.name, delivered.name])
    }))

  it.effect("ends what a drop that was interrupted between its two steps had begun", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { name } = yield* day(60)
      yield* sql.unsafe(`alter table event detach partition ${name} concurrently`)
      expect(yield* drop(30)).toEqual([name])
      expect(yield* exists(name)).toBe(false)
    }))

  it.effect("deletes failed events 180 days after they were resolved or discarded, and no open one ever", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`delete from failed_event`
      const { deleteFailedEvents } = yield* Retention
      const event = () => randomUUID()
      const kept = [
        yield* failedEvent(event(), "OPEN", null),
        yield* failedEvent(event(), "RESOLVED", 179),
        yield* failedEvent(event(), "REPLAYING", 500)
      ]
      for (const status of ["RESOLVED", "DISCARDED"]) yield* failedEvent(event(), status, 181)
      expect(yield* deleteFailedEvents(Duration.days(180), 1)).toBe(1)
      expect(yield* deleteFailedEvents(Duration.days(180), 100)).toBe(1)
      const left = yield* sql<{ id: string }>`select id from failed_event`
      expect(left.map(({ id }) => id).sort()).toEqual(kept.sort())
    }))

  /** Deliveries of a table that may be emptied now, and what it holds. */
  const fill = (rows: number) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        insert into event_delivery (event_id, handler, slot)
        select id, 'h' || n, delivery_slot(id)
        from generate_series(1, ${rows}) n, (select uuidv7(interval '-30 seconds') as id) one`
    })
  const size = Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ bytes: number }>`
      select sum(pg_total_relation_size('event_delivery_' || n))::float8 as bytes from generate_series(0, 3) n`
    return row?.bytes ?? 0
  })
  /** The same again when another table's time has begun in between. */
  const inOneTable = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const table = Effect.map(
        sql<{ n: number }>`select delivery_slot_at(now())::int as n`,
        ([row]) => row?.n
      )
      return yield* Effect.gen(function*() {
        yield* sql`delete from event_delivery`
        const before = yield* table
        // Whatever comes of it, no transaction of this attempt stays open beside the next one.
        const exit = yield* Effect.exit(Effect.scoped(body))
        return { exit, steady: before === (yield* table) }
      }).pipe(
        Effect.repeat({ until: ({ steady }) => steady }),
        Effect.flatMap(({ exit }) => exit)
      )
    })

  it.effect("finds each event's table by the instant at which it was made, all four of them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql<{ id: string; slot: number; at: number }>`
        select id, delivery_slot(id)::int as slot, delivery_slot_at(uuid_extract_timestamp(id))::int as at
        from generate_series(0, 59) n, lateral (select uuidv7(n * interval '-1 second') as id) one`
      for (const { at, id, slot } of rows) expect([slot, at]).toEqual([slotOf(EventId.make(id)), slot])
      expect(new Set(rows.map(({ slot }) => slot))).toEqual(new Set([0, 1, 2, 3]))
    }))

  it.effect(
    "gives the room of finished deliveries back, also while an old transaction keeps VACUUM from doing so",
    () =>
      inOneTable(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { emptyDeliveries } = yield* Retention
        yield* emptyDeliveries
        const empty = yield* size
        const open = yield* Deferred.make<void>()
        const old = yield* sql.withTransaction(Effect.gen(function*() {
          // As text: the driver has no codec for xid8, and reads bytes that are no UTF-8 in every second one.
          yield* sql`select pg_current_xact_id()::text`
          yield* Deferred.succeed(open, undefined)
          return yield* Effect.never
        })).pipe(Effect.forkScoped)
        // Whichever is first: a transaction that fails says so, instead of never being open.
        yield* Effect.raceFirst(Deferred.await(open), Fiber.join(old))
        yield* fill(10_000)
        yield* sql`delete from event_delivery`
        expect(yield* size).toBeGreaterThan(empty + 1_000_000)
        // VACUUM itself may be looking at the table: it is let by.
        const freed = yield* Effect.repeat(emptyDeliveries, {
          until: (bytes) => bytes > 0,
          schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 50 }))
        })
        expect(freed).toBeGreaterThan(1_000_000)
        expect(yield* size).toBeLessThan(empty + 200_000)
        expect(old.pollUnsafe()).toBeUndefined()
      }))
  )

  it.effect(
    "empties no table in which a row lives, or into which somebody is writing",
    () =>
      inOneTable(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { emptyDeliveries } = yield* Retention
        yield* fill(10_000)
        yield* sql`delete from event_delivery where handler <> 'h1'`
        expect(yield* emptyDeliveries).toBe(0)
        yield* sql`delete from event_delivery`
        const written = yield* Deferred.make<void>()
        const ends = yield* Deferred.make<void>()
        const writer = yield* sql.withTransaction(Effect.gen(function*() {
          yield* fill(1)
          yield* Deferred.succeed(written, undefined)
          yield* Deferred.await(ends)
        })).pipe(Effect.forkScoped)
        yield* Effect.raceFirst(Deferred.await(written), Fiber.join(writer))
        expect(yield* emptyDeliveries).toBe(0)
        yield* Deferred.succeed(ends, undefined)
        yield* Fiber.join(writer)
        expect(yield* sql`select handler from event_delivery`).toHaveLength(1)
      }))
  )

  it.effect("forgets logins a month after their end, shown phones after a day, and counters that are over", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { deleteAccess } = yield* Retention
      const memberId = randomUUID()
      yield* sql`insert into member (id, name, phone_shared, locale, status, version)
        values (${memberId}, 'm', true, 'ko', 'ACTIVE', 1)`
      const login = Effect.fnUntraced(function*(expiresIn: number, endedAgo: number | null) {
        const id = randomUUID()
        yield* sql`insert into login_session (id, member_id, created_at, last_used_at, expires_at, ended_at, ended_by)
          values (${id}, ${memberId}, now(), now(), now() + ${expiresIn}::int * interval '1 day',
            now() - ${endedAgo}::int * interval '1 day', ${endedAgo === null ? null : "LOGOUT"}::text)`
        return id
      })
      yield* login(-31, null)
      yield* login(10, 31)
      const kept = [yield* login(10, null), yield* login(-29, null), yield* login(10, 29)]
      yield* sql`insert into phone_verification (id, phone, purpose, expires_at, created_at)
        values (${randomUUID()}, '+821012345678', 'LOGIN', now(), now() - interval '25 hours'),
          (${randomUUID()}, '+821012345678', 'LOGIN', now(), now() - interval '23 hours')`
      yield* sql`insert into rate_counter (key, count, refused, expires_at)
        values ('a', 1, false, now() - interval '1 second'), ('b', 1, false, now() + interval '1 minute')`
      yield* sql`insert into login_delay (key, failures, failed_at)
        values ('a', 9, now() - interval '25 hours'), ('b', 9, now())`
      expect(yield* deleteAccess({ logins: Duration.days(30), verifications: Duration.days(1) }, 100)).toBe(2)
      const left = yield* sql<{ id: string }>`select id from login_session`
      expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted())
      const counts = yield* sql`select (select count(*)::int from phone_verification) as phones,
        (select count(*)::int from rate_counter) as counters, (select count(*)::int from login_delay) as delays`
      expect(counts).toEqual([{ phones: 1, counters: 1, delays: 1 }])
    }))

  it.effect("deletes answers after 24 h, some at a time", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { deleteAnswers } = yield* Retention
      const memberId = randomUUID()
      yield* sql`insert into member (id, name, phone_shared, locale, status, version)
        values (${memberId}, 'n', false, 'ko', 'ACTIVE', 1)`
      yield* sql`insert into idempotency_key (member_id, key, fingerprint, status, headers, body, created_at)
        select ${memberId}, int4send(hours), '', 201, '{}', '', now() - hours * interval '1 hour'
        from unnest(array[23, 24, 25, 26]) as hours`
      expect([yield* deleteAnswers(2), yield* deleteAnswers(2), yield* deleteAnswers(2)]).toEqual([2, 1, 0])
      const left = yield* sql<{ key: Uint8Array }>`select key from idempotency_key`
      expect(left.map(({ key }) => [...key])).toEqual([[0, 0, 0, 23]])
    }))
})
