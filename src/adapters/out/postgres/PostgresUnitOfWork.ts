import { Array as Arr, Context, DateTime, Effect, Layer, Metric, Schedule, type Tracer } from "effect"
import { SecureRandom } from "effect/crypto"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { DomainEvent, EventFact } from "../../../domain/DomainEvent.ts"
import { CorrelationId, EventId } from "../../../domain/Ids.ts"
import { EventBus, type NewDelivery, type Reservation } from "../../../ports/EventBus.ts"
import { type Origin, type Refusal, StorageUnavailable, Transaction, UnitOfWork } from "../../../ports/UnitOfWork.ts"
import { BackgroundSql, CommandSql } from "./Clients.ts"
import { CommandConnection } from "./CommandConnection.ts"
import { changedMeanwhile, classify } from "./Faults.ts"
import { slotOf } from "./Slots.ts"

/** Collisions are tried again at once, at most this often; they need another transaction in the same millisecond. */
const retries = 3

/** Of the events of the open transaction: they are settled when its outermost one has ended, whatever is inside of it. */
const Reserved = Context.Reference<Set<Reservation> | undefined>("ams/postgres/Reserved", {
  defaultValue: () => undefined
})

const connectionOf = (sql: SqlClient.SqlClient): Effect.Effect<CommandConnection> =>
  Effect.withFiber((fiber) => {
    const connection = Context.getOrUndefined(fiber.context, sql.transactionService)?.[0]
    return connection instanceof CommandConnection
      ? Effect.succeed(connection)
      : Effect.die(new Error("a write outside of a unit of work: wrap it in UnitOfWork.run"))
  })

/**
 * Keeps a write (no WITH of its own) until COMMIT. `rows` is how many rows an UPDATE or DELETE must touch: any other
 * count fails the transaction as a collision.
 */
export const keep = (
  sql: SqlClient.SqlClient,
  statement: Statement.Statement<object>,
  rows?: number
): Effect.Effect<void> =>
  Effect.map(connectionOf(sql), (connection) => {
    const [text, params] = statement.compile()
    connection.keep({ sql: text, params, rows })
  })

/** Sends what is kept, for work that is too large to go out with COMMIT in one statement; refused at once, if at all. */
export const sendKept = (sql: SqlClient.SqlClient): Effect.Effect<void, Refusal | StorageUnavailable> =>
  Effect.catch(Effect.flatMap(connectionOf(sql), ({ send }) => send), inWords)

/** Takes a lock in the same flush as the next statement, and before it. */
export const lock = (sql: SqlClient.SqlClient, statement: Statement.Statement<object>): Effect.Effect<void> =>
  Effect.map(connectionOf(sql), (connection) => {
    const [text, params] = statement.compile()
    connection.lock({ sql: text, params })
  })

const eventColumns = `insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version,
  occurred_at, actor, correlation_id, traceparent, payload) values `
const deliveryColumns = "insert into event_delivery (event_id, handler, slot, academy_id, owner) values "

const placeholders = (rows: number, types: ReadonlyArray<string>) => {
  let next = 1
  return Array.from({ length: rows }, () => `(${types.map((type) => `$${next++}::${type}`).join(", ")})`).join(", ")
}
const eventTypes = [
  "uuid",
  "text",
  "int",
  "uuid",
  "text",
  "uuid",
  "int",
  "timestamptz",
  "uuid",
  "text",
  "text",
  "jsonb"
]
const deliveryTypes = ["uuid", "text", "smallint", "uuid", "uuid"]
/** The texts of small inserts, by their number of rows; what is larger is made of several of them. */
const rowsAtOnce = 32
const eventTexts = Array.from({ length: rowsAtOnce + 1 }, (_, rows) => eventColumns + placeholders(rows, eventTypes))
const deliveryTexts = Array.from(
  { length: rowsAtOnce + 1 },
  (_, rows) => deliveryColumns + placeholders(rows, deliveryTypes)
)

/** Keeps all events and their deliveries, to go out with COMMIT in the unit of work's one statement. */
const keepEvents = (
  connection: CommandConnection,
  events: ReadonlyArray<DomainEvent>,
  deliveries: ReadonlyArray<NewDelivery>
) => {
  for (const some of Arr.chunksOf(events, rowsAtOnce)) {
    connection.keep({
      sql: eventTexts[some.length] ?? "",
      params: some.flatMap((e) => [
        e.id,
        e.type,
        e.version,
        e.academyId,
        e.aggregate.type,
        e.aggregate.id,
        e.aggregate.version,
        new Date(e.occurredAt),
        e.actor,
        e.correlationId,
        e.traceparent,
        JSON.stringify(e.payload)
      ])
    })
  }
  for (const some of Arr.chunksOf(deliveries, rowsAtOnce)) {
    connection.keep({
      sql: deliveryTexts[some.length] ?? "",
      params: some.flatMap((d) => [d.event.id, d.handler, slotOf(d.event.id), d.event.academyId, d.owner])
    })
  }
}

/** One text for any number of rows: those of an import would need as many placeholders as PostgreSQL has not. */
const manyEvents = `insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version,
  occurred_at, actor, correlation_id, traceparent, payload)
  select * from jsonb_to_recordset($1::jsonb) as e(id uuid, type text, version int, academy_id uuid, aggregate_type text,
    aggregate_id uuid, aggregate_version int, occurred_at timestamptz, actor uuid, correlation_id text, traceparent text,
    payload jsonb)`
const manyDeliveries = `insert into event_delivery (event_id, handler, slot, academy_id, owner)
  select * from jsonb_to_recordset($1::jsonb) as d(event_id uuid, handler text, slot smallint, academy_id uuid, owner uuid)`
/** Events that are written row by row; further ones go out a thousand at a time, before COMMIT. */
const fewEvents = 512
const manyAtOnce = 1000

const sendEvents = Effect.fnUntraced(function*(
  connection: CommandConnection,
  events: ReadonlyArray<DomainEvent>,
  deliveries: ReadonlyArray<NewDelivery>
) {
  for (const some of Arr.chunksOf(events, manyAtOnce)) {
    const rows = some.map((e) => ({
      id: e.id,
      type: e.type,
      version: e.version,
      academy_id: e.academyId,
      aggregate_type: e.aggregate.type,
      aggregate_id: e.aggregate.id,
      aggregate_version: e.aggregate.version,
      occurred_at: new Date(e.occurredAt),
      actor: e.actor,
      correlation_id: e.correlationId,
      traceparent: e.traceparent,
      payload: e.payload
    }))
    connection.keep({ sql: manyEvents, params: [JSON.stringify(rows)] })
    yield* connection.send
  }
  for (const some of Arr.chunksOf(deliveries, manyAtOnce)) {
    const rows = some.map((d) => ({
      event_id: d.event.id,
      handler: d.handler,
      slot: slotOf(d.event.id),
      academy_id: d.event.academyId,
      owner: d.owner
    }))
    connection.keep({ sql: manyDeliveries, params: [JSON.stringify(rows)] })
    yield* connection.send
  }
})

const sent = Metric.counter("messaging.client.sent.messages", {
  attributes: { "unit": "{message}", "messaging.system": "ams", "messaging.operation.name": "publish" },
  description: "Deliveries published by committed transactions",
  incremental: true
})
const countPublished = (deliveries: ReadonlyArray<NewDelivery>) =>
  Effect.forEach(
    Map.groupBy(deliveries, ({ handler }) => handler),
    ([handler, its]) =>
      Metric.update(Metric.withAttributes(sent, { "messaging.consumer.group.name": handler }), its.length),
    { discard: true }
  )

const make = (
  client: Context.Service<CommandSql, SqlClient.SqlClient> | Context.Service<BackgroundSql, SqlClient.SqlClient>
) =>
  Effect.gen(function*() {
    const sql = yield* client
    const bus = yield* EventBus
    const random = yield* SecureRandom.SecureRandom

    const envelope = Effect.fnUntraced(function*(origin: Origin, fact: EventFact): Effect.fn.Return<DomainEvent> {
      const span = yield* Effect.option(Effect.currentSpan)
      const now = yield* DateTime.now
      const trace = span._tag === "Some" ? span.value : undefined
      return {
        ...fact,
        id: EventId.make(yield* random.uuidV7()),
        version: 1,
        academyId: origin.academyId,
        occurredAt: DateTime.toEpochMillis(now),
        actor: origin.actor,
        correlationId: trace === undefined ? null : CorrelationId.make(trace.traceId),
        traceparent: trace === undefined ? null : traceparent(trace)
      }
    })

    const once = <A, E, R>(origin: Origin, work: Effect.Effect<A, E, R>) =>
      Effect.suspend(() => {
        const events: Array<DomainEvent> = []
        const transaction = Transaction.of({
          append: (...facts) =>
            Effect.forEach(facts, (fact) => Effect.map(envelope(origin, fact), (event) => events.push(event)), {
              discard: true
            })
        })
        const publish = Effect.flatMap(Reserved, (reserved) => {
          if (events.length === 0) return Effect.void
          const reservation = bus.reserve(events)
          reserved?.add(reservation)
          return Effect.andThen(
            Effect.flatMap(connectionOf(sql), (connection) =>
              events.length > fewEvents
                ? sendEvents(connection, events, reservation.deliveries)
                : Effect.sync(() => keepEvents(connection, events, reservation.deliveries))),
            // From COMMIT's answer to the places there is no step that can wait or fail.
            sql.afterCommit(Effect.andThen(
              Effect.sync(() => {
                reserved?.delete(reservation)
                reservation.take()
              }),
              countPublished(reservation.deliveries)
            ))
          )
        })
        return transacted(
          sql,
          Effect.tap(
            Effect.provideService(work, Transaction, transaction),
            () => Effect.andThen(publish, sendInside(sql))
          )
        )
      })

    return UnitOfWork.of({
      run: <A, E, R>(origin: Origin, work: Effect.Effect<A, E, R>) => again(once(origin, work))
    })
  })

const isSqlError = (error: unknown): error is SqlError.SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"
const collided = (error: unknown): error is StorageUnavailable => error instanceof StorageUnavailable && error.conflict

/** What the database says in the ports' words; what they have none for is a defect. */
const inWords = (error: SqlError.SqlError): Effect.Effect<never, Refusal | StorageUnavailable> => {
  const known = classify(error)
  return known === undefined ? Effect.die(error) : Effect.fail(known)
}

/** The same work again after a collision. */
const again = <A, E, R>(
  effect: Effect.Effect<A, E | SqlError.SqlError, R>
): Effect.Effect<A, E | Refusal | StorageUnavailable, R> =>
  effect.pipe(
    Effect.catchIf(isSqlError, inWords),
    Effect.retry({
      times: retries,
      while: collided,
      schedule: Schedule.exponential("2 millis").pipe(Schedule.jittered)
    }),
    Effect.catchIf(collided, () => Effect.fail(changedMeanwhile))
  )

const transacted = <A, E, R>(sql: SqlClient.SqlClient, work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Reserved, (outer) => {
    if (outer !== undefined) return sql.withTransaction(work)
    const reserved = new Set<Reservation>()
    return sql.withTransaction(Effect.provideService(work, Reserved, reserved)).pipe(
      Effect.ensuring(Effect.sync(() => {
        for (const reservation of reserved) reservation.giveBack()
      }))
    )
  })

/** A unit of work inside a transaction is told of refusals as any other is: its writes do not wait for COMMIT. */
const sendInside = (sql: SqlClient.SqlClient) =>
  Effect.withFiber<void, SqlError.SqlError>((fiber) => {
    const [connection, depth] = Context.getOrUndefined(fiber.context, sql.transactionService) ?? []
    return connection instanceof CommandConnection && depth !== 0 ? connection.send : Effect.void
  })

/**
 * A transaction around units of work: each is a savepoint of it, and what they did, their events too, counts when it
 * commits. Collisions run all of it again, as they do a unit of work.
 */
export const around = <A, E, R>(sql: SqlClient.SqlClient, work: Effect.Effect<A, E, R>) => again(transacted(sql, work))

const traceparent = (span: Tracer.Span) => `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`

/** For commands. */
export const layer = Layer.effect(UnitOfWork, make(CommandSql))
/** For handlers and jobs: the same, on the pool that commands do not use. */
export const layerBackground = Layer.effect(UnitOfWork, make(BackgroundSql))
