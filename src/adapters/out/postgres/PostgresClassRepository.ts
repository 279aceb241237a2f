import { Array as Arr, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Class } from "../../../domain/Class.ts"
import { AcademyId, ClassId, MemberId } from "../../../domain/Ids.ts"
import { Session } from "../../../domain/Session.ts"
import { ClassRepository } from "../../../ports/ClassRepository.ts"
import { classJson } from "./ClassRow.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const Instant = Schema.DateTimeUtcFromDate
const decodeSessions = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...Session.fields, startsAt: Instant, endsAt: Instant }))
)

const decodeClass = Schema.decodeUnknownSync(Class)
const decodeActive = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: ClassId, academyId: AcademyId })))
export const layer = Layer.effect(
  ClassRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    const session = sql`
      select id, academy_id as "academyId", class_id as "classId", schedule_id as "scheduleId", planned_on as "plannedOn",
        day as date, starts_at as "startsAt", ends_at as "endsAt", status, moved, cause, reason, version
      from class_session`
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
      update: Effect.fnUntraced(function*(subject) {
        yield* keep(
          command,
          command`update class set name = ${subject.name}, subject = ${subject.subject}, teacher_id = ${subject.teacherId},
            classroom_id = ${subject.classroomId}::uuid, capacity = ${subject.capacity}, end_date = ${subject.endDate}::date,
            audience = ${subject.audience}::text, description = ${subject.description}::text,
            curriculum = ${subject.curriculum}::text, fee = ${subject.fee}::int, status = ${subject.status},
            version = ${subject.version}, updated_at = now()
            where id = ${subject.id} and version = ${subject.version - 1}`,
          1
        )
        const ids = subject.schedules.map((slot) => slot.id)
        yield* keep(
          command,
          command`update class_schedule set retired_at = case when id = any(${ids}::uuid[]) then null else now() end
            where class_id = ${subject.id} and (retired_at is null) <> (id = any(${ids}::uuid[]))`
        )
        yield* keep(
          command,
          command`insert into class_schedule (id, class_id, day_of_week, start_time, end_time)
            select id, ${subject.id}, day_of_week, start_time, end_time
            from unnest(${ids}::uuid[], ${subject.schedules.map((slot) => slot.dayOfWeek)}::text[],
              ${subject.schedules.map((slot) => slot.startTime)}::time[], ${
            subject.schedules.map((slot) => slot.endTime)
          }::time[]) as s(id, day_of_week, start_time, end_time)
            where not exists (select from class_schedule o where o.id = s.id)`
        )
      }),
      completeEnrollments: (classId, lastDay) =>
        keep(
          command,
          command`update enrollment set status = 'COMPLETED', version = version + 1, updated_at = now(),
            until_date = greatest(least(coalesce(until_date, 'infinity'), ${lastDay}::date), from_date - 1)
            where class_id = ${classId} and status = 'ACTIVE'`
        ),
      sessions: Effect.fn("ClassRepository.sessions")(function*(academyId, classId, days) {
        return decodeSessions(
          yield* orUnavailable(sql`${session}
            where class_id = ${classId} and academy_id = ${academyId} and cause is distinct from 'PLAN' and day between ${days.from} and ${days.to}
            order by starts_at`)
        )
      }),
      session: Effect.fn("ClassRepository.session")(function*(academyId, id) {
        const found = yield* orUnavailable(sql`${session}
          where id = ${id} and academy_id = ${academyId} and cause is distinct from 'PLAN'`)
        return Option.fromNullishOr(decodeSessions(found)[0])
      }),
      active: Effect.fn("ClassRepository.active")(function*(after, limit) {
        return decodeActive(
          yield* orUnavailable(sql`
            select id, academy_id as "academyId" from class
            where status = 'ACTIVE' and ${after === null ? sql`true` : sql`id > ${after}`}
            order by id limit ${limit}`)
        )
      }),
      find: Effect.fn("ClassRepository.find")(function*(academyId, id) {
        const [row] = yield* orUnavailable(
          sql<{ doc: unknown }>`select ${classJson(sql)} as doc from class c
            where c.id = ${id} and c.academy_id = ${academyId}`
        )
        return row === undefined ? Option.none() : Option.some(decodeClass(row.doc))
      }),
      teacherOf: Effect.fn("ClassRepository.teacherOf")(function*(academyId, classId) {
        const [row] = yield* orUnavailable(sql<{ teacher: string }>`
          select teacher_id as teacher from class where id = ${classId} and academy_id = ${academyId}`)
        return row === undefined ? Option.none() : Option.some(MemberId.make(row.teacher))
      })
    })
  })
)
