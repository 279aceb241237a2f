import { Array as Arr, Duration, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, MemberId, MessageId, SessionId } from "../../../domain/Ids.ts"
import { MessageStatus, NotificationKind } from "../../../domain/Notification.ts"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"
import { NotificationLedger } from "../../../ports/NotificationLedger.ts"
import { BackgroundSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodeAudience = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  academyId: AcademyId,
  occasion: Schema.Struct({
    kind: NotificationKind,
    sessionId: SessionId,
    studentId: MemberId,
    occasion: Schema.String
  }),
  recipientId: MemberId
})))
const decodeMessage = Schema.decodeUnknownSync(Schema.Struct({
  id: MessageId,
  academyId: AcademyId,
  academyName: Schema.String,
  status: MessageStatus,
  tooLate: Schema.Boolean,
  recipient: Schema.Struct({ id: MemberId, phone: Schema.NullOr(PhoneNumber), locale: Schema.Literals(["ko", "en"]) }),
  lines: Schema.Array(Schema.Struct({
    kind: NotificationKind,
    studentName: Schema.String,
    className: Schema.String,
    time: Schema.String,
    status: Schema.String,
    stillHolds: Schema.Boolean
  }))
}))

export const layer = Layer.effect(
  NotificationLedger,
  Effect.gen(function*() {
    const background = yield* BackgroundSql
    const sql = yield* SqlClient.SqlClient
    return NotificationLedger.of({
      audience: (academyId, occasions) =>
        orUnavailable(background`
          select ${academyId}::uuid as "academyId", g.parent_id as "recipientId",
            jsonb_build_object('kind', o.kind, 'sessionId', o.session_id, 'studentId', o.student_id,
              'occasion', o.occasion) as occasion
          from unnest(${occasions.map((o) => o.kind)}::text[], ${occasions.map((o) => o.sessionId)}::uuid[],
            ${occasions.map((o) => o.studentId)}::uuid[], ${occasions.map((o) => o.occasion)}::text[])
            as o(kind, session_id, student_id, occasion)
          join guardianship g on g.student_id = o.student_id and g.academy_id = ${academyId} and g.may_be_told
          where not exists (
            select from notification n where n.academy_id = ${academyId} and n.kind = o.kind
              and n.session_id = o.session_id and n.student_id = o.student_id and n.occasion = o.occasion
              and n.recipient_id = g.parent_id
          )`).pipe(Effect.map((rows) => decodeAudience(rows))),

      plan: Effect.fnUntraced(function*(messages) {
        if (!Arr.isReadonlyArrayNonEmpty(messages)) return
        yield* keep(
          background,
          background`
          insert into message (id, academy_id, recipient_id, status, deliver_by)
          select id, academy_id, recipient_id, 'PLANNED', now() + within * interval '1 second'
          from unnest(${messages.map((m) => m.id)}::uuid[], ${messages.map((m) => m.academyId)}::uuid[],
            ${messages.map((m) => m.recipientId)}::uuid[],
            ${messages.map((m) => Math.round(Duration.toSeconds(m.deliverWithin)))}::int[])
            as m(id, academy_id, recipient_id, within)`
        )
        const rows = messages.flatMap((m) => m.notifications.map((n) => ({ ...n, message: m })))
        yield* keep(
          background,
          background`
          insert into notification (id, academy_id, kind, session_id, student_id, occasion, recipient_id, message_id)
          select * from unnest(${rows.map((r) => r.id)}::uuid[], ${rows.map((r) => r.message.academyId)}::uuid[],
            ${rows.map((r) => r.occasion.kind)}::text[], ${rows.map((r) => r.occasion.sessionId)}::uuid[],
            ${rows.map((r) => r.occasion.studentId)}::uuid[], ${rows.map((r) => r.occasion.occasion)}::text[],
            ${rows.map((r) => r.message.recipientId)}::uuid[], ${rows.map((r) => r.message.id)}::uuid[])`
        )
      }),

      load: Effect.fn("NotificationLedger.load")(function*(id) {
        const [row] = yield* orUnavailable(sql`
          select m.id, m.academy_id as "academyId", ac.name as "academyName", m.status, m.deliver_by < now() as "tooLate",
            jsonb_build_object('id', r.id, 'phone', r.phone, 'locale', r.locale) as recipient,
            (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'studentName', s.name, 'className', c.name,
                'time', to_char(coalesce(a.requested_at, a.confirmed_at, n.created_at) at time zone ac.time_zone, 'HH24:MI'),
                'status', coalesce(a.status, 'NONE'),
                'stillHolds', case n.kind when 'CHECK_IN' then a.status = 'PRESENT' when 'LATE' then a.status = 'LATE'
                  else a.status in ('PRESENT', 'LATE', 'ABSENT', 'EXCUSED') end) order by n.id), '[]')
              from notification n
              join member s on s.id = n.student_id
              join class_session cs on cs.id = n.session_id
              join class c on c.id = cs.class_id
              left join attendance a on a.session_id = n.session_id and a.student_id = n.student_id
              where n.message_id = m.id) as lines
          from message m join academy ac on ac.id = m.academy_id join member r on r.id = m.recipient_id
          where m.id = ${id}`)
        return row === undefined ? Option.none() : Option.some(decodeMessage(row))
      }),

      begin: (id, channel, provider) =>
        orUnavailable(sql<{ number: number }>`
          with mine as (
            update message set status = 'SENDING', channel = ${channel}, provider = ${provider}, updated_at = now()
            where id = ${id} and status in ('PLANNED', 'UNDELIVERED') returning id
          )
          insert into message_attempt (message_id, number, channel, provider)
          select id, 1 + (select count(*) from message_attempt where message_id = ${id}), ${channel}, ${provider} from mine
          returning number`).pipe(Effect.map(([row]) => Option.fromUndefinedOr(row?.number))),

      finish: (id, status, { detail, outcome, providerId }) =>
        orUnavailable(sql`
          with moved as (
            update message set status = ${status}, provider_id = coalesce(${providerId ?? null}::text, provider_id),
              updated_at = now()
            where id = ${id} and status = 'SENDING' returning id
          )
          update message_attempt set outcome = ${outcome}, detail = ${detail ?? null}::text,
            provider_id = ${providerId ?? null}::text, finished_at = now()
          where message_id = (select id from moved) and finished_at is null`),

      drop: (id, status) =>
        orUnavailable(
          sql`update message set status = ${status}, updated_at = now() where id = ${id} and status in ('PLANNED', 'UNDELIVERED')`
        )
    })
  })
)
