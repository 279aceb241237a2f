/** Which documents events change that do not name them: one statement for all events of a batch. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Kind } from "../../../domain/ReadModel.ts"
import type { FigureReach, Named, Reach } from "../../../ports/ReadModelSource.ts"

type Found = Effect.Effect<ReadonlyArray<Named>, SqlError.SqlError>

const idsOf = (reach: ReadonlyArray<Reach | FigureReach>, of: (Reach | FigureReach)["of"]): ReadonlyArray<string> => [
  ...new Set(reach.flatMap((one) => (one.of === of ? [one.id] : [])))
]
const named = (rows: ReadonlyArray<{ readonly kind: Kind; readonly id: string }>): ReadonlyArray<Named> =>
  rows.map(({ id, kind }) => [kind, id])

export const documentsReached = (sql: SqlClient.SqlClient) => (reach: ReadonlyArray<Reach>): Found => {
  const leaves = reach.flatMap((one) => (one.of === "student" ? [one] : []))
  return Effect.map(
    sql<{ kind: Kind; id: string }>`
      with of_class as (
        select id from class_session where class_id = any(${idsOf(reach, "class")}::uuid[])
      )
      select 'session' as kind, id from of_class
      union
      select 'member', g.student_id from guardianship g where g.parent_id = any(${idsOf(reach, "member")}::uuid[])
      union
      select 'class', c.id from class c where c.teacher_id = any(${idsOf(reach, "member")}::uuid[])
      union
      select 'session', s.id from class c join class_session s on s.class_id = c.id
      where c.teacher_id = any(${idsOf(reach, "member")}::uuid[])
      union
      -- Who has an attendance was enrolled, if not on this day.
      select 'session', s.id from enrollment e join class_session s on s.class_id = e.class_id
      where e.student_id = any(${idsOf(reach, "member")}::uuid[])
      union
      select 'attendance', a.id from enrollment e join class_session s on s.class_id = e.class_id
      join attendance a on a.session_id = s.id and a.student_id = e.student_id
      where e.student_id = any(${idsOf(reach, "member")}::uuid[])
      union
      select 'session', s.id from class c join class_session s on s.class_id = c.id
      where c.classroom_id = any(${idsOf(reach, "classroom")}::uuid[])
      union
      select 'session', s.id from enrollment e join class_session s on s.class_id = e.class_id and s.day >= e.from_date
      where e.id = any(${idsOf(reach, "enrollment")}::uuid[])
      union
      -- Who has an attendance was enrolled, if not on this day.
      select 'session', s.id
      from unnest(${leaves.map(({ id }) => id)}::uuid[], ${leaves.map(({ from }) => from)}::text[],
        ${leaves.map(({ until }) => until)}::text[]) as l(student_id, from_date, until_date)
      join enrollment e on e.student_id = l.student_id
      join class_session s on s.class_id = e.class_id and s.day between l.from_date::date and l.until_date::date
      union
      select 'attendance', a.id from of_class o join attendance a on a.session_id = o.id
      union
      select 'attendance', a.id from attendance a where a.session_id = any(${idsOf(reach, "session")}::uuid[])`,
    named
  )
}

export const figuresReached = (sql: SqlClient.SqlClient) => (reach: ReadonlyArray<FigureReach>): Found => {
  const moved = reach.flatMap((one) => (one.of === "session" ? [one] : []))
  const asked = (of: "day" | "unrecorded") =>
    sql`select split_part(id, ':', 1)::uuid as class_id, split_part(id, ':', 2)::date as day
      from unnest(${idsOf(reach, of)}::text[]) as id`
  const enrollments = idsOf(reach, "enrollment")
  return Effect.map(
    sql<{ kind: Kind; id: string }>`
      with whole as (
        ${asked("day")}
        union select class_id, day from class_session where class_id = any(${idsOf(reach, "class")}::uuid[])
      ), of_enrollment as (
        select distinct e.student_id, s.class_id, s.day
        from enrollment e join class_session s on s.class_id = e.class_id and s.day >= e.from_date
        where e.id = any(${enrollments}::uuid[])
      ), of_student as (
        -- What is over expects also those of whom nothing is recorded.
        select e.student_id, s.class_id, s.day
        from (select * from whole union ${asked("unrecorded")}) w
        join class_session s on s.class_id = w.class_id and s.day = w.day and s.status = 'CLOSED'
        join enrollment e on e.class_id = s.class_id and s.day between e.from_date and coalesce(e.until_date, 'infinity')
        union
        select a.student_id, w.class_id, w.day
        from whole w join class_session s on s.class_id = w.class_id and s.day = w.day
        join attendance a on a.session_id = s.id
        union
        select a.student_id, a.class_id, m.day::date
        from unnest(${moved.map(({ id }) => id)}::uuid[], ${
      moved.map(({ date }) => date)
    }::text[]) as m(session_id, day)
        join attendance a on a.session_id = m.session_id
        union
        select o.student_id, o.class_id, o.day from of_enrollment o
        where exists (
          select from class_session s left join attendance a on a.session_id = s.id and a.student_id = o.student_id
          where s.class_id = o.class_id and s.day = o.day and (s.status = 'CLOSED' or a.id is not null))
      )
      select 'class_day' as kind, class_id || ':' || day as id from whole
      union select 'class_day', class_id || ':' || day from of_enrollment
      union select 'student_day', student_id || ':' || class_id || ':' || day from of_student
      union
      select 'academy_day', e.academy_id || ':' || e.from_date from enrollment e where e.id = any(${enrollments}::uuid[])
      union
      select 'academy_day', ac.id || ':' || (m.created_at at time zone ac.time_zone)::date
      from member m join academy ac on ac.id = m.academy_id where m.id = any(${idsOf(reach, "member")}::uuid[])
      union
      -- Wherever an academy is, its day is this one or one beside it.
      select 'academy_day', m.academy_id || ':' || (m.created_at::date + n)
      from member m cross join generate_series(-1, 1) as n where m.academy_id = any(${
      idsOf(reach, "academy")
    }::uuid[])`,
    named
  )
}
