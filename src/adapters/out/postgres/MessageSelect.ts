/** What sending a message needs to know, in one statement. */
import { Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { AcademyId, DispatchId, MemberId, MessageId, PushTargetId } from "../../../domain/Ids.ts"
import { LocalDate, LocalTime, TimeZoneName } from "../../../domain/LocalTime.ts"
import { MessageStatus, NotificationKind } from "../../../domain/Notification.ts"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"

export const Reach = Schema.Struct({
  phone: Schema.Boolean,
  device: Schema.Boolean,
  prefers: Schema.Array(NotificationChannel),
  off: Schema.Array(NotificationChannel)
})

/** By what the member `r` can be reached at this academy. */
export const reachOf = (sql: SqlClient.SqlClient, academyId: AcademyId | Statement.Fragment) =>
  sql`jsonb_build_object('phone', r.phone is not null,
    'device', exists (select from push_target t where t.member_id = r.id),
    'prefers', coalesce((select to_jsonb(w.channels) from notification_preference w where w.member_id = r.id), '[]'),
    'off', coalesce((select jsonb_agg(c.channel) from academy_channel c
      where c.academy_id = ${academyId} and not c.enabled), '[]'))`

/** Channels on which the message `m` was tried, its present one among them. */
export const triedOf = (sql: SqlClient.SqlClient) =>
  sql`array_remove(array(select distinct a.channel from message_attempt a where a.message_id = m.id)
    || array[m.channel], null)`

/** When the message `m` was planned; null when that was in quiet hours, whose end it waited for. */
export const sinceOf = (sql: SqlClient.SqlClient) =>
  sql`(select case when case when q.quiet_from <= q.quiet_until then t.at >= q.quiet_from and t.at < q.quiet_until
      else t.at >= q.quiet_from or t.at < q.quiet_until end then null else m.created_at end
    from academy q cross join lateral (select (m.created_at at time zone q.time_zone)::time as at) t
    where q.id = m.academy_id)`

export const MessageRow = Schema.Struct({
  id: MessageId,
  status: MessageStatus,
  /** Only what is planned to go out is loaded to be sent. */
  channel: NotificationChannel,
  attempts: Schema.Int,
  deliverBy: Schema.DateTimeUtcFromDate,
  since: Schema.NullOr(Schema.DateTimeUtcFromDate),
  academyId: AcademyId,
  reach: Reach,
  tried: Schema.Array(NotificationChannel)
})

export const BegunRow = Schema.Struct({
  id: DispatchId,
  academyId: AcademyId,
  channel: NotificationChannel,
  key: Schema.NullOr(Schema.String),
  credentials: Schema.NullOr(Schema.String)
})

export const decodeMessage = Schema.decodeUnknownSync(Schema.Struct({
  ...MessageRow.fields,
  academyName: Schema.String,
  quiet: Schema.NullOr(Schema.Struct({ from: LocalTime, until: LocalTime, timeZone: TimeZoneName })),
  recipient: Schema.Struct({
    id: MemberId,
    phone: Schema.NullOr(PhoneNumber),
    locale: Schema.Literals(["ko", "en"]),
    devices: Schema.Array(Schema.Struct({ id: PushTargetId, token: Schema.String }))
  }),
  sender: Schema.Struct({
    from: Schema.NullOr(PhoneNumber),
    profile: Schema.NullOr(Schema.String),
    credentials: Schema.NullOr(Schema.String)
  }),
  templates: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  begun: Schema.NullOr(BegunRow),
  behind: Schema.Boolean,
  lines: Schema.Array(Schema.Struct({
    kind: NotificationKind,
    studentName: Schema.String,
    className: Schema.String,
    day: LocalDate,
    until: LocalDate,
    time: Schema.String,
    status: Schema.String,
    count: Schema.Int,
    stillHolds: Schema.Boolean,
    mayBeTold: Schema.Boolean
  }))
}))

/**
 * Templates by names as `CHECK_IN/ko`: an academy's own with their ids, and those that are off with null. Those of the
 * system are for academies without a profile of their own, which the academy's channel `own` says; an own one wins.
 */
export const templatesOf = (
  sql: SqlClient.SqlClient,
  academyId: AcademyId | Statement.Fragment,
  channel: NotificationChannel | Statement.Fragment
) =>
  sql`coalesce((select jsonb_object_agg(t.template, t.id order by t.is_own) from (
      select o.template, null as id, false as is_own from system_template_off o
      where o.channel = ${channel} and own.profile is null
      union all
      select a.template, case when a.off_since is null then a.provider_id end, true from academy_template a
      where a.academy_id = ${academyId} and a.channel = ${channel} and a.provider_id is not null) t), '{}')`

/**
 * Whether the recipient `r` of the message `m` may hear of what the notification `n` is about, as things are now. Staff hear
 * of every student, everybody of oneself; whoever is a guardian as well, of that one as a guardian may.
 */
export const mayBeTold = `(n.student_id is null or n.student_id = m.recipient_id or coalesce(
  (select g.may_be_told and r.status <> 'INACTIVE' from guardianship g
    where g.student_id = n.student_id and g.parent_id = m.recipient_id),
  r.status = 'ACTIVE' and exists (select from member_role k where k.member_id = r.id and k.role in ('TEACHER', 'MANAGER'))))`

/** Of the notification `n` of an arrival: the alert about the same absence to the same person. */
const alert = `select from notification w join message wm on wm.id = w.message_id where w.kind = 'MISSING'
  and w.session_id = n.session_id and w.student_id = n.student_id and w.recipient_id = n.recipient_id`

/** Whoever has heard of no absence after all reads of a plain check-in. */
const asKind = `case when n.kind <> 'ARRIVED'
    or exists (${alert} and wm.status in ('SENDING', 'ACCEPTED', 'DELIVERED', 'UNKNOWN')) then n.kind
  when a.status = 'LATE' then 'LATE' else 'CHECK_IN' end`

export const selectMessage = (sql: SqlClient.SqlClient, id: MessageId) =>
  sql`
  select m.id, m.academy_id as "academyId", ac.name as "academyName", m.status,
    coalesce(m.channel, 'NONE') as channel, m.deliver_by as "deliverBy",
    (select count(*)::int from message_attempt a where a.message_id = m.id) as attempts,
    ${sinceOf(sql)} as since, ${triedOf(sql)} as tried, ${reachOf(sql, sql`m.academy_id`)} as reach,
    case when ac.quiet_from is null then null else jsonb_build_object('timeZone', ac.time_zone,
      'from', to_char(ac.quiet_from, 'HH24:MI'), 'until', to_char(ac.quiet_until, 'HH24:MI')) end as quiet,
    jsonb_build_object('id', r.id, 'phone', r.phone, 'locale', r.locale, 'devices', coalesce(
      (select jsonb_agg(jsonb_build_object('id', t.id, 'token', t.token) order by t.id)
        from push_target t where t.member_id = r.id), '[]')) as recipient,
    jsonb_build_object('from', own.sender, 'profile', own.profile,
      'credentials', encode(own.credentials, 'base64')) as sender,
    ${templatesOf(sql, sql`m.academy_id`, sql`m.channel`)} as templates,
    (select jsonb_build_object('id', b.id, 'academyId', m.academy_id, 'channel', b.channel, 'key', b.key,
        'credentials', encode(own.credentials, 'base64'))
      from message_attempt b where b.message_id = m.id and b.finished_at is null order by b.number desc limit 1) as begun,
    exists (select from notification n where n.message_id = m.id and n.kind = 'ARRIVED'
      and exists (${sql.literal(alert)} and wm.status = 'SENDING' and wm.deliver_by > now())) as behind,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', ${sql.literal(asKind)}, 'studentName', coalesce(s.name, ''),
        'className', coalesce(c.name, ''), 'day', coalesce(l.from_date, cs.day, (n.created_at at time zone ac.time_zone)::date),
        'until', coalesce(l.until_date, cs.day, (n.created_at at time zone ac.time_zone)::date),
        'time', to_char(case when n.kind in ('CHECK_IN', 'LATE', 'CORRECTED', 'ARRIVED')
          then coalesce(a.requested_at, a.confirmed_at, n.created_at)
          else coalesce(cs.starts_at, n.created_at) end at time zone ac.time_zone, 'HH24:MI'),
        'status', coalesce(a.status, 'NONE'),
        'count', case n.kind when 'ABSENCES_REPEATED' then n.occasion::int else held.waiting end,
        'mayBeTold', ${sql.literal(mayBeTold)},
        -- What it is about may be gone.
        'stillHolds', coalesce(case n.kind when 'CHECK_IN' then a.status = 'PRESENT' when 'LATE' then a.status = 'LATE'
          when 'ARRIVED' then a.status in ('PRESENT', 'LATE')
          when 'MISSING' then d.state = 'ALERTED' and a.status is distinct from 'EXCUSED'
          when 'ROLL_UNMARKED' then held.waiting > 0
          when 'CORRECTED' then a.status in ('PRESENT', 'LATE', 'ABSENT', 'EXCUSED')
          when 'ABSENCES_REPEATED' then coalesce(a.status, 'NONE') in ('NONE', 'ABSENT')
          when 'SESSION_CANCELLED' then cs.status = 'CANCELLED'
          -- Where it is now is what the last of the moves tells.
          when 'SESSION_MOVED' then cs.status <> 'CANCELLED' and not exists (
            select from notification o where o.academy_id = n.academy_id and o.kind = n.kind
              and o.session_id = n.session_id and o.student_id is not distinct from n.student_id
              and o.recipient_id = n.recipient_id and o.event_id > n.event_id)
          when 'LEAVE_REQUESTED' then l.status = 'REQUESTED' when 'LEAVE_APPROVED' then l.status = 'APPROVED'
          when 'LEAVE_REJECTED' then l.status = 'REJECTED' when 'TEACHER_WAITING' then s.status = 'PENDING'
          when 'MEMBER_APPROVED' then s.status = 'ACTIVE' when 'MEMBER_REJECTED' then s.status = 'INACTIVE' end, false)) order by n.id), '[]')
      from notification n
      left join member s on s.id = n.student_id
      left join absence_decision d on d.session_id = n.session_id and d.student_id = n.student_id
      cross join lateral (select count(*)::int as waiting from absence_decision h
        where h.session_id = n.session_id and h.state = 'HELD') held
      left join class_session cs on cs.id = n.session_id
      left join class c on c.id = cs.class_id
      left join leave_note l on l.id = n.leave_id
      left join attendance a on a.session_id = n.session_id and a.student_id = n.student_id
      where n.message_id = m.id) as lines
  from message m join academy ac on ac.id = m.academy_id join member r on r.id = m.recipient_id
  left join academy_channel own on own.academy_id = m.academy_id and own.channel = m.channel
  where m.id = ${id}`
