import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Academy, Holiday } from "../../../domain/Academy.ts"
import { Classroom } from "../../../domain/Classroom.ts"
import { AcademyRepository } from "../../../ports/AcademyRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(Academy)
const decodeHolidays = Schema.decodeUnknownSync(Schema.Array(Holiday))
const decodeClassrooms = Schema.decodeUnknownSync(Schema.Array(Classroom))

export const layer = Layer.effect(
  AcademyRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    const classroom = sql`
      select id, academy_id as "academyId", name, location, capacity, version from classroom`
    return AcademyRepository.of({
      insert: (academy) =>
        keep(
          command,
          command`insert into academy ${
            command.insert({
              id: academy.id,
              name: academy.name,
              phone: academy.phone,
              address: academy.address,
              zip_code: academy.zipCode,
              registration_number: academy.registrationNumber,
              time_zone: academy.timeZone,
              status: academy.status,
              check_in_opens_before_minutes: academy.settings.checkInOpensBeforeMinutes,
              late_after_minutes: academy.settings.lateAfterMinutes,
              missing_after_minutes: academy.settings.missingAfterMinutes,
              roll_chase_after_minutes: academy.settings.rollChaseAfterMinutes,
              closes_after_minutes: academy.settings.closesAfterMinutes,
              consecutive_absences: academy.settings.consecutiveAbsences,
              quiet_from: academy.settings.quietHours?.from ?? null,
              quiet_until: academy.settings.quietHours?.until ?? null,
              version: academy.version
            })
          }`
        ),
      find: Effect.fn("AcademyRepository.find")(function*(id) {
        const [row] = yield* orUnavailable(sql`
          select id, name, phone, address, zip_code as "zipCode", registration_number as "registrationNumber",
            time_zone as "timeZone", status, version,
            jsonb_build_object('checkInOpensBeforeMinutes', check_in_opens_before_minutes,
              'lateAfterMinutes', late_after_minutes, 'missingAfterMinutes', missing_after_minutes,
              'rollChaseAfterMinutes', roll_chase_after_minutes, 'closesAfterMinutes', closes_after_minutes,
              'consecutiveAbsences', consecutive_absences,
              'quietHours', case when quiet_from is null then null else jsonb_build_object(
                'from', to_char(quiet_from, 'HH24:MI'), 'until', to_char(quiet_until, 'HH24:MI')) end) as settings
          from academy where id = ${id}`)
        return row === undefined ? Option.none() : Option.some(decode(row))
      }),
      update: ({ settings, ...academy }) =>
        keep(
          command,
          command`update academy set name = ${academy.name}, phone = ${academy.phone}::text,
            address = ${academy.address}::text, zip_code = ${academy.zipCode}::text, time_zone = ${academy.timeZone},
            check_in_opens_before_minutes = ${settings.checkInOpensBeforeMinutes},
            late_after_minutes = ${settings.lateAfterMinutes}, missing_after_minutes = ${settings.missingAfterMinutes},
            roll_chase_after_minutes = ${settings.rollChaseAfterMinutes},
            closes_after_minutes = ${settings.closesAfterMinutes}, consecutive_absences = ${settings.consecutiveAbsences},
            quiet_from = ${settings.quietHours?.from ?? null}::time,
            quiet_until = ${settings.quietHours?.until ?? null}::time,
            version = ${academy.version}, updated_at = now()
            where id = ${academy.id} and version = ${academy.version - 1}`,
          1
        ),
      holidays: Effect.fn("AcademyRepository.holidays")(function*(id, from) {
        return decodeHolidays(
          yield* orUnavailable(
            sql`select day as date, name from academy_holiday where academy_id = ${id} and day >= ${from} order by day`
          )
        )
      }),
      putHoliday: (id, holiday) =>
        keep(
          command,
          command`insert into academy_holiday (academy_id, day, name) values (${id}, ${holiday.date}, ${holiday.name})
            on conflict (academy_id, day) do update set name = excluded.name`
        ),
      removeHoliday: (id, date) =>
        keep(command, command`delete from academy_holiday where academy_id = ${id} and day = ${date}`),
      classrooms: Effect.fn("AcademyRepository.classrooms")(function*(id) {
        return decodeClassrooms(
          yield* orUnavailable(sql`${classroom} where academy_id = ${id} order by name, id`)
        )
      }),
      classroom: Effect.fn("AcademyRepository.classroom")(function*(id, classroomId) {
        const found = yield* orUnavailable(sql`${classroom} where academy_id = ${id} and id = ${classroomId}`)
        return Option.fromNullishOr(decodeClassrooms(found)[0])
      }),
      putClassroom: (room) =>
        keep(
          command,
          command`insert into classroom (id, academy_id, name, location, capacity, version)
            values (${room.id}, ${room.academyId}, ${room.name}, ${room.location}::text, ${room.capacity}::int, ${room.version})
            on conflict (id) do update set name = excluded.name, location = excluded.location,
              capacity = excluded.capacity, version = excluded.version, updated_at = now()
              where classroom.version = excluded.version - 1`,
          1
        )
    })
  })
)
