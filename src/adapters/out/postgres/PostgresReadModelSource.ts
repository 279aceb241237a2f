/** The read documents' content: which there are, what they say, and in which order that was seen. */
import { Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Kind, View } from "../../../domain/ReadModel.ts"
import { ReadModelSource } from "../../../ports/ReadModelSource.ts"
import { orUnavailable } from "./Faults.ts"
import type { Row } from "./FigureSelects.ts"
import { documentsReached, figuresReached } from "./ReadModelReach.ts"
import { selects } from "./ReadModelSelects.ts"

type Ids = Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
interface Walk {
  readonly page: (after: string | null, limit: number) => Ids
  readonly count: Effect.Effect<ReadonlyArray<{ readonly count: number }>, SqlError.SqlError>
}

/** Before every UUID that is in use. */
const nil = "00000000-0000-0000-0000-000000000000"

/** What each kind has documents of: the ids from after one in order, and how many there are about. */
const walks = (sql: SqlClient.SqlClient): { readonly [K in Kind]: Walk } => {
  const ids = Effect.map((rows: ReadonlyArray<{ readonly id: string }>) => rows.map(({ id }) => id))
  const table = (name: string, where = sql`true`): Walk => ({
    page: (after, limit) =>
      sql<{ id: string }>`
        select id from ${sql(name)} where ${where} and id > ${after ?? nil}::uuid order by id limit ${limit}`.pipe(ids),
    count: sql<{ count: number }>`select count(*)::float8 as count from ${sql(name)} where ${where}`
  })
  return {
    member: table("member", sql`academy_id is not null`),
    class: table("class"),
    session: table("class_session", sql`cause is distinct from 'PLAN'`),
    attendance: table("attendance"),
    class_day: {
      page: (after, limit) => {
        const [classId = nil, day = "-infinity"] = after?.split(":") ?? []
        return sql<{ id: string }>`
          select class_id || ':' || day as id from (
            select distinct class_id, day from class_session
            where (class_id, day) > (${classId}::uuid, ${day}::date) and cause is distinct from 'PLAN'
            order by 1, 2 limit ${limit}) as days
          order by class_id, day`.pipe(ids)
      },
      count: sql<{ count: number }>`
        select count(*)::float8 as count from (
          select distinct class_id, day from class_session where cause is distinct from 'PLAN') as days`
    },
    student_day: {
      // Student by student, so that a page looks at no more of them than it needs.
      page: (after, limit) => {
        const [studentId = nil, classId = nil, day = "-infinity"] = after?.split(":") ?? []
        return sql<{ id: string }>`
          select m.id || ':' || days.class_id || ':' || days.day as id
          from (select id from member where id >= ${studentId}::uuid order by id) as m
          cross join lateral (
            select distinct s.class_id, s.day
            from enrollment e join class_session s on s.class_id = e.class_id and s.status <> 'CANCELLED'
            left join attendance a on a.session_id = s.id and a.student_id = m.id
            where e.student_id = m.id and (coalesce(a.status, 'NONE') <> 'NONE'
              or s.status = 'CLOSED' and s.day between e.from_date and coalesce(e.until_date, 'infinity'))
          ) as days
          where (m.id, days.class_id, days.day) > (${studentId}::uuid, ${classId}::uuid, ${day}::date)
          order by m.id, days.class_id, days.day limit ${limit}`.pipe(ids)
      },
      count: sql<{ count: number }>`select count(*)::float8 as count from attendance`
    },
    academy_day: {
      page: (after, limit) => {
        const [academyId = nil, day = "-infinity"] = after?.split(":") ?? []
        return sql<{ id: string }>`
          select ac.id || ':' || days.day as id
          from (select id, time_zone from academy where id >= ${academyId}::uuid order by id) as ac
          cross join lateral (
            select (m.created_at at time zone ac.time_zone)::date as day from member m where m.academy_id = ac.id
            union
            select e.from_date from enrollment e
            where e.academy_id = ac.id and (e.until_date is null or e.until_date >= e.from_date)
          ) as days
          where (ac.id, days.day) > (${academyId}::uuid, ${day}::date)
          order by ac.id, days.day limit ${limit}`.pipe(ids)
      },
      count: sql<{ count: number }>`
        select count(*)::float8 as count from (
          select academy_id, created_at::date from member where academy_id is not null
          union select academy_id, from_date from enrollment) as days`
    }
  }
}

export const layer: Layer.Layer<ReadModelSource, never, SqlClient.SqlClient> = Layer.effect(
  ReadModelSource,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const select = selects(sql)
    const walk = walks(sql)
    const reached = documentsReached(sql)
    const reachedFigures = figuresReached(sql)

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
      ids: Effect.fn("ReadModelSource.ids")((kind, after, limit) => orUnavailable(walk[kind].page(after, limit))),
      count: Effect.fn("ReadModelSource.count")((kind) =>
        orUnavailable(walk[kind].count).pipe(Effect.map(([row]) => row?.count ?? 0))
      ),
      reached: Effect.fn("ReadModelSource.reached")((reach) => orUnavailable(reached(reach))),
      figuresReached: Effect.fn("ReadModelSource.figuresReached")((reach) => orUnavailable(reachedFigures(reach))),
      epoch: orUnavailable(sql<{ epoch: string }>`select epoch from system`).pipe(
        Effect.flatMap(([row]) => row === undefined ? Effect.die("system has no row") : Effect.succeed(row.epoch))
      ),
      asOf
    })
  })
)
