/**
 * The content of read documents. Each SELECT builds the documents as JSON in the form of their views and takes all the
 * ids of a call at once.
 */
import { Schema, Struct } from "effect"
import type { SqlClient } from "effect/sql"
import { type Kind, type View, views } from "../../../domain/ReadModel.ts"
import { countsOf, Register } from "../../../domain/Register.ts"
import { decoded, figures, type Row, type Rows } from "./FigureSelects.ts"

export type Selects = { readonly [K in Kind]: (ids: ReadonlyArray<string>) => Rows<View<K>> }

const decodeMember = Schema.decodeUnknownSync(views.member)
const decodeClass = Schema.decodeUnknownSync(views.class)
const decodeAttendance = Schema.decodeUnknownSync(views.attendance)
const decodeRegister = Schema.decodeUnknownSync(Register.mapFields(Struct.omit(["counts", "studentIds"])))

/** An instant as ISO 8601 in UTC with milliseconds, `null` when there is none. */
const iso = (sql: SqlClient.SqlClient, column: string) =>
  sql`to_char(${sql(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

export const selects = (sql: SqlClient.SqlClient): Selects => ({
  member: (ids) =>
    decoded(
      sql<Row<unknown>>`
        select m.id, jsonb_build_object(
          'id', m.id, 'academyId', m.academy_id, 'name', m.name, 'phone', m.phone, 'status', m.status,
          'roles', coalesce((
            select jsonb_agg(r.role order by r.is_primary desc, r.role) from member_role r where r.member_id = m.id), '[]'),
          'schoolName', s.school_name, 'grade', s.grade,
          'guardians', coalesce((
            select jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'relationship', g.relationship)
              order by g.is_primary desc, p.id)
            from guardianship g join member p on p.id = g.parent_id where g.student_id = m.id), '[]')) as doc
        from member m left join student_profile s on s.member_id = m.id
        where m.id = any(${ids}::uuid[]) and m.academy_id is not null`,
      decodeMember
    ),
  class: (ids) =>
    decoded(
      sql<Row<unknown>>`
        select c.id, jsonb_build_object(
          'id', c.id, 'academyId', c.academy_id, 'name', c.name, 'subject', c.subject, 'teacherId', c.teacher_id,
          'teacherName', t.name, 'capacity', c.capacity, 'startDate', c.start_date, 'endDate', c.end_date,
          'status', c.status,
          'enrolled', (select count(*) from enrollment e where e.class_id = c.id and e.status = 'ACTIVE'),
          'studentIds', coalesce((select jsonb_agg(distinct e.student_id)
            from enrollment e where e.class_id = c.id and e.status = 'ACTIVE'), '[]'),
          'schedules', coalesce((
            select jsonb_agg(jsonb_build_object('dayOfWeek', w.day_of_week,
                'startTime', to_char(w.start_time, 'HH24:MI'), 'endTime', to_char(w.end_time, 'HH24:MI'))
              order by array_position(array['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'], w.day_of_week), w.start_time)
            from class_schedule w where w.class_id = c.id), '[]')) as doc
        from class c join member t on t.id = c.teacher_id
        where c.id = any(${ids}::uuid[])`,
      decodeClass
    ),
  attendance: (ids) =>
    decoded(
      sql<Row<unknown>>`
        select a.id, jsonb_build_object(
          'id', a.id, 'academyId', a.academy_id, 'sessionId', a.session_id, 'classId', a.class_id, 'className', c.name,
          'date', s.day, 'startsAt', ${iso(sql, "s.starts_at")}, 'studentId', a.student_id, 'studentName', m.name,
          'status', a.status, 'requestedAt', ${iso(sql, "a.requested_at")}, 'confirmedAt', ${
        iso(sql, "a.confirmed_at")
      },
          'version', a.version) as doc
        from attendance a
        join class_session s on s.id = a.session_id
        join class c on c.id = a.class_id
        join member m on m.id = a.student_id
        where a.id = any(${ids}::uuid[])`,
      decodeAttendance
    ),
  session: (ids) =>
    decoded(
      sql<Row<unknown>>`
        select s.id, jsonb_build_object(
          'id', s.id, 'academyId', s.academy_id, 'classId', s.class_id, 'className', c.name, 'teacherId', c.teacher_id,
          'teacherName', t.name, 'classroom', r.name, 'date', s.day, 'startsAt', ${iso(sql, "s.starts_at")},
          'endsAt', ${iso(sql, "s.ends_at")}, 'status', s.status, 'moved', s.moved, 'reason', s.reason,
          'students', coalesce((
            select jsonb_agg(jsonb_build_object(
                'studentId', k.student_id, 'name', m.name, 'expected', k.expected, 'status', coalesce(a.status, 'NONE'),
                'requestedAt', ${iso(sql, "a.requested_at")}, 'confirmedAt', ${iso(sql, "a.confirmed_at")},
                'attendanceId', a.id,
                -- Of the two the one that is decided comes first in the alphabet.
                'leave', (select min(l.status) from leave_note l
                  where l.student_id = k.student_id and l.status <> 'REJECTED'
                    and s.day between l.from_date and l.until_date),
                'absence', case when d.session_id is not null
                  then jsonb_build_object('state', d.state, 'reason', d.reason) end)
              order by m.name collate "C", m.id)
            from (
              select student_id, bool_or(expected) as expected from (
                select e.student_id, true as expected from enrollment e
                where e.class_id = s.class_id and s.day between e.from_date and coalesce(e.until_date, 'infinity')
                union all
                select x.student_id, false from attendance x where x.session_id = s.id
              ) one group by student_id
            ) k
            join member m on m.id = k.student_id
            left join attendance a on a.session_id = s.id and a.student_id = k.student_id
            left join absence_decision d on d.session_id = s.id and d.student_id = k.student_id
              and d.state in ('ALERTED', 'RETRACTED')), '[]')) as doc
        from class_session s
        join class c on c.id = s.class_id
        join member t on t.id = c.teacher_id
        left join classroom r on r.id = c.classroom_id
        -- What the timetable has taken away is no session any more.
        where s.id = any(${ids}::uuid[]) and s.cause is distinct from 'PLAN'`,
      (doc) => {
        const register = decodeRegister(doc)
        return {
          ...register,
          counts: countsOf(register.students),
          studentIds: register.students.map(({ studentId }) => studentId)
        }
      }
    ),
  ...figures(sql)
})
