import { Array as Arr, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { Class, Schedule } from "../../../domain/Class.ts"
import { ClassId, ClassroomId, MemberId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate, TimeZoneName } from "../../../domain/LocalTime.ts"
import { type Calendar, Session } from "../../../domain/Session.ts"
import { TimetableRepository, type ToPlan } from "../../../ports/TimetableRepository.ts"
import { classJson, slotsOf } from "./ClassRow.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

/** As JSON tells it. */
const Told = Schema.DateTimeUtcFromString
const Student = Schema.Struct({ studentId: MemberId, from: LocalDate, until: Schema.NullOr(LocalDate) })

const StoredCalendar = Schema.Struct({
  zone: TimeZoneName,
  holidays: Schema.Array(Schema.Tuple([LocalDate, Schema.String]))
})
const decodeCalendar = Schema.decodeUnknownSync(StoredCalendar)
const calendar = ({ holidays, zone }: typeof StoredCalendar.Type): Calendar => ({ zone, holidays: new Map(holidays) })

const decodeToPlan = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  ...StoredCalendar.fields,
  class: Class,
  retired: Schema.Array(Schedule),
  sessions: Schema.Array(
    Schema.Struct({
      ...Session.fields,
      startsAt: Told,
      endsAt: Told,
      attended: Schema.Boolean,
      confirmed: Schema.Boolean
    })
  ),
  students: Schema.Array(Student)
})))

const decodeBookings = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  classId: ClassId,
  className: Schema.String,
  teacherId: MemberId,
  classroomId: Schema.NullOr(ClassroomId),
  students: Schema.Array(Student),
  meets: Schema.Struct({
    startDate: LocalDate,
    endDate: Schema.NullOr(LocalDate),
    schedules: Schema.Array(Schedule)
  }),
  sessions: Schema.Array(Schema.Struct({ id: SessionId, date: LocalDate, startsAt: Told, endsAt: Told }))
})))

export const layer = Layer.effect(
  TimetableRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient

    const holidays = command`coalesce((select jsonb_agg(jsonb_build_array(h.day, h.name))
      from academy_holiday h where h.academy_id = a.id and h.day >= current_date - 2), '[]')`

    const toPlan = (where: Statement.Fragment) =>
      orUnavailable(command`
        select ${classJson(command)} as class, ${slotsOf(command, "retired")} as retired,
          a.time_zone as zone,
          ${holidays} as holidays,
          coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'academyId', m.academy_id, 'classId', m.class_id,
              'scheduleId', m.schedule_id, 'plannedOn', m.planned_on, 'date', m.day, 'startsAt', m.starts_at,
              'endsAt', m.ends_at, 'status', m.status, 'moved', m.moved, 'cause', m.cause, 'reason', m.reason,
              'version', m.version, 'attended', exists (select from attendance t where t.session_id = m.id),
              'confirmed', exists (select from attendance t
                where t.session_id = m.id and t.status not in ('NONE', 'REQUESTED'))) order by m.id)
            from class_session m where m.class_id = c.id
              and greatest(m.day, coalesce(m.planned_on, m.day)) >= current_date - 2), '[]') as sessions,
          coalesce((select jsonb_agg(jsonb_build_object('studentId', e.student_id, 'from', e.from_date,
              'until', e.until_date))
            from enrollment e where e.class_id = c.id and e.until_date is null
              or e.class_id = c.id and e.until_date >= greatest(e.from_date, current_date - 2)), '[]') as students
        from class c join academy a on a.id = c.academy_id
        where ${where} order by c.id`).pipe(
        Effect.map((rows) =>
          decodeToPlan(rows).map(({ holidays, zone, ...rest }): ToPlan => ({
            ...rest,
            calendar: calendar({ zone, holidays })
          }))
        )
      )

    return TimetableRepository.of({
      // Locks are statements of their own: what is read behind them is what those before us committed.
      toPlan: Effect.fnUntraced(function*(academyId, classId) {
        yield* lock(command, command`select from academy where id = ${academyId} for share`)
        yield* lock(
          command,
          command`select from class where id = ${classId} and academy_id = ${academyId} for no key update`
        )
        return Option.fromNullishOr((yield* toPlan(command`c.id = ${classId} and c.academy_id = ${academyId}`))[0])
      }),
      allToPlan: Effect.fnUntraced(function*(academyId) {
        const active = command`academy_id = ${academyId} and status = 'ACTIVE'`
        yield* lock(command, command`select from academy where id = ${academyId} for no key update`)
        yield* lock(command, command`select from class where ${active} order by id for no key update`)
        return yield* toPlan(command`c.academy_id = ${academyId} and c.status = 'ACTIVE'`)
      }),
      calendar: Effect.fnUntraced(function*(academyId) {
        yield* lock(command, command`select from academy where id = ${academyId} for share`)
        const [row] = yield* orUnavailable(
          command`select a.time_zone as zone, ${holidays} as holidays from academy a where a.id = ${academyId}`
        )
        return row === undefined ? Option.none() : Option.some(calendar(decodeCalendar(row)))
      }),
      bookings: Effect.fnUntraced(function*(academyId, { classroomId, students, teacherId }, today) {
        yield* lock(
          command,
          command`select from member where id = any(${[teacherId, ...students]}::uuid[]) order by id for no key update`
        )
        if (classroomId !== null) {
          yield* lock(command, command`select from classroom where id = ${classroomId} for no key update`)
        }
        return decodeBookings(
          yield* orUnavailable(command`
            select c.id as "classId", c.name as "className", c.teacher_id as "teacherId",
              c.classroom_id as "classroomId",
              coalesce((select jsonb_agg(jsonb_build_object('studentId', e.student_id, 'from', e.from_date,
                  'until', e.until_date))
                from enrollment e where e.class_id = c.id and e.student_id = any(${students}::uuid[])
                  and coalesce(e.until_date, 'infinity') >= greatest(e.from_date, ${today}::date)), '[]') as students,
              jsonb_build_object('startDate', c.start_date, 'endDate', c.end_date,
                'schedules', ${slotsOf(command, "now")}) as meets,
              coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'date', m.day, 'startsAt', m.starts_at,
                  'endsAt', m.ends_at) order by m.starts_at, m.id)
                from class_session m where m.class_id = c.id and m.status = 'SCHEDULED'
                  and m.day >= ${today}::date - 1), '[]') as sessions
            from class c
            where c.academy_id = ${academyId} and c.status = 'ACTIVE' and (c.teacher_id = ${teacherId}
              or c.classroom_id = ${classroomId}::uuid
              or c.id in (select e.class_id from enrollment e where e.student_id = any(${students}::uuid[])
                and coalesce(e.until_date, 'infinity') >= greatest(e.from_date, ${today}::date)))
            order by c.id`)
        )
      }),
      save: Effect.fnUntraced(function*({ added, changed }) {
        if (Arr.isReadonlyArrayNonEmpty(added)) {
          yield* keep(
            command,
            command`insert into class_session ${
              command.insert(Arr.map(added, (session) => ({
                id: session.id,
                academy_id: session.academyId,
                class_id: session.classId,
                schedule_id: session.scheduleId,
                planned_on: session.plannedOn,
                day: session.date,
                starts_at: DateTime.toDateUtc(session.startsAt),
                ends_at: DateTime.toDateUtc(session.endsAt),
                status: session.status,
                moved: session.moved,
                cause: session.cause,
                reason: session.reason,
                version: session.version
              })))
            }`
          )
        }
        if (changed.length === 0) return
        // An array in which all are null has no type for the driver.
        yield* keep(
          command,
          command`update class_session s set day = n.day, starts_at = n.starts_at, ends_at = n.ends_at, status = n.status,
              moved = n.moved, cause = nullif(n.cause, ''), reason = nullif(n.reason, ''), version = n.version,
              updated_at = now()
            from unnest(${changed.map(({ id }) => id)}::uuid[], ${changed.map(({ date }) => date)}::date[],
              ${changed.map(({ startsAt }) => DateTime.toDateUtc(startsAt))}::timestamptz[],
              ${changed.map(({ endsAt }) => DateTime.toDateUtc(endsAt))}::timestamptz[],
              ${changed.map(({ status }) => status)}::text[], ${changed.map(({ moved }) => moved)}::boolean[],
              ${changed.map(({ cause }) => cause ?? "")}::text[], ${changed.map(({ reason }) => reason ?? "")}::text[],
              ${changed.map(({ version }) => version)}::int[])
              as n(id, day, starts_at, ends_at, status, moved, cause, reason, version)
            where s.id = n.id and s.version = n.version - 1`,
          changed.length
        )
      }),
      classOf: Effect.fn("TimetableRepository.classOf")(function*(academyId, sessionId) {
        const [row] = yield* orUnavailable(sql<{ id: string }>`
          select class_id as id from class_session where id = ${sessionId} and academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(ClassId.make(row.id))
      })
    })
  })
)
