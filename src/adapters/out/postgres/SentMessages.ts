/** Messages as people read them afterwards, and how channels did: the statements. */
import { DateTime, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { AcademyId, MessageId } from "../../../domain/Ids.ts"
import type { LocalDate } from "../../../domain/LocalTime.ts"
import { mask } from "../../../domain/PhoneNumber.ts"
import {
  ChannelMeasures,
  type MessageFilter,
  SentAttempt,
  SentMessage,
  SentMessageInFull
} from "../../../ports/NotificationHistory.ts"

// Out of JSON, where an instant is a string.
const AttemptRow = Schema.Struct({
  ...SentAttempt.fields,
  receiptAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  startedAt: Schema.DateTimeUtcFromString,
  finishedAt: Schema.NullOr(Schema.DateTimeUtcFromString)
})

const decodeSent = Schema.decodeUnknownSync(Schema.Array(SentMessage))
const decodeInFull = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...SentMessageInFull.fields, attempts: Schema.Array(AttemptRow) }))
)
export const decodeMeasures = Schema.decodeUnknownSync(Schema.Array(ChannelMeasures))

/** No whole number leaves this module. */
const hidden = <A extends SentMessage>(message: A): A => {
  const { phone } = message.recipient
  return { ...message, recipient: { ...message.recipient, phone: phone === null ? null : mask(phone) } }
}
export const sentOf = (rows: unknown): ReadonlyArray<SentMessage> => decodeSent(rows).map(hidden)
export const inFullOf = (rows: unknown): ReadonlyArray<SentMessageInFull> => decodeInFull(rows).map(hidden)

/** Word for word the condition of the index `message_not_reached`. */
const notReached = `(m.status in ('UNDELIVERED', 'EXPIRED', 'UNKNOWN')
  or (m.status = 'SKIPPED' and m.reason not in ('overtaken', 'muted', 'may-not-be-told')))`

/** An instant as JSON that names its zone. */
const iso = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const columns = `m.id, m.academy_id as "academyId",
  jsonb_build_object('id', r.id, 'name', r.name, 'phone', r.phone) as recipient, m.status, m.channel, m.reason,
  m.created_at as "plannedAt", m.accepted_at as "acceptedAt", m.delivered_at as "deliveredAt",
  m.deliver_by as "deliverBy", m.resend_of as "resendOf",
  (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'studentId', n.student_id, 'studentName', s.name,
      'sessionId', n.session_id, 'leaveId', n.leave_id) order by n.id), '[]')
    from notification n left join member s on s.id = n.student_id where n.message_id = m.id) as lines`

const inFull = `case when m.resend_of is null then null
    else jsonb_build_object('by', m.resent_by, 'reason', m.resend_reason) end as resent,
  array(select a.id from message a where a.resend_of = m.id order by a.id) as resends,
  (select coalesce(jsonb_agg(jsonb_build_object('number', b.number, 'channel', b.channel, 'provider', b.provider,
      'outcome', b.outcome, 'rule', b.detail, 'keyKept', b.key is not null, 'receipt', b.receipt,
      'receiptAt', ${iso("b.receipt_at")}, 'startedAt', ${iso("b.started_at")}, 'finishedAt', ${iso("b.finished_at")},
      'cost', b.cost) order by b.number), '[]')
    from message_attempt b where b.message_id = m.id) as attempts`

/** Ids have the time in them at which they were made, by another clock than the row's. */
const byId = `interval '1 hour'`

export const makeSelects = (sql: SqlClient.SqlClient) => {
  const whose = (academyId: AcademyId | null) => academyId === null ? sql`true` : sql`m.academy_id = ${academyId}`

  const fits = (
    { academyId, before, channel, from, notReached: only, recipientId, sessionId, status }: MessageFilter
  ) =>
    sql.and([
      whose(academyId),
      sessionId === undefined
        ? sql`true`
        : sql`m.id in (select n.message_id from notification n where n.session_id = ${sessionId})`,
      recipientId === undefined ? sql`true` : sql`m.recipient_id = ${recipientId}`,
      status === undefined ? sql`true` : sql`m.status = ${status}`,
      channel === undefined ? sql`true` : sql`m.channel = ${channel}`,
      only === true ? sql.literal(notReached) : sql`true`,
      from === undefined
        ? sql`true`
        : sql`m.created_at >= ${DateTime.toDateUtc(from)} and m.id >= uuid_at(${DateTime.toDateUtc(from)}::timestamptz
            - ${sql.literal(byId)})`,
      before === undefined
        ? sql`true`
        : sql`m.created_at < ${DateTime.toDateUtc(before)} and m.id < uuid_at(${DateTime.toDateUtc(before)}::timestamptz
            + ${sql.literal(byId)})`
    ])

  return {
    list: (filter: MessageFilter, { after, limit }: { readonly limit: number; readonly after?: MessageId }) =>
      sql`
        select ${sql.literal(columns)} from message m join member r on r.id = m.recipient_id
        where ${fits(filter)} and ${after === undefined ? sql`true` : sql`m.id < ${after}`}
        order by m.id desc limit ${limit}`,

    find: (academyId: AcademyId | null, id: MessageId) =>
      sql`
        select ${sql.literal(columns)}, ${sql.literal(inFull)} from message m join member r on r.id = m.recipient_id
        where m.id = ${id} and ${whose(academyId)}`,

    /** The event's id holds when it was made, just before its COMMIT; a resend begins when somebody wants it. */
    measures: (academyId: AcademyId, { from, until }: { readonly from: LocalDate; readonly until: LocalDate }) =>
      sql`
        with span as (
          select ${from}::date::timestamp at time zone time_zone as since,
            (${until}::date + 1)::timestamp at time zone time_zone as before
          from academy where id = ${academyId}
        ), sent as materialized (
          select m.id, m.channel, m.status, ${sql.literal(notReached)} as "notReached",
            extract(epoch from m.accepted_at - news.at)::float8 as accepting,
            extract(epoch from m.delivered_at - news.at)::float8 as delivering
          from span join message m on m.academy_id = ${academyId} and m.created_at >= span.since
            and m.created_at < span.before and m.id >= uuid_at(span.since - ${sql.literal(byId)})
            and m.id < uuid_at(span.before + ${sql.literal(byId)})
          cross join lateral (
            select coalesce(min(uuid_extract_timestamp(n.event_id)) filter (where n.resend = 0), m.created_at) as at
            from notification n where n.message_id = m.id
          ) news
        ), counted as (
          select channel, count(*)::int as planned,
            count(*) filter (where status in ('ACCEPTED', 'DELIVERED'))::int as accepted,
            count(*) filter (where status = 'DELIVERED')::int as delivered,
            count(*) filter (where "notReached")::int as "notReached",
            percentile_cont(array[0.5, 0.95, 0.99]) within group (order by accepting) as accepting,
            percentile_cont(array[0.5, 0.95, 0.99]) within group (order by delivering) as delivering
          from sent group by channel
        ), spent as (
          select b.channel, sum(b.cost)::float8 as spent from sent join message_attempt b on b.message_id = sent.id
          group by b.channel
        )
        select channel, coalesce(planned, 0) as planned, coalesce(accepted, 0) as accepted,
          coalesce(delivered, 0) as delivered, coalesce("notReached", 0) as "notReached",
          accepted::float8 / nullif(accepted + "notReached", 0) as "successRate",
          ${sql.literal(percentiles("accepting"))} as "secondsToAccepted",
          ${sql.literal(percentiles("delivering"))} as "secondsToDelivered", coalesce(spent, 0) as spent
        from counted full join spent using (channel) order by channel nulls last`
  }
}

/** To the millisecond. */
const percentiles = (column: string) => {
  const at = (index: number) => `round(${column}[${index}]::numeric, 3)`
  return `case when ${column} is not null then jsonb_build_object('p50', ${at(1)}, 'p95', ${at(2)}, 'p99', ${
    at(3)
  }) end`
}
