import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { EventType } from "../../../domain/DomainEvent.ts"
import type { AcademyId, EventId } from "../../../domain/Ids.ts"
import { subscribersOf } from "../../../domain/Subscription.ts"
import { EventStory, Story, StoryAttempt, StoryDelivery, StoryMessage } from "../../../ports/EventStory.ts"
import type { FailedEvent } from "../../../ports/FailedEventStore.ts"
import { columns as failedEventColumns } from "./FailedEventRows.ts"
import { orUnavailable } from "./Faults.ts"

const decodeEvents = Schema.decodeUnknownSync(Schema.Array(Story.fields.event))
const decodeTogether = Schema.decodeUnknownSync(Story.fields.together)
const decodeFailed = Schema.decodeUnknownSync(Story.fields.failed)

const { handler, owner, attempts, takeovers, history } = StoryDelivery.fields
const DeliveryRow = Schema.Struct({ handler, owner, attempts, takeovers, nextAttemptAt: Schema.Date, history })
const decodeDeliveries = Schema.decodeUnknownSync(Schema.Array(DeliveryRow))

const decodeMessages = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  ...StoryMessage.fields,
  // Out of JSON, where an instant is a string.
  attempts: Schema.Array(Schema.Struct({
    ...StoryAttempt.fields,
    startedAt: Schema.DateFromString,
    finishedAt: Schema.NullOr(Schema.DateFromString)
  }))
})))

const isEventType = Schema.is(EventType)
/** A message's way out, where the event is one of a planned message. */
const channelIn = (payload: unknown) =>
  Option.getOrUndefined(Schema.decodeUnknownOption(Schema.Struct({ channel: NotificationChannel }))(payload))?.channel

const stateOf = (row: typeof DeliveryRow.Type | undefined, failed: FailedEvent | undefined) => {
  if (row !== undefined) return row.owner === null ? "waiting" : "in hand"
  switch (failed?.status) {
    case "OPEN":
      return "failed"
    case "DISCARDED":
      return "discarded"
    // A row that is done is deleted; a replay that is done resolves its failed event.
    default:
      return "done"
  }
}

/** A line for each handler that hears of it now, or heard of it when it was written. */
const deliveriesOf = (
  { payload, type }: Story["event"],
  rows: ReadonlyArray<typeof DeliveryRow.Type>,
  failed: ReadonlyArray<FailedEvent>
): Story["deliveries"] => {
  const handlers = new Set([
    ...(isEventType(type) ? subscribersOf(type, channelIn(payload)) : []),
    ...rows.map(({ handler }) => handler),
    ...failed.map(({ handler }) => handler)
  ])
  return [...handlers].map((handler) => {
    const row = rows.find((one) => one.handler === handler)
    const parked = failed.find((one) => one.handler === handler)
    const history = [...parked?.attempts ?? [], ...row?.history ?? []]
    return {
      handler,
      state: stateOf(row, parked),
      owner: row?.owner ?? null,
      attempts: row?.attempts ?? history.length,
      takeovers: row?.takeovers ?? 0,
      nextAttemptAt: row?.nextAttemptAt ?? null,
      history
    }
  })
}

export const layer = Layer.effect(
  EventStory,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    const inside = (academyId: AcademyId | null) => academyId === null ? sql`true` : sql`academy_id = ${academyId}`

    const eventOf = (academyId: AcademyId | null, id: EventId) =>
      sql`
        select id, type, version, academy_id as "academyId", occurred_at as "occurredAt", actor,
          jsonb_build_object('type', aggregate_type, 'id', aggregate_id, 'version', aggregate_version) as aggregate,
          correlation_id as "correlationId", traceparent, payload
        from event where id = ${id} and ${inside(academyId)}`

    /** A transaction's ids are made within its few seconds; without these bounds every event would be read. */
    const together = (academyId: AcademyId | null, id: EventId) =>
      sql`
        select id, type, aggregate_id as "aggregateId" from event
        where id >= uuid_at(uuid_extract_timestamp(${id}::uuid) - interval '10 seconds')
          and id <= uuid_at(uuid_extract_timestamp(${id}::uuid) + interval '10 seconds')
          and id <> ${id} and transaction = (select transaction from event where id = ${id})
          and ${inside(academyId)}
        order by id`

    /** An owner whose process is gone has it no longer. */
    const deliveries = (id: EventId) =>
      sql`
        select d.handler, n.incarnation as owner, d.attempts, d.takeovers, d.next_attempt_at as "nextAttemptAt", d.history
        from event_delivery d left join node n on n.incarnation = d.owner where d.event_id = ${id} order by d.handler`

    const failedEvents = (id: EventId) =>
      sql`select ${sql.literal(failedEventColumns)} from failed_event f where f.event_id = ${id} order by f.handler`

    /** Those that were planned because of it; of a MessagePlanned the one that it is about. */
    const messages = (id: EventId) =>
      sql`
        select m.id, m.status, m.channel, (select min(n.kind) from notification n where n.message_id = m.id) as kind,
          (select coalesce(jsonb_agg(jsonb_build_object('number', a.number, 'channel', a.channel,
              'provider', a.provider, 'outcome', a.outcome, 'startedAt', a.started_at, 'finishedAt', a.finished_at)
              order by a.number), '[]')
            from message_attempt a where a.message_id = m.id) as attempts
        from message m
        where m.id in (
          select message_id from notification where event_id = ${id}
          union
          select (payload ->> 'messageId')::uuid from event where id = ${id} and type = 'MessagePlanned'
        ) order by m.id`

    return EventStory.of({
      of: Effect.fn("EventStory.of")(function*(academyId, id) {
        const [event] = decodeEvents(yield* eventOf(academyId, id))
        if (event === undefined) return Option.none()
        const failed = decodeFailed(yield* failedEvents(id))
        return Option.some({
          event,
          together: decodeTogether(yield* together(academyId, id)),
          deliveries: deliveriesOf(event, decodeDeliveries(yield* deliveries(id)), failed),
          failed,
          messages: decodeMessages(yield* messages(id))
        })
      }, (story) =>
        // All of it as of the same moment: what is done in between would otherwise be in none of the tables, or in two.
        orUnavailable(sql.withTransaction(story)).pipe(
          Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        ))
    })
  })
)
