import { Context, DateTime, Effect, Layer, Option } from "effect"
import {
  type AlreadyEnrolled,
  type ClassFull,
  type ClassNotActive,
  enroll,
  type Enrollment,
  type InvalidRange,
  type NewEnrollment,
  type NotAStudent
} from "../../domain/Enrollment.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type ClassId, EnrollmentId } from "../../domain/Ids.ts"
import { dateIn } from "../../domain/LocalTime.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class EnrollmentCommands extends Context.Service<EnrollmentCommands, {
  /** Never above the capacity on any day, whoever else enrols at the same moment. */
  readonly enroll: (
    classId: ClassId,
    input: NewEnrollment
  ) => Effect.Effect<
    Enrollment,
    Denied | ClassFull | ClassNotActive | NotAStudent | AlreadyEnrolled | InvalidRange,
    CurrentActor
  >
}>()("ams/EnrollmentCommands") {
  static readonly layer = Layer.effect(
    EnrollmentCommands,
    Effect.gen(function*() {
      const classes = yield* ClassRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      return EnrollmentCommands.of({
        enroll: Effect.fn("EnrollmentCommands.enroll")(function*(classId, input) {
          const actor = yield* allowInAcademy("enrollment:create")
          const id = yield* newId(EnrollmentId)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const seats = yield* classes.seats(actor.academyId, classId, input.studentId)
              if (Option.isNone(seats)) return yield* new NotFound({ what: "class", id: classId })
              const { class: into, student, taken, timeZone } = seats.value
              if (Option.isNone(student)) return yield* new NotFound({ what: "member", id: input.studentId })
              const decided = yield* Effect.fromResult(enroll(input, {
                id,
                class: into,
                student: student.value,
                taken,
                today: dateIn(timeZone, now)
              }))
              yield* classes.insertEnrollment(decided.enrollment)
              yield* (yield* Transaction).append(decided.event)
              return decided.enrollment
            })
          )
        })
      })
    })
  )
}
