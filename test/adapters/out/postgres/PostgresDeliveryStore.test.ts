import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as PostgresDeliveryStore from "../../../../src/adapters/out/postgres/PostgresDeliveryStore.ts"
import { slotOf } from "../../../../src/adapters/out/postgres/Slots.ts"
import { EventId, Incarnation } from "../../../../src/domain/Ids.ts"
import { DeliveryStore } from "../../../../src/ports/DeliveryStore.ts"
import { Behind, deliveryStoreContract } from "../../../contract/DeliveryStore.contract.ts"
import { requested } from "../../../support/events.ts"
import { freshDatabase } from "../../../support/postgres.ts"

/** The ids of `events.ts` are of March 2025: a day for them. */
const behind = Layer.effect(
  Behind,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`create table event_2025 partition of event
      for values from ('01950000-0000-0000-0000-000000000000') to ('01970000-0000-0000-0000-000000000000')`
    const orDie = Effect.orDie
    return Behind.of({
      reset: orDie(Effect.gen(function*() {
        for (const table of ["event", "event_delivery", "failed_event", "node"]) yield* sql`delete from ${sql(table)}`
      })),
      put: (rows) =>
        orDie(Effect.forEach(rows, ({ event, handler = "ReadModelSync", ...row }) =>
          Effect.andThen(
            sql`insert into event ${
              sql.insert({
                id: event.id,
                type: event.type,
                version: event.version,
                academy_id: event.academyId,
                aggregate_type: event.aggregate.type,
                aggregate_id: event.aggregate.id,
                aggregate_version: event.aggregate.version,
                occurred_at: new Date(event.occurredAt),
                payload: JSON.stringify(event.payload)
              })
            }`,
            sql`insert into event_delivery (event_id, handler, slot, academy_id, owner, attempts, takeovers,
                claimed_at, next_attempt_at)
              values (${event.id}, ${handler}, ${slotOf(event.id)}, ${event.academyId}::uuid,
                ${row.owner ?? null}::uuid, ${row.attempts ?? 0}, ${row.takeovers ?? 0},
                now() - ${row.claimedAgo ?? 0}::int * interval '1 second',
                now() + ${row.dueIn ?? 0}::int * interval '1 second')`
          ), { discard: true })),
      rows: orDie(sql`
        select event_id as id, handler, owner, lease, attempts, takeovers,
          greatest(0, ceil(extract(epoch from next_attempt_at - now())))::int as "dueIn",
          array(select h ->> 'rule' from jsonb_array_elements(history) h) as rules
        from event_delivery order by event_id`),
      failed: orDie(sql`
        select event_id as id, class, rule, fingerprint, array(select a ->> 'rule' from jsonb_array_elements(attempts) a) as rules
        from failed_event order by event_id`)
    })
  })
)

deliveryStoreContract(
  "PostgreSQL",
  behind.pipe(Layer.provideMerge(PostgresDeliveryStore.layer), Layer.provide(freshDatabase))
)

describe("the table of a delivery", () => {
  it.effect("is the one that PostgreSQL works out, at every moment of a minute", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      // From a minute's first millisecond to its last.
      const offsets = [0, 1, 499, 500, 29_999, 30_000, 59_499, 59_500, 59_999]
      const ids = Array.from({ length: 40 }, (_, minute) => offsets.map((offset) => minute * 60_000 + offset)).flat()
        .map((after) => {
          const millis = (1_764_000_000_000 + after).toString(16).padStart(12, "0")
          return EventId.make(`${millis.slice(0, 8)}-${millis.slice(8)}-7000-8000-000000000000`)
        })
      const rows = yield* sql<{ slot: number }>`
        select delivery_slot(id)::int as slot from unnest(${ids}::uuid[]) with ordinality as i(id, n) order by n`
      expect(rows.map(({ slot }) => slot)).toEqual(ids.map(slotOf))
      expect(new Set(ids.map(slotOf))).toEqual(new Set([0, 1, 2, 3]))
    }).pipe(Effect.provide(freshDatabase)))

  it.effect("is looked into by index, also by statements that were planned when it was empty", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const store = yield* DeliveryStore
      const owner = Incarnation.make(randomUUID())
      const finish = (ids: ReadonlyArray<EventId>) =>
        store.complete(ids.map((id) => ({
          event: { ...requested(0), id },
          handler: "ReadModelSync",
          owner,
          lease: 0,
          attempts: 0,
          takeovers: 0
        })))
      const claim = store.claim(
        owner,
        [{ handler: "ReadModelSync", places: 4000, each: 4000, full: [] }],
        false,
        () => true
      )
      // After this the planner takes it for a table that stays empty.
      yield* sql`vacuum event_delivery`
      yield* finish([EventId.make(randomUUID())])
      yield* claim
      const rows = yield* sql<{ id: EventId }>`
        with made as (
          insert into event_delivery (event_id, handler, slot, owner)
          select id, 'ReadModelSync', delivery_slot(id), case when n > 40000 then ${owner}::uuid end
          from (select n, uuidv7() as id from generate_series(1, 50000) n) i
          returning event_id as id, owner
        )
        select id from made where owner is not null`
      // To walk over the table for each of them would take longer than a statement may.
      yield* finish(rows.map(({ id }) => id))
      yield* claim
      expect(yield* sql`select count(*)::int as open, count(owner)::int as claimed from event_delivery`).toEqual([
        { open: 40_000, claimed: 4000 }
      ])
    }).pipe(Effect.provide(PostgresDeliveryStore.layer.pipe(Layer.provideMerge(freshDatabase)))))
})
