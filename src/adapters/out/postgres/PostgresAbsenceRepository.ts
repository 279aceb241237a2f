import { Array as Arr, DateTime, Effect, Layer, Option, Result, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { Absence, Chase } from "../../../domain/Absence.ts"
import { AcademySettings } from "../../../domain/Academy.ts"
import { AttendanceStatus } from "../../../domain/Attendance.ts"
import { AcademyId, ClassId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate } from "../../../domain/LocalTime.ts"
import { SessionStatus } from "../../../domain/Session.ts"
import { AbsenceRepository } from "../../../ports/AbsenceRepository.ts"
import { BackgroundSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const Instant = Schema.DateTimeUtcFromDate
/** As JSON tells it. */
const Told = Schema.DateTimeUtcFromString
const StoredAbsence = Schema.Struct({ ...Absence.fields, decidedAt: Instant })

const decodeDue = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ academyId: AcademyId, sessionId: SessionId })))
const decodeRoster = Schema.decodeUnknownSync(Schema.Struct({
  session: Schema.Struct({
    id: SessionId,
    classId: ClassId,
    date: LocalDate,
    startsAt: Told,
    endsAt: Told,
    status: SessionStatus
  }),
  settings: AcademySettings.mapFields(Struct.pick(["missingAfterMinutes", "rollChaseAfterMinutes"])),
  students: Schema.Array(Schema.Struct({
    studentId: MemberId,
    enrolled: Schema.Boolean,
    onLeave: Schema.Boolean,
    status: AttendanceStatus,
    absence: Schema.NullOr(Schema.Struct({ ...Absence.fields, decidedAt: Told }))
  })),
  chased: Schema.Array(Chase)
}))
const decodeList = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({
    ...StoredAbsence.fields,
    academyId: AcademyId,
    studentName: Schema.String,
    className: Schema.String,
    date: LocalDate
  }))
)

/** Sessions that began longer ago are nobody's business any more, also after a long stop. */
const lookBack = "1 day"

export const layer = Layer.effect(
  AbsenceRepository,
  Effect.gen(function*() {
    const background = yield* BackgroundSql
    const sql = yield* SqlClient.SqlClient

    /** The enrollment covers the session's day. */
    const covers = background`e.class_id = s.class_id
      and s.day between e.from_date and coalesce(e.until_date, 'infinity')`

    return AbsenceRepository.of({
      due: orUnavailable(sql`
        select s.id as "sessionId", s.academy_id as "academyId"
        from class_session s join academy ac on ac.id = s.academy_id
        where s.starts_at between now() - ${lookBack}::interval and now()
          and s.starts_at + ac.missing_after_minutes * interval '1 minute' <= now()
          and (
            exists (select from absence_decision d where d.session_id = s.id and d.state = 'HELD')
            or s.status <> 'CANCELLED' and exists (
              select from enrollment e
              left join attendance a on a.session_id = s.id and a.student_id = e.student_id
              left join absence_decision d on d.session_id = s.id and d.student_id = e.student_id
              where e.class_id = s.class_id and s.day between e.from_date and coalesce(e.until_date, 'infinity')
                and coalesce(a.status, 'NONE') not in ('PRESENT', 'LATE') and d.state is null)
          )
        order by s.starts_at, s.id`).pipe(Effect.map((rows) => decodeDue(rows))),

      roster: Effect.fnUntraced(function*(academyId, sessionId) {
        // The lock is a statement of its own: what is read behind it is what those before us committed.
        yield* lock(
          background,
          background`
          select from enrollment e join class_session s on s.id = ${sessionId} and ${covers}
          order by e.id for no key update of e`
        )
        const [row] = yield* orUnavailable(background`
          select jsonb_build_object('id', s.id, 'classId', s.class_id, 'date', s.day,
              'startsAt', s.starts_at, 'endsAt', s.ends_at, 'status', s.status) as session,
            jsonb_build_object('missingAfterMinutes', ac.missing_after_minutes, 'rollChaseAfterMinutes', ac.roll_chase_after_minutes) as settings,
            coalesce((select jsonb_agg(jsonb_build_object('studentId', k.student_id, 'enrolled', k.enrolled,
                'onLeave', exists (select from leave_note l where l.student_id = k.student_id and l.status = 'APPROVED'
                  and s.day between l.from_date and l.until_date),
                'status', coalesce(a.status, 'NONE'),
                'absence', case when d.session_id is not null then jsonb_build_object('sessionId', d.session_id,
                  'classId', d.class_id, 'studentId', d.student_id, 'state', d.state, 'reason', d.reason,
                  'decidedAt', d.decided_at, 'version', d.version) end) order by k.student_id)
              from (
                select student_id, bool_or(enrolled) as enrolled from (
                  select e.student_id, true as enrolled from enrollment e where ${covers}
                  union all
                  select d.student_id, false from absence_decision d where d.session_id = s.id
                ) one group by student_id
              ) k
              left join attendance a on a.session_id = s.id and a.student_id = k.student_id
              left join absence_decision d on d.session_id = s.id and d.student_id = k.student_id), '[]') as students,
            coalesce((select jsonb_agg(c.chase) from roll_chase c where c.session_id = s.id), '[]') as chased
          from class_session s join academy ac on ac.id = s.academy_id
          where s.id = ${sessionId} and s.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(decodeRoster(row))
      }),

      save: Effect.fnUntraced(function*(academyId, sessionId, { absences, chases }) {
        const [fresh, changed] = Arr.partition(
          absences,
          (one) => one.version === 1 ? Result.succeed(one) : Result.fail(one)
        )
        if (Arr.isReadonlyArrayNonEmpty(fresh)) {
          yield* keep(
            background,
            background`insert into absence_decision ${
              background.insert(Arr.map(fresh, (one) => ({
                session_id: one.sessionId,
                student_id: one.studentId,
                academy_id: academyId,
                class_id: one.classId,
                state: one.state,
                reason: one.reason,
                version: one.version,
                decided_at: DateTime.toDateUtc(one.decidedAt)
              })))
            }`
          )
        }
        for (const one of changed) {
          yield* keep(
            background,
            background`update absence_decision set state = ${one.state}, reason = ${one.reason}, version = ${one.version},
              decided_at = ${DateTime.toDateUtc(one.decidedAt)}
              where session_id = ${one.sessionId} and student_id = ${one.studentId} and version = ${one.version - 1}`,
            1
          )
        }
        for (const chase of chases) {
          yield* keep(
            background,
            background`insert into roll_chase (session_id, chase) values (${sessionId}, ${chase})`
          )
        }
      }),

      list: Effect.fn("AbsenceRepository.list")(function*({ academyId, date, limit, sessionId, state }) {
        return decodeList(
          yield* orUnavailable(sql`
            select d.session_id as "sessionId", d.class_id as "classId", d.student_id as "studentId", d.state, d.reason,
              d.decided_at as "decidedAt", d.version, d.academy_id as "academyId", m.name as "studentName",
              c.name as "className", s.day as date
            from absence_decision d join member m on m.id = d.student_id join class c on c.id = d.class_id
              join class_session s on s.id = d.session_id
            where ${academyId === null ? sql`true` : sql`d.academy_id = ${academyId}`}
              and ${sessionId === undefined ? sql`true` : sql`d.session_id = ${sessionId}`}
              and ${date === undefined ? sql`true` : sql`s.day = ${date}::date`}
              and ${state === undefined ? sql`true` : sql`d.state = ${state}`}
            order by s.starts_at desc, d.session_id, m.name, d.student_id limit ${limit}`)
        )
      }),

      teacherOf: Effect.fn("AbsenceRepository.teacherOf")(function*(academyId, sessionId) {
        const [row] = yield* orUnavailable(sql<{ teacher: string }>`
          select c.teacher_id as teacher from class_session s join class c on c.id = s.class_id
          where s.id = ${sessionId} and s.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(MemberId.make(row.teacher))
      })
    })
  })
)
