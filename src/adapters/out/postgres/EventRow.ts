/** An event as it lies in its table, and back into the domain's type. */
import { Result, Schema } from "effect"
import { type DomainEvent, EventType, payloads } from "../../../domain/DomainEvent.ts"
import { AcademyId, CorrelationId, EventId, MemberId } from "../../../domain/Ids.ts"

const Row = Schema.Struct({
  id: EventId,
  type: EventType,
  version: Schema.Int.check(Schema.isLessThanOrEqualTo(1)),
  academyId: Schema.NullOr(AcademyId),
  aggregateType: Schema.String,
  aggregateId: Schema.String,
  aggregateVersion: Schema.Int,
  occurredAt: Schema.Date,
  actor: Schema.NullOr(MemberId),
  correlationId: Schema.NullOr(CorrelationId),
  traceparent: Schema.NullOr(Schema.String),
  payload: Schema.Unknown
})

/** The columns of `event e` under the names that `decode` reads. */
export const columns = `e.id, e.type, e.version, e.academy_id as "academyId", e.aggregate_type as "aggregateType",
  e.aggregate_id as "aggregateId", e.aggregate_version as "aggregateVersion", e.occurred_at as "occurredAt", e.actor,
  e.correlation_id as "correlationId", e.traceparent, e.payload`

const decodeRow = Schema.decodeUnknownResult(Row)
const decodePayload = Object.fromEntries(
  Object.entries(payloads).map((
    [type, payload]
  ) => [type, Schema.decodeUnknownResult(payload as Schema.Codec<unknown>)])
)

/** The event, or why this version of AMS cannot read it. */
export const decode = (row: unknown): Result.Result<DomainEvent, string> =>
  Result.flatMap(Result.mapError(decodeRow(row), String), (event) => {
    const payload = decodePayload[event.type]?.(event.payload)
    if (payload === undefined) return Result.fail(`no payload is known for ${event.type}`)
    return Result.map(Result.mapError(payload, String), (value) => ({
      id: event.id,
      type: event.type,
      version: event.version,
      academyId: event.academyId,
      aggregate: { type: event.aggregateType, id: event.aggregateId, version: event.aggregateVersion },
      occurredAt: event.occurredAt.getTime(),
      actor: event.actor,
      correlationId: event.correlationId,
      traceparent: event.traceparent,
      payload: value
    } as DomainEvent)) // type and payload were decoded as the pair that the vocabulary names
  })
