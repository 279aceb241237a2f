import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Academy } from "../../../domain/Academy.ts"
import { AcademyRepository } from "../../../ports/AcademyRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(Academy)

export const layer = Layer.effect(
  AcademyRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
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
              'consecutiveAbsences', consecutive_absences) as settings
          from academy where id = ${id}`)
        return row === undefined ? Option.none() : Option.some(decode(row))
      })
    })
  })
)
