/** What staff may take away as a file: written by the CPU pool, for the class's teacher and the office. */
import { Context, DateTime, Effect, Layer, Option, type Stream } from "effect"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type Export, type ExportFormat, fileName, titleOf } from "../../domain/Export.ts"
import type { AcademyId, ClassId, SessionId } from "../../domain/Ids.ts"
import type { Month } from "../../domain/LocalTime.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { type CpuFailure, CpuPool } from "../../ports/CpuPool.ts"
import { writeSheet } from "../../ports/CpuTasks.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { classInView } from "./Ownership.ts"
import { SessionQueries } from "./SessionQueries.ts"

export interface ExportedFile {
  readonly name: string
  /** Written while they are read: nothing has begun before, and nothing goes on when the reader has gone. */
  readonly bytes: Stream.Stream<Uint8Array, CpuFailure>
}

type Exported = Effect.Effect<
  ExportedFile,
  AcademyNotNamed | NotAllowed | NotFound | ReadSideUnavailable | StorageUnavailable,
  CurrentActor
>

export class Exports extends Context.Service<Exports, {
  readonly register: (sessionId: SessionId, format: ExportFormat) => Exported
  readonly month: (classId: ClassId, month: Month, format: ExportFormat) => Exported
}>()("ams/Exports") {
  static readonly layer = Layer.effect(
    Exports,
    Effect.gen(function*() {
      const sessions = yield* SessionQueries
      const academies = yield* AcademyRepository
      const readModels = yield* ReadModels
      const cpu = yield* CpuPool

      const file = (asked: Export): ExportedFile => ({
        name: fileName(titleOf(asked.of), asked.format),
        bytes: cpu.bytes(writeSheet, asked)
      })
      const zoneOf = Effect.fnUntraced(function*(id: AcademyId) {
        const academy = yield* academies.find(id)
        return Option.isSome(academy) ? academy.value.timeZone : yield* new NotFound({ what: "academy", id })
      })

      return Exports.of({
        register: Effect.fn("Exports.register")(function*(sessionId, format) {
          yield* allowInAcademy("register:export")
          const { academyId, className, date, students } = yield* sessions.register(sessionId)
          const register = { className, date, students, timeZone: yield* zoneOf(academyId) }
          return file({ format, of: { _tag: "Register", register } })
        }),
        month: Effect.fn("Exports.month")(function*(classId, month, format) {
          const actor = yield* allowInAcademy("register:export")
          const { name } = yield* Effect.provideService(
            classInView(actor, "register:export", classId),
            ReadModels,
            readModels
          )
          const sheet = {
            ...yield* sessions.month(classId, month),
            className: name,
            month,
            timeZone: yield* zoneOf(actor.academyId),
            asOf: DateTime.formatIso(yield* DateTime.now)
          }
          return file({ format, of: { _tag: "ClassMonth", month: sheet } })
        })
      })
    })
  )
}
