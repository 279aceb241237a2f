/** The clock of take-overs, on rows that are moved by hand. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { becomes } from "../support/ams.ts"
import { freshDatabase } from "../support/postgres.ts"
import { sampleEvery, watchTakeOvers } from "./TakeOver.ts"

const dead = "00000000-0000-7000-8000-00000000dead"
const pid = 4_000_000

/** Another process that ran all the time. */
const ups = [{ node: 2, from: 0, to: Number.POSITIVE_INFINITY }]

const owned = (n: number, owner = dead) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`insert into event_delivery (event_id, handler, slot, owner)
      select id, 'Statistics', delivery_slot(id), ${owner}::uuid from (select gen_random_uuid() as id from generate_series(1, ${n}::int)) n`
  })

/** A watch that knows the process, which owns two deliveries. */
const watching = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`insert into node (incarnation, host, pid) values (${dead}, 'here', ${pid})`
  yield* owned(2)
  const watch = yield* watchTakeOvers
  yield* becomes(Effect.sync(() => watch.backlog.at(-1)?.open), (open) => assert.strictEqual(open, 2))
  return watch
})

/** Until the watch has looked so often again. */
const looks = (watch: Effect.Success<typeof watching>, times: number) =>
  Effect.suspend(() => {
    const before = watch.backlog.length
    return becomes(Effect.sync(() => watch.backlog.length), (now) => assert.isAtLeast(now, before + times))
  })

describe("the time of a take-over", () => {
  it.live("runs from the death until the row has another owner, or is gone", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const watch = yield* watching
      yield* owned(3, "00000000-0000-7000-8000-000000000001")
      yield* watch.silenced("kill", 1, pid)
      yield* looks(watch, 5)
      yield* sql`update event_delivery set owner = gen_random_uuid()
        where event_id = (select event_id from event_delivery where owner = ${dead} limit 1)`
      yield* looks(watch, 3)
      assert.deepStrictEqual(watch.outcome(ups).map(({ left, took }) => [took.length, left]), [[1, 1]])
      yield* sql`delete from event_delivery where owner = ${dead}`
      yield* looks(watch, 3)
      const [one] = watch.outcome(ups)
      assert.deepStrictEqual([one?.what, one?.node, one?.left, one?.disturbed], ["kill", 1, 0, []])
      const alone = [{ node: 1, from: 0, to: Number.POSITIVE_INFINITY }, { node: 2, from: 0, to: 1 }]
      assert.deepStrictEqual(watch.outcome(alone)[0]?.took, [], "nobody was there to take over")
      const [first = 0, second = 0] = one?.took.toSorted((a, b) => a - b) ?? []
      assert.isAtLeast(first, 4 * sampleEvery)
      assert.isAtLeast(second, first + 2 * sampleEvery)
    }).pipe(Effect.provide(freshDatabase)))

  it.live("begins anew at the end of trouble with PostgreSQL", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const watch = yield* watching
      yield* watch.silenced("kill", 1, pid)
      yield* looks(watch, 20)
      yield* watch.troubled(looks(watch, 5))
      yield* sql`update event_delivery set owner = null`
      yield* looks(watch, 3)
      const [one] = watch.outcome(ups)
      assert.deepStrictEqual([one?.took, one?.disturbed.length], [[], 2])
      assert.isBelow(Math.max(...one?.disturbed ?? []), 20 * sampleEvery)
    }).pipe(Effect.provide(freshDatabase)))

  it.live("does not count where the circuit of the row's handler is open in every living process", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const watch = yield* watching
      yield* sql`insert into node (incarnation, host, pid, open_circuits) values (gen_random_uuid(), 'here', 1, '{Statistics}')`
      yield* sql`update node set heartbeat_at = now() - interval '6 seconds' where pid = ${pid}`
      yield* watch.silenced("kill", 1, pid)
      yield* looks(watch, 3)
      yield* sql`delete from event_delivery`
      yield* looks(watch, 3)
      const [one] = watch.outcome(ups)
      assert.deepStrictEqual([one?.took, one?.disturbed.length], [[], 2])
    }).pipe(Effect.provide(freshDatabase)))

  it.live("of a row that a commit on its way brought runs from its first sight", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const watch = yield* watching
      yield* sql`delete from event_delivery`
      yield* watch.silenced("kill", 1, pid)
      yield* looks(watch, 20)
      yield* owned(1)
      yield* looks(watch, 3)
      yield* sql`delete from event_delivery`
      yield* looks(watch, 3)
      const [one] = watch.outcome(ups)
      assert.strictEqual(one?.took.length, 1)
      assert.isBelow(one?.took[0] ?? Number.NaN, 20 * sampleEvery)
    }).pipe(Effect.provide(freshDatabase)))
})
