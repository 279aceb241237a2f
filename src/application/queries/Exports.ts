/** What staff may take away as a file: written by the CPU pool, for the class's teacher and the office. */
import { Context, Effect, Layer, Option, type Stream } from "effect"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type Export, type ExportFormat, fileName, titleOf } from "../../domain/Export.ts"
import type { ClassId, SessionId } from "../../domain/Ids.ts"
import { type Month } from "../../domain/LocalTime.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import { type CpuFailure, CpuPool } from "../../ports/CpuPool.ts"
import { writeSheet } from "../../ports/CpuTasks.ts"
import type { ReadSideUnavailable } from "../../ports/ReadModels.ts"
import { SheetSource, type Taught } from "../../ports/SheetSource.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"

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
      const source = yield* SheetSource
      const cpu = yield* CpuPool

      const file = (asked: Export): ExportedFile => ({
        name: fileName(titleOf(asked.of), asked.format),
        bytes: cpu.bytes(writeSheet, asked)
      })

      return Exports.of({
        register: Effect.fn("Exports.register")(function*(sessionId, format) {
          const actor = yield* allowInAcademy("register:export")
          const found = yield* source.register(actor.academyId, sessionId)
          const register = yield* seen(actor, found, { what: "session", id: sessionId })
          return file({ format, of: { _tag: "Register", register } })
        }),
        month: Effect.fn("Exports.month")(function*(classId, month, format) {
          const actor = yield* allowInAcademy("register:export")
          const found = yield* source.month(actor.academyId, classId, month)
          return file({
            format,
            of: { _tag: "ClassMonth", month: yield* seen(actor, found, { what: "class", id: classId }) }
          })
        })
      })
    })
  )
}

/** It, if there is one, and the actor teaches the class or sees the whole academy. */
const seen = <A>(
  actor: Allowed,
  found: Option.Option<Taught<A>>,
  missing: { readonly what: string; readonly id: string }
): Effect.Effect<A, NotAllowed | NotFound> => {
  if (Option.isNone(found)) return Effect.fail(new NotFound(missing))
  return seesWholeAcademy(actor) || found.value.teacherId === actor.memberId
    ? Effect.succeed(found.value.content)
    : Effect.fail(new NotAllowed({ permission: "register:export" }))
}
