/**
 * The content of read documents. Each SELECT builds the documents as JSON in the form of their views and takes all the
 * ids of a call at once.
 */
import { Effect, Layer, Schema, Struct } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { type Kind, type View, views } from "../../../domain/ReadModel.ts"
import { attendanceRate, ClassDay } from "../../../domain/Statistics.ts"
import { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import { orUnavailable } from "./Faults.ts"

interface Row<D> {
  readonly id: string
  readonly doc: D
}
type Rows<D = unknown> = Effect.Effect<ReadonlyArray<Row<D>>, SqlError.SqlError>
type Selects = { readonly [K in Kind]: (ids: ReadonlyArray<string>) => Rows<View<K>> }

const decodeMember = Schema.decodeUnknownSync(views.member)
const decodeClass = Schema.decodeUnknownSync(views.class)
const decodeAttendance = Schema.decodeUnknownSync(views.attendance)
const decodeCounts = Schema.decodeUnknownSync(ClassDay.mapFields(Struct.omit(["attendanceRate"])))

const decoded = <D>(rows: Statement.Statement<Row<unknown>>, decode: (doc: unknown) => D): Rows<D> =>
  Effect.map(rows, (found) => found.map(({ doc, id }) => ({ id, doc: decode(doc) })))

/** An instant as ISO 8601 in UTC with milliseconds, `null` when there is none. */
const iso = (sql: SqlClient.SqlClient, column: string) =>
  sql`to_char(${sql(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const selects = (sql: SqlClient.SqlClient): Selects => ({
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
  class_day: (ids) =>
    decoded(
      // All sessions of a class_day are planned on the same day, so each expects the same students.
      sql<Row<unknown>>`
        select asked.id, jsonb_build_object(
          'academyId', c.academy_id, 'classId', c.id, 'date', asked.day, 'sessions', held.sessions,
          'expected', held.sessions * (
            select count(*) from enrollment e
            where e.class_id = c.id and asked.day between e.from_date and coalesce(e.until_date, 'infinity')),
          'requested', came.requested, 'present', came.present, 'late', came.late, 'absent', came.absent,
          'excused', came.excused) as doc
        from (
          select id, split_part(id, ':', 1)::uuid as class_id, split_part(id, ':', 2)::date as day
          from unnest(${ids}::text[]) as id) as asked
        join class c on c.id = asked.class_id
        join lateral (
          select count(*) as planned, count(*) filter (where s.status <> 'CANCELLED') as sessions
          from class_session s where s.class_id = c.id and s.day = asked.day) as held on held.planned > 0
        cross join lateral (
          select count(*) filter (where a.status = 'REQUESTED') as requested,
            count(*) filter (where a.status = 'PRESENT') as present, count(*) filter (where a.status = 'LATE') as late,
            count(*) filter (where a.status = 'ABSENT') as absent, count(*) filter (where a.status = 'EXCUSED') as excused
          from class_session s join attendance a on a.session_id = s.id
          where s.class_id = c.id and s.day = asked.day and s.status <> 'CANCELLED') as came`,
      (doc) => {
        const counts = decodeCounts(doc)
        return { ...counts, attendanceRate: attendanceRate(counts) }
      }
    )
})

interface ClassAndDay {
  readonly classId: string
  readonly day: string
}

/** Before every UUID that is in use. */
const nil = "00000000-0000-0000-0000-000000000000"

/** What each kind has documents of: a SELECT of `id`, from after an id in order, or of all of them. */
const idsOf = (sql: SqlClient.SqlClient) => {
  const table = (name: string, where = sql`true`) => ({
    page: (after: string | null, limit: number): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> =>
      Effect.map(
        sql<{ id: string }>`
          select id from ${sql(name)} where ${where} and id > ${after ?? nil}::uuid order by id limit ${limit}`,
        (rows) => rows.map((row) => row.id)
      ),
    count: sql<{ count: number }>`select count(*)::float8 as count from ${sql(name)} where ${where}`
  })
  return {
    member: table("member", sql`academy_id is not null`),
    class: table("class"),
    attendance: table("attendance"),
    class_day: {
      page: (after: string | null, limit: number) => {
        const [classId = nil, day = "-infinity"] = after?.split(":") ?? []
        return Effect.map(
          sql<ClassAndDay>`
            select distinct class_id as "classId", day from class_session
            where (class_id, day) > (${classId}::uuid, ${day}::date) order by 1, 2 limit ${limit}`,
          toClassDayIds
        )
      },
      count: sql<{ count: number }>`
        select count(*)::float8 as count from (select distinct class_id, day from class_session) as days`
    }
  }
}

const toClassDayIds = (rows: ReadonlyArray<ClassAndDay>) => rows.map(({ classId, day }) => `${classId}:${day}`)

export const layer: Layer.Layer<ReadModelSource, never, SqlClient.SqlClient> = Layer.effect(
  ReadModelSource,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const select = selects(sql)
    const ids = idsOf(sql)

    const asOf = orUnavailable(sql<{ asOf: number }>`select nextval('as_of')::float8 as "asOf"`).pipe(
      Effect.flatMap(([row]) => row === undefined ? Effect.die("nextval gave no row") : Effect.succeed(row.asOf))
    )

    return ReadModelSource.of({
      load: Effect.fn("ReadModelSource.load")(function*<K extends Kind>(kind: K, wanted: ReadonlyArray<string>) {
        const unique = [...new Set(wanted)]
        if (unique.length === 0) return []
        // First the number, in a statement of its own: whoever draws a greater one sees at least what is seen here.
        const number = yield* asOf
        const rows: ReadonlyArray<Row<View<K>>> = yield* orUnavailable(select[kind](unique))
        const docs = new Map(rows.map(({ doc, id }) => [id, doc]))
        return unique.map((id) => ({ id, asOf: number, doc: docs.get(id) ?? null }))
      }),
      ids: Effect.fn("ReadModelSource.ids")((kind, after, limit) => orUnavailable(ids[kind].page(after, limit))),
      count: Effect.fn("ReadModelSource.count")((kind) =>
        orUnavailable(ids[kind].count).pipe(Effect.map(([row]) => row?.count ?? 0))
      ),
      classDayIds: Effect.fn("ReadModelSource.classDayIds")((classIds) =>
        orUnavailable(sql<ClassAndDay>`
          select distinct class_id as "classId", day from class_session
          where class_id = any(${classIds}::uuid[]) order by 1, 2`).pipe(Effect.map(toClassDayIds))
      ),
      epoch: orUnavailable(sql<{ epoch: string }>`select epoch from system`).pipe(
        Effect.flatMap(([row]) => row === undefined ? Effect.die("system has no row") : Effect.succeed(row.epoch))
      ),
      asOf
    })
  })
)
