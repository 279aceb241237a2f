/** The figures of days, counted anew from the rows of the sessions that are not cancelled. */
import { Effect, Schema, Struct } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { AcademyDay, attendanceRate, ClassDay, type Figures, StudentDay } from "../../../domain/Statistics.ts"

export interface Row<D> {
  readonly id: string
  readonly doc: D
}

const decodeClassDay = Schema.decodeUnknownSync(ClassDay.mapFields(Struct.omit(["attendanceRate"])))
const decodeStudentDay = Schema.decodeUnknownSync(StudentDay.mapFields(Struct.omit(["attendanceRate"])))
const decodeAcademyDay = Schema.decodeUnknownSync(AcademyDay)

const rated = <D extends Figures>(day: D) => ({ ...day, attendanceRate: attendanceRate(day) })

export type Rows<D> = Effect.Effect<ReadonlyArray<Row<D>>, SqlError.SqlError>

export const decoded = <D>(rows: Statement.Statement<Row<unknown>>, decode: (doc: unknown) => D): Rows<D> =>
  Effect.map(rows, (found) => found.map(({ doc, id }) => ({ id, doc: decode(doc) })))

/** The enrollment covers the session's day, whatever its status. */
const covers = "e.class_id = s.class_id and s.day between e.from_date and coalesce(e.until_date, 'infinity')"

/** Somebody was there: so whoever has no record was not, once the session is over. */
const marked =
  "exists (select from attendance p where p.session_id = s.id and p.status in ('PRESENT', 'LATE')) as marked"

/** What rows of `roll` (held, marked, expected, status; one for each student and session) come to. */
const counted = `
  'expected', count(*) filter (where expected),
  'requested', count(*) filter (where status = 'REQUESTED'),
  'present', count(*) filter (where status = 'PRESENT'), 'late', count(*) filter (where status = 'LATE'),
  'absent', count(*) filter (where status = 'ABSENT' or held and marked and expected and status = 'NONE'),
  'excused', count(*) filter (where status = 'EXCUSED')`

export const figures = (sql: SqlClient.SqlClient) => ({
  class_day: (ids: ReadonlyArray<string>) =>
    decoded(
      sql<Row<unknown>>`
        select asked.id, jsonb_build_object(
          'academyId', c.academy_id, 'classId', c.id, 'teacherId', c.teacher_id, 'date', asked.day,
          'sessions', planned.sessions, 'held', planned.held) || counts.doc as doc
        from (
          select id, split_part(id, ':', 1)::uuid as class_id, split_part(id, ':', 2)::date as day
          from unnest(${ids}::text[]) as id) as asked
        join class c on c.id = asked.class_id
        join lateral (
          select count(*) as planned, count(*) filter (where s.status <> 'CANCELLED') as sessions,
            count(*) filter (where s.status = 'CLOSED') as held
          from class_session s
          where s.class_id = c.id and s.day = asked.day and s.cause is distinct from 'PLAN') as planned on planned.planned > 0
        cross join lateral (
          select jsonb_build_object(${sql.literal(counted)}) as doc
          from (
            select s.status = 'CLOSED' as held, s.marked, k.expected, coalesce(a.status, 'NONE') as status
            from (
              select s.*, ${sql.literal(marked)} from class_session s
              where s.class_id = c.id and s.day = asked.day and s.status <> 'CANCELLED') s
            cross join lateral (
              select student_id, bool_or(expected) as expected from (
                select e.student_id, true as expected from enrollment e where ${sql.literal(covers)}
                union all
                select x.student_id, false from attendance x where x.session_id = s.id
              ) one group by student_id) k
            left join attendance a on a.session_id = s.id and a.student_id = k.student_id) as roll) as counts`,
      (doc) => rated(decodeClassDay(doc))
    ),
  student_day: (ids: ReadonlyArray<string>) =>
    decoded(
      sql<Row<unknown>>`
        select asked.id, jsonb_build_object(
          'academyId', c.academy_id, 'studentId', asked.student_id, 'classId', c.id, 'teacherId', c.teacher_id,
          'date', asked.day) || counts.doc as doc
        from (
          select id, split_part(id, ':', 1)::uuid as student_id, split_part(id, ':', 2)::uuid as class_id,
            split_part(id, ':', 3)::date as day
          from unnest(${ids}::text[]) as id) as asked
        join class c on c.id = asked.class_id
        join lateral (
          select jsonb_build_object('sessions', count(*), 'held', count(*) filter (where held),
            ${sql.literal(counted)}) as doc
          from (
            select s.status = 'CLOSED' as held, ${sql.literal(marked)},
              exists (select from enrollment e where e.student_id = asked.student_id and ${
        sql.literal(covers)
      }) as expected,
              coalesce(a.status, 'NONE') as status
            from class_session s
            left join attendance a on a.session_id = s.id and a.student_id = asked.student_id
            where s.class_id = c.id and s.day = asked.day and s.status <> 'CANCELLED') as roll
          where expected or status <> 'NONE'
          having bool_or(held and expected or status <> 'NONE')) as counts on true`,
      (doc) => rated(decodeStudentDay(doc))
    ),
  academy_day: (ids: ReadonlyArray<string>) =>
    decoded(
      sql<Row<unknown>>`
        select asked.id, jsonb_build_object('academyId', ac.id, 'date', asked.day, 'newMembers', arrived.members,
          'newEnrollments', arrived.enrollments) as doc
        from (
          select id, split_part(id, ':', 1)::uuid as academy_id, split_part(id, ':', 2)::date as day
          from unnest(${ids}::text[]) as id) as asked
        join academy ac on ac.id = asked.academy_id
        cross join lateral (
          select
            -- The first condition is the index's: wherever the academy is, its day is among these three.
            (select count(*) from member m where m.academy_id = ac.id
              and m.created_at >= asked.day - 1 and m.created_at < asked.day + 2
              and (m.created_at at time zone ac.time_zone)::date = asked.day) as members,
            (select count(*) from enrollment e where e.academy_id = ac.id and e.from_date = asked.day
              and (e.until_date is null or e.until_date >= e.from_date)) as enrollments) as arrived
        where arrived.members + arrived.enrollments > 0`,
      decodeAcademyDay
    )
})
