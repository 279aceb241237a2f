/** The planning side of the ledger: who is to be told, and the rows that say so. */
import { Array as Arr, Duration, Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { AcademyId, EventId, LeaveId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { NotificationKind } from "../../../domain/Notification.ts"
import type { NotificationLedger } from "../../../ports/NotificationLedger.ts"
import { orUnavailable } from "./Faults.ts"
import { Reach, reachOf } from "./MessageSelect.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodeConcerned = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  academyId: AcademyId,
  occasion: Schema.Struct({
    kind: NotificationKind,
    sessionId: Schema.NullOr(SessionId),
    leaveId: Schema.NullOr(LeaveId),
    studentId: Schema.NullOr(MemberId),
    occasion: Schema.String,
    eventId: EventId
  }),
  recipientId: MemberId,
  reach: Reach,
  muted: Schema.Boolean,
  sessionEndsAt: Schema.NullOr(Schema.DateTimeUtcFromDate)
})))

export const makePlanning = (
  background: SqlClient.SqlClient
): Pick<NotificationLedger["Service"], "audience" | "plan"> => ({
  audience: (academyId, occasions) =>
    orUnavailable(background`
          with asked as (
            -- An array in which all are null has no type for the driver.
            select kind, nullif(session_id, '')::uuid as session_id, nullif(leave_id, '')::uuid as leave_id,
              nullif(student_id, '')::uuid as student_id, occasion, event_id, audience,
              nullif(also_on, '')::date as also_on, nullif(otherwise, '') as otherwise
            from unnest(${occasions.map((o) => o.kind)}::text[], ${occasions.map((o) => o.sessionId ?? "")}::text[],
              ${occasions.map((o) => o.leaveId ?? "")}::text[], ${occasions.map((o) => o.studentId ?? "")}::text[],
              ${occasions.map((o) => o.occasion)}::text[], ${occasions.map((o) => o.eventId)}::uuid[],
              ${occasions.map((o) => o.audience)}::text[], ${occasions.map((o) => o.alsoOn ?? "")}::text[],
              ${occasions.map((o) => o.otherwise ?? "")}::text[])
              as o(kind, session_id, leave_id, student_id, occasion, event_id, audience, also_on, otherwise)
          ), skipped as (
            update message m set status = 'SKIPPED', reason = 'overtaken', updated_at = now()
            where m.status = 'PLANNED'
              and m.id in (select n.message_id from asked o join notification n on n.kind = 'MISSING'
                and n.session_id = o.session_id and n.student_id = o.student_id where o.kind = 'ARRIVED')
              -- Not where it tells of another child as well: that line is left out when it is sent.
              and not exists (select from notification n where n.message_id = m.id and not exists (
                select from asked o where o.kind = 'ARRIVED' and n.kind = 'MISSING'
                  and n.session_id = o.session_id and n.student_id = o.student_id))
            returning m.id
          ), concerned as (
            select o.*, g.parent_id as recipient_id from asked o join guardianship g
              on o.audience = 'GUARDIANS' and g.student_id = o.student_id and g.academy_id = ${academyId} and g.may_be_told
            union all
            select o.kind, o.session_id, o.leave_id, k.student_id, o.occasion, o.event_id, o.audience, o.also_on,
              o.otherwise, g.parent_id
            from asked o join class_session s on o.audience = 'ROLL_GUARDIANS' and s.id = o.session_id
              cross join lateral (select distinct e.student_id from enrollment e where e.class_id = s.class_id
                and (s.day between e.from_date and coalesce(e.until_date, 'infinity')
                  or o.also_on between e.from_date and coalesce(e.until_date, 'infinity'))) k
              join guardianship g on g.student_id = k.student_id and g.may_be_told
            union all
            select o.*, l.asked_by from asked o join leave_note l on o.audience = 'ASKER' and l.id = o.leave_id
              -- Who decides about an own child's leave knows it.
              and l.asked_by is distinct from l.decided_by
              join guardianship g on g.student_id = l.student_id and g.parent_id = l.asked_by and g.may_be_told
            union all
            select o.*, c.teacher_id from asked o join class_session s on o.audience = 'TEACHER' and s.id = o.session_id
              join class c on c.id = s.class_id
            union all
            select o.*, o.student_id from asked o where o.audience = 'SELF'
            union all
            select o.*, m.id from asked o join member m
              on o.audience = 'MANAGERS' and m.academy_id = ${academyId} and m.status = 'ACTIVE'
              join member_role r on r.member_id = m.id and r.role = 'MANAGER'
          ), told as (
            select p.*, case when p.kind = 'ARRIVED' and not exists (
                select from notification n join message m on m.id = n.message_id
                where n.kind = 'MISSING' and n.session_id = p.session_id and n.student_id = p.student_id
                  and n.recipient_id = p.recipient_id and m.status not in ('SKIPPED', 'EXPIRED', 'UNDELIVERED')
                  and m.id not in (select id from skipped))
              then p.otherwise else p.kind end as as_kind
            from concerned p
          )
          select ${academyId}::uuid as "academyId", p.recipient_id as "recipientId", s.ends_at as "sessionEndsAt",
            jsonb_build_object('kind', p.as_kind, 'sessionId', p.session_id, 'leaveId', p.leave_id,
              'studentId', p.student_id, 'occasion', p.occasion, 'eventId', p.event_id) as occasion,
            ${reachOf(background, academyId)} as reach,
            exists (select from notification_preference w where w.member_id = r.id and p.as_kind = any(w.muted)) as muted
          from told p join member r on r.id = p.recipient_id left join class_session s on s.id = p.session_id
          -- Who has left hears of nobody any more, but of the own refusal.
          where (r.status <> 'INACTIVE' or p.audience = 'SELF') and (p.kind <> 'MISSING' or exists (select from absence_decision d
              where d.session_id = p.session_id and d.student_id = p.student_id and d.state = 'ALERTED'))
            and not exists (
              select from notification n where n.academy_id = ${academyId} and n.kind = p.as_kind
                and n.session_id is not distinct from p.session_id and n.student_id is not distinct from p.student_id
                and n.leave_id is not distinct from p.leave_id and n.occasion = p.occasion and n.recipient_id = p.recipient_id
            )`).pipe(Effect.map((rows) => decodeConcerned(rows))),

  plan: Effect.fnUntraced(function*(messages) {
    if (!Arr.isReadonlyArrayNonEmpty(messages)) return
    yield* keep(
      background,
      background`
          insert into message (id, academy_id, recipient_id, status, channel, reason, deliver_by)
          select id, academy_id, recipient_id, status, nullif(channel, ''), nullif(reason, ''),
            now() + within * interval '1 second'
          from unnest(${messages.map((m) => m.id)}::uuid[], ${messages.map((m) => m.academyId)}::uuid[],
            ${messages.map((m) => m.recipientId)}::uuid[], ${messages.map((m) => m.status)}::text[],
            ${messages.map((m) => m.channel ?? "")}::text[], ${messages.map((m) => m.reason ?? "")}::text[],
            ${messages.map((m) => Math.round(Duration.toSeconds(m.deliverWithin)))}::int[])
            as m(id, academy_id, recipient_id, status, channel, reason, within)`
    )
    const rows = messages.flatMap((m) => m.notifications.map((n) => ({ ...n, message: m })))
    yield* keep(
      background,
      background`
          insert into notification (id, academy_id, kind, session_id, leave_id, student_id, occasion, event_id,
            recipient_id, message_id)
          select id, academy_id, kind, nullif(session_id, '')::uuid, nullif(leave_id, '')::uuid,
            nullif(student_id, '')::uuid, occasion, event_id, recipient_id, message_id
          from unnest(${rows.map((r) => r.id)}::uuid[], ${rows.map((r) => r.message.academyId)}::uuid[],
            ${rows.map((r) => r.occasion.kind)}::text[], ${rows.map((r) => r.occasion.sessionId ?? "")}::text[],
            ${rows.map((r) => r.occasion.leaveId ?? "")}::text[], ${
        rows.map((r) => r.occasion.studentId ?? "")
      }::text[], ${rows.map((r) => r.occasion.occasion)}::text[],
            ${rows.map((r) => r.occasion.eventId)}::uuid[], ${rows.map((r) => r.message.recipientId)}::uuid[],
            ${rows.map((r) => r.message.id)}::uuid[])
            as r(id, academy_id, kind, session_id, leave_id, student_id, occasion, event_id, recipient_id, message_id)`
    )
  })
})
