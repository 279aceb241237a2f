import { DateTime, Effect, Layer, Schedule, Tracer } from "effect"
import { Context } from "effect"
import { SecureRandom } from "effect/crypto"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { DomainEvent, EventFact } from "../../../domain/DomainEvent.ts"
import { CorrelationId, EventId } from "../../../domain/Ids.ts"
import { EventBus, type NewDelivery } from "../../../ports/EventBus.ts"
import { type Origin, type Refusal, StorageUnavailable, Transaction, UnitOfWork } from "../../../ports/UnitOfWork.ts"
import { BackgroundSql, CommandSql } from "./Clients.ts"
import { CommandConnection } from "./CommandConnection.ts"
import { changedMeanwhile, classify } from "./Faults.ts"

/** Collisions are tried again at once, at most this often; they need another transaction in the same millisecond. */
const retries = 3

/**
 * Keeps a write until COMMIT. `rows` is how many rows an UPDATE or DELETE must touch: any other count fails the
 * transaction as a collision.
 */
export const keep = (
  sql: SqlClient.SqlClient,
  statement: Statement.Statement<object>,
  rows?: number
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const transaction = Context.getOrUndefined(fiber.context, sql.transactionService)
    const connection = transaction?.[0]
    if (!(connection instanceof CommandConnection)) {
      return Effect.die(new Error("a write outside of a unit of work: wrap it in UnitOfWork.run"))
    }
    const [text, params] = statement.compile()
    connection.keep(
      rows === undefined
        ? { sql: text, params }
        : {
          sql: `with w as (${text} returning 1) select expect_rows((select count(*) from w), $${params.length + 1})`,
          params: [...params, BigInt(rows)]
        }
    )
    return Effect.void
  })

/** All events and their deliveries in one statement. */
const insertEvents = (
  sql: SqlClient.SqlClient,
  events: ReadonlyArray<DomainEvent>,
  deliveries: ReadonlyArray<NewDelivery>
) => {
  const json = (values: ReadonlyArray<unknown>) => values.map((value) => JSON.stringify(value))
  return sql`with facts as (
    insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at,
      actor, correlation_id, traceparent, payload)
    select * from unnest(
      ${events.map((e) => e.id)}::uuid[], ${events.map((e) => e.type)}::text[], ${events.map((e) => e.version)}::int[],
      ${texts(events.map((e) => e.academyId))}::uuid[], ${events.map((e) => e.aggregate.type)}::text[],
      ${events.map((e) => e.aggregate.id)}::uuid[], ${events.map((e) => e.aggregate.version)}::int[],
      ${events.map((e) => new Date(e.occurredAt))}::timestamptz[], ${texts(events.map((e) => e.actor))}::uuid[],
      ${texts(events.map((e) => e.correlationId))}::text[], ${texts(events.map((e) => e.traceparent))}::text[],
      ${json(events.map((e) => e.payload))}::jsonb[])
  )
  insert into event_delivery (event_id, handler, academy_id, owner)
  select * from unnest(
    ${deliveries.map((d) => d.event.id)}::uuid[], ${deliveries.map((d) => d.handler)}::text[],
    ${texts(deliveries.map((d) => d.event.academyId))}::uuid[], ${texts(deliveries.map((d) => d.owner))}::uuid[])`
}

/** An array of nulls only has no type that the driver could infer: an array literal has. */
const texts = (values: ReadonlyArray<string | null>): ReadonlyArray<string | null> | string =>
  values.some((value) => value !== null) ? values : `{${values.map(() => "NULL").join(",")}}`

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
        let settle: { readonly giveBack: () => void } | undefined
        const publish = Effect.suspend(() => {
          if (events.length === 0) return Effect.void
          const reservation = bus.reserve(events)
          settle = reservation
          return Effect.andThen(
            keep(sql, insertEvents(sql, events, reservation.deliveries)),
            // From COMMIT's answer to the places there is no step that can wait or fail.
            sql.afterCommit(Effect.sync(() => {
              settle = undefined
              reservation.take()
            }))
          )
        })
        return sql.withTransaction(
          Effect.tap(Effect.provideService(work, Transaction, transaction), () => publish)
        ).pipe(Effect.ensuring(Effect.sync(() => settle?.giveBack())))
      })

    return UnitOfWork.of({
      run: <A, E, R>(origin: Origin, work: Effect.Effect<A, E, R>) =>
        once(origin, work).pipe(
          Effect.catchIf(isSqlError, (error): Effect.Effect<never, Refusal | StorageUnavailable> => {
            const known = classify(error)
            return known === undefined ? Effect.die(error) : Effect.fail(known)
          }),
          Effect.retry({
            times: retries,
            while: collided,
            schedule: Schedule.exponential("2 millis").pipe(Schedule.jittered)
          }),
          Effect.catchIf(collided, () => Effect.fail(changedMeanwhile))
        )
    })
  })

const isSqlError = (error: unknown): error is SqlError.SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"
const collided = (error: unknown): error is StorageUnavailable => error instanceof StorageUnavailable && error.conflict

const traceparent = (span: Tracer.Span) => `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`

/** For commands. */
export const layer = Layer.effect(UnitOfWork, make(CommandSql))
/** For handlers and jobs: the same, on the pool that commands do not use. */
export const layerBackground = Layer.effect(UnitOfWork, make(BackgroundSql))
