import { Array as Arr, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Class, ClassStatus } from "../../../domain/Class.ts"
import { AcademyId, ClassId, MemberId } from "../../../domain/Ids.ts"
import { LocalDate, TimeZoneName } from "../../../domain/LocalTime.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { Session } from "../../../domain/Session.ts"
import { ClassRepository } from "../../../ports/ClassRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decodeSeats = Schema.decodeUnknownSync(Schema.Struct({
  class: Schema.Struct({
    id: ClassId,
    academyId: AcademyId,
    capacity: Schema.Int,
    status: ClassStatus,
    startDate: LocalDate,
    endDate: Schema.NullOr(LocalDate)
  }),
  timeZone: TimeZoneName,
  taken: Schema.Array(Schema.Struct({ studentId: MemberId, from: LocalDate, until: Schema.NullOr(LocalDate) })),
  student: Schema.OptionFromNullOr(
    Schema.Struct({ id: MemberId, roles: Schema.Array(Role), status: MemberStatus })
  )
}))
const Instant = Schema.DateTimeUtcFromDate
const decodeSessions = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...Session.fields, startsAt: Instant, endsAt: Instant }))
)

const decodeActive = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: ClassId, academyId: AcademyId })))
/** As JSON tells it. */
const Told = Schema.DateTimeUtcFromString
const decodeToPlan = Schema.decodeUnknownSync(Schema.Struct({
  class: Class,
  zone: TimeZoneName,
  holidays: Schema.Array(Schema.Tuple([LocalDate, Schema.String])),
  sessions: Schema.Array(
    Schema.Struct({ ...Session.fields, startsAt: Told, endsAt: Told, attended: Schema.Boolean })
  )
}))

export const layer = Layer.effect(
  ClassRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return ClassRepository.of({
      insert: Effect.fnUntraced(function*(subject) {
        yield* keep(
          command,
          command`insert into class ${
            command.insert({
              id: subject.id,
              academy_id: subject.academyId,
              name: subject.name,
              subject: subject.subject,
              teacher_id: subject.teacherId,
              classroom_id: subject.classroomId,
              capacity: subject.capacity,
              start_date: subject.startDate,
              end_date: subject.endDate,
              audience: subject.audience,
              description: subject.description,
              curriculum: subject.curriculum,
              fee: subject.fee,
              status: subject.status,
              version: subject.version
            })
          }`
        )
        if (Arr.isReadonlyArrayNonEmpty(subject.schedules)) {
          yield* keep(
            command,
            command`insert into class_schedule ${
              command.insert(Arr.map(subject.schedules, (slot) => ({
                id: slot.id,
                class_id: subject.id,
                day_of_week: slot.dayOfWeek,
                start_time: slot.startTime,
                end_time: slot.endTime
              })))
            }`
          )
        }
      }),
      saveSessions: Effect.fnUntraced(function*({ added, changed, removed }) {
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
        for (const session of changed) {
          yield* keep(
            command,
            command`update class_session set day = ${session.date}, starts_at = ${DateTime.toDateUtc(session.startsAt)},
              ends_at = ${DateTime.toDateUtc(session.endsAt)}, status = ${session.status}, moved = ${session.moved},
              cause = ${session.cause}::text, reason = ${session.reason}::text, version = ${session.version},
              updated_at = now()
              where id = ${session.id} and version = ${session.version - 1}`,
            1
          )
        }
        if (removed.length > 0) {
          yield* keep(
            command,
            command`delete from class_session s using unnest(${removed.map(({ id }) => id)}::uuid[],
              ${removed.map(({ version }) => version)}::int[]) as r(id, version)
              where s.id = r.id and s.version = r.version`,
            removed.length
          )
        }
      }),
      insertEnrollment: (enrollment) =>
        keep(
          command,
          command`insert into enrollment ${
            command.insert({
              id: enrollment.id,
              academy_id: enrollment.academyId,
              class_id: enrollment.classId,
              student_id: enrollment.studentId,
              from_date: enrollment.from,
              until_date: enrollment.until,
              status: enrollment.status,
              version: enrollment.version
            })
          }`
        ),
      seats: Effect.fnUntraced(function*(academyId, classId, studentId) {
        // The lock is a statement of its own: the one that counts must see what those before us in the queue committed.
        yield* lock(
          command,
          command`select from class where id = ${classId} and academy_id = ${academyId} for no key update`
        )
        const [row] = yield* orUnavailable(command`
          select jsonb_build_object('id', c.id, 'academyId', c.academy_id, 'capacity', c.capacity, 'status', c.status,
              'startDate', c.start_date, 'endDate', c.end_date) as class,
            a.time_zone as "timeZone",
            coalesce((select jsonb_agg(jsonb_build_object('studentId', e.student_id, 'from', e.from_date, 'until', e.until_date))
              from enrollment e where e.class_id = c.id and e.status = 'ACTIVE'), '[]') as taken,
            (select jsonb_build_object('id', m.id, 'status', m.status,
                'roles', (select jsonb_agg(r.role) from member_role r where r.member_id = m.id))
              from member m where m.id = ${studentId} and m.academy_id = c.academy_id) as student
          from class c join academy a on a.id = c.academy_id
          where c.id = ${classId} and c.academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(decodeSeats(row))
      }),
      sessions: Effect.fn("ClassRepository.sessions")(function*(academyId, classId, days) {
        return decodeSessions(
          yield* orUnavailable(sql`
            select id, academy_id as "academyId", class_id as "classId", schedule_id as "scheduleId",
              planned_on as "plannedOn", day as date, starts_at as "startsAt", ends_at as "endsAt", status, moved, cause,
              reason, version
            from class_session
            where class_id = ${classId} and academy_id = ${academyId} and day between ${days.from} and ${days.to}
            order by starts_at`)
        )
      }),
      active: Effect.fn("ClassRepository.active")(function*(after, limit) {
        return decodeActive(
          yield* orUnavailable(sql`
            select id, academy_id as "academyId" from class
            where status = 'ACTIVE' and (end_date is null or end_date >= current_date - 1)
              and ${after === null ? sql`true` : sql`id > ${after}`}
            order by id limit ${limit}`)
        )
      }),
      toPlan: Effect.fnUntraced(function*(academyId, classId) {
        // The lock is a statement of its own: what is read behind it is what those before us committed.
        yield* lock(
          command,
          command`select from class where id = ${classId} and academy_id = ${academyId} for no key update`
        )
        const [row] = yield* orUnavailable(command`
          select jsonb_build_object('id', c.id, 'academyId', c.academy_id, 'name', c.name, 'subject', c.subject,
              'teacherId', c.teacher_id, 'classroomId', c.classroom_id, 'capacity', c.capacity,
              'startDate', c.start_date, 'endDate', c.end_date, 'audience', c.audience, 'description', c.description,
              'curriculum', c.curriculum, 'fee', c.fee, 'status', c.status, 'version', c.version,
              'schedules', coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'dayOfWeek', s.day_of_week,
                  'startTime', to_char(s.start_time, 'HH24:MI'), 'endTime', to_char(s.end_time, 'HH24:MI')) order by s.id)
                from class_schedule s where s.class_id = c.id and s.retired_at is null), '[]')) as class,
            a.time_zone as zone,
            coalesce((select jsonb_agg(jsonb_build_array(h.day, h.name))
              from academy_holiday h where h.academy_id = a.id and h.day >= current_date - 2), '[]') as holidays,
            coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'academyId', m.academy_id, 'classId', m.class_id,
                'scheduleId', m.schedule_id, 'plannedOn', m.planned_on, 'date', m.day, 'startsAt', m.starts_at,
                'endsAt', m.ends_at, 'status', m.status, 'moved', m.moved, 'cause', m.cause, 'reason', m.reason,
                'version', m.version, 'attended', exists (select from attendance t where t.session_id = m.id)))
              from class_session m where m.class_id = c.id
                and greatest(m.day, coalesce(m.planned_on, m.day)) >= current_date - 2), '[]') as sessions
          from class c join academy a on a.id = c.academy_id
          where c.id = ${classId} and c.academy_id = ${academyId}`)
        if (row === undefined) return Option.none()
        const { class: subject, holidays, sessions, zone } = decodeToPlan(row)
        return Option.some({ class: subject, calendar: { zone, holidays: new Map(holidays) }, sessions })
      }),
      teacherOf: Effect.fn("ClassRepository.teacherOf")(function*(academyId, classId) {
        const [row] = yield* orUnavailable(sql<{ teacher: string }>`
          select teacher_id as teacher from class where id = ${classId} and academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(MemberId.make(row.teacher))
      })
    })
  })
)
