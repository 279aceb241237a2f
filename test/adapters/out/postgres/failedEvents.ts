/** What the tests of failed events share: the stores of two processes on one database, and looks into its tables. */
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as Deliveries from "../../../../src/adapters/out/postgres/PostgresDeliveryStore.ts"
import * as FailedEvents from "../../../../src/adapters/out/postgres/PostgresFailedEventStore.ts"
import { type AcademyId, FailedEventId, MemberId } from "../../../../src/domain/Ids.ts"
import { DeliveryStore } from "../../../../src/ports/DeliveryStore.ts"
import { FailedEventStore, type Operator } from "../../../../src/ports/FailedEventStore.ts"
import { plant, type Planted } from "../../../support/failedEvents.ts"
import { clients, freshDatabaseUrl } from "../../../support/postgres.ts"

/** Two processes' stores on one database. */
export class Stores extends Context.Service<Stores, {
  readonly store: FailedEventStore["Service"]
  readonly other: FailedEventStore["Service"]
  readonly deliveries: DeliveryStore["Service"]
  readonly sql: SqlClient.SqlClient
  readonly plant: (given?: Planted) => Effect.Effect<Effect.Success<ReturnType<typeof plant>>>
}>()("test/Stores") {
  static readonly layer = Layer.effect(
    Stores,
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const process = Layer.mergeAll(FailedEvents.layer, Deliveries.layer).pipe(Layer.provideMerge(clients(url)))
      const [one, two] = yield* Effect.all([Layer.build(Layer.fresh(process)), Layer.build(Layer.fresh(process))])
      const sql = Context.get(one, SqlClient.SqlClient)
      return Stores.of({
        sql,
        store: Context.get(one, FailedEventStore),
        other: Context.get(two, FailedEventStore),
        deliveries: Context.get(one, DeliveryStore),
        plant: (given) => plant(sql, given)
      })
    })
  )
}

export const atTerminal: Operator = { actorId: null, channel: "CLI", academyId: null }
export const managerOf = (academyId: AcademyId): Operator => ({
  actorId: MemberId.make("01980000-0000-7000-8000-00000000000a"),
  channel: "API",
  academyId
})
export const nobody = FailedEventId.make(randomUUID())

export const state = Effect.fnUntraced(function*(id: FailedEventId) {
  const { store } = yield* Stores
  const { nextRedriveAt, reason, redrives, replays, status } = Option.getOrThrow(yield* store.find(null, id))
  return { status, reason, replays, redrives, redriven: nextRedriveAt !== null }
})
export const deliveriesOf = Effect.fnUntraced(function*(eventId: string) {
  const { sql } = yield* Stores
  return yield* sql`
    select handler, owner, slot = delivery_slot(event_id) as "inItsSlot" from event_delivery where event_id = ${eventId}`
})
export const audit = Effect.fnUntraced(function*(subject: string) {
  const { sql } = yield* Stores
  return yield* sql<Record<string, unknown>>`
    select action, channel, actor_id as actor, academy_id as academy, reason from audit_entry
    where subject = ${subject} order by id`
})
