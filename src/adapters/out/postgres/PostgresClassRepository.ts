import { Array as Arr, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ClassStatus, Schedule } from "../../../domain/Class.ts"
import { AcademyId, ClassId, MemberId, ScheduleId, SessionId } from "../../../domain/Ids.ts"
import { LocalDate, TimeZoneName } from "../../../domain/LocalTime.ts"
import { MemberStatus } from "../../../domain/Member.ts"
import { Role } from "../../../domain/Permission.ts"
import { SessionStatus } from "../../../domain/Session.ts"
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
const decodeSessions = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  id: SessionId,
  academyId: AcademyId,
  classId: ClassId,
  scheduleId: ScheduleId,
  plannedOn: LocalDate,
  startsAt: Schema.DateTimeUtcFromDate,
  endsAt: Schema.DateTimeUtcFromDate,
  status: SessionStatus,
  version: Schema.Int
})))

const decodeActive = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: ClassId, academyId: AcademyId })))
const decodeToPlan = Schema.decodeUnknownSync(Schema.Struct({
  class: Schema.Struct({
    id: ClassId,
    version: Schema.Int,
    startDate: LocalDate,
    endDate: Schema.NullOr(LocalDate),
    schedules: Schema.Array(Schedule)
  }),
  timeZone: TimeZoneName,
  planned: Schema.Array(Schema.Struct({ scheduleId: ScheduleId, plannedOn: LocalDate }))
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
              capacity: subject.capacity,
              start_date: subject.startDate,
              end_date: subject.endDate,
              description: subject.description,
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
      insertSessions: (sessions) =>
        !Arr.isReadonlyArrayNonEmpty(sessions) ? Effect.void : keep(
          command,
          command`insert into class_session ${
            command.insert(Arr.map(sessions, (session) => ({
              id: session.id,
              academy_id: session.academyId,
              class_id: session.classId,
              schedule_id: session.scheduleId,
              planned_on: session.plannedOn,
              starts_at: DateTime.toDateUtc(session.startsAt),
              ends_at: DateTime.toDateUtc(session.endsAt),
              status: session.status,
              version: session.version
            })))
          }`
        ),
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
              planned_on as "plannedOn", starts_at as "startsAt", ends_at as "endsAt", status, version
            from class_session
            where class_id = ${classId} and academy_id = ${academyId} and planned_on between ${days.from} and ${days.to}
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
          select jsonb_build_object('id', c.id, 'version', c.version, 'startDate', c.start_date, 'endDate', c.end_date,
              'schedules', coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'dayOfWeek', s.day_of_week,
                  'startTime', to_char(s.start_time, 'HH24:MI'), 'endTime', to_char(s.end_time, 'HH24:MI')) order by s.id)
                from class_schedule s where s.class_id = c.id), '[]')) as class,
            a.time_zone as "timeZone",
            coalesce((select jsonb_agg(jsonb_build_object('scheduleId', m.schedule_id, 'plannedOn', m.planned_on))
              from class_session m where m.class_id = c.id and m.planned_on >= current_date - 2), '[]') as planned
          from class c join academy a on a.id = c.academy_id
          where c.id = ${classId} and c.academy_id = ${academyId} and c.status = 'ACTIVE'`)
        return row === undefined ? Option.none() : Option.some(decodeToPlan(row))
      }),
      teacherOf: Effect.fn("ClassRepository.teacherOf")(function*(academyId, classId) {
        const [row] = yield* orUnavailable(sql<{ teacher: string }>`
          select teacher_id as teacher from class where id = ${classId} and academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(MemberId.make(row.teacher))
      })
    })
  })
)
