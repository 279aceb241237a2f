import { Effect, Layer, Option, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { AcademySettings } from "../../../domain/Academy.ts"
import { AttendanceStatus } from "../../../domain/Attendance.ts"
import { lookBack } from "../../../domain/Closing.ts"
import { AcademyId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { Session } from "../../../domain/Session.ts"
import { ClosingRepository } from "../../../ports/ClosingRepository.ts"
import { BackgroundSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decodeDue = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ academyId: AcademyId, sessionId: SessionId })))
const { classId, date, id, status, version } = Session.fields
const decodeToClose = Schema.decodeUnknownSync(Schema.Struct({
  session: Schema.Struct({ id, classId, date, endsAt: Schema.DateTimeUtcFromString, status, version }),
  settings: AcademySettings.mapFields(Struct.pick(["closesAfterMinutes", "consecutiveAbsences"])),
  students: Schema.Array(Schema.Struct({
    studentId: MemberId,
    sessions: Schema.Array(
      Schema.Struct({ status: AttendanceStatus, onLeave: Schema.Boolean, held: Schema.Boolean })
    )
  }))
}))

export const layer = Layer.effect(
  ClosingRepository,
  Effect.gen(function*() {
    const background = yield* BackgroundSql
    const sql = yield* SqlClient.SqlClient

    return ClosingRepository.of({
      due: Effect.fn("ClosingRepository.due")(function*(limit) {
        return decodeDue(
          yield* orUnavailable(sql`
            select s.id as "sessionId", s.academy_id as "academyId"
            from class_session s join academy ac on ac.id = s.academy_id
            where s.status = 'SCHEDULED' and s.ends_at <= now()
              and s.ends_at + ac.closes_after_minutes * interval '1 minute' <= now()
            order by s.ends_at limit ${limit}`)
        )
      }),

      toClose: Effect.fnUntraced(function*(academyId, sessionId) {
        // The locks are statements of their own: what is read behind them is what those before us committed.
        yield* lock(background, background`select from class_session where id = ${sessionId} for no key update`)
        yield* lock(
          background,
          background`
          select from enrollment e join class_session s on s.id = ${sessionId} and e.class_id = s.class_id
            and s.day between e.from_date and coalesce(e.until_date, 'infinity')
          order by e.id for no key update of e`
        )
        const [row] = yield* orUnavailable(background`
          with history as materialized (
            select h.id, h.day, h.starts_at, exists (select from attendance p where p.session_id = h.id
              and p.status in ('PRESENT', 'LATE')) as held
            from class_session s join class_session h on h.class_id = s.class_id and h.status <> 'CANCELLED'
              and (h.starts_at, h.id) <= (s.starts_at, s.id)
            where s.id = ${sessionId} order by h.starts_at desc, h.id desc limit ${lookBack}
          )
          select jsonb_build_object('id', s.id, 'classId', s.class_id, 'date', s.day, 'endsAt', s.ends_at,
              'status', s.status, 'version', s.version) as session,
            jsonb_build_object('closesAfterMinutes', ac.closes_after_minutes,
              'consecutiveAbsences', ac.consecutive_absences) as settings,
            coalesce((
              select jsonb_agg(jsonb_build_object('studentId', k.student_id, 'sessions', (
                select jsonb_agg(jsonb_build_object('status', coalesce(a.status, 'NONE'), 'held', h.held,
                  'onLeave', exists (select from leave_note l where l.student_id = k.student_id
                    and l.status = 'APPROVED' and h.day between l.from_date and l.until_date))
                  order by h.starts_at desc, h.id desc)
                from history h left join attendance a on a.session_id = h.id and a.student_id = k.student_id
                where exists (select from enrollment e where e.class_id = s.class_id and e.student_id = k.student_id
                  and h.day between e.from_date and coalesce(e.until_date, 'infinity')))) order by k.student_id)
              from (select distinct e.student_id from enrollment e where e.class_id = s.class_id
                and s.day between e.from_date and coalesce(e.until_date, 'infinity')) k
              left join attendance n on n.session_id = s.id and n.student_id = k.student_id
              where ac.consecutive_absences > 0 and coalesce(n.status, 'NONE') in ('NONE', 'ABSENT')), '[]') as students
          from class_session s join academy ac on ac.id = s.academy_id
          where s.id = ${sessionId} and s.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(decodeToClose(row))
      }),

      save: ({ id, version }) =>
        keep(
          background,
          background`update class_session set status = 'CLOSED', version = ${version}, updated_at = now()
            where id = ${id} and version = ${version - 1}`,
          1
        )
    })
  })
)
