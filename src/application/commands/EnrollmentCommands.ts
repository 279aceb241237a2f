import { Context, DateTime, Effect, Layer, Option } from "effect"
import {
  type AlreadyEnrolled,
  type AlreadyWaiting,
  cancel,
  type ClassFull,
  type ClassNotActive,
  enroll,
  type Enrollment,
  type EnrollmentNotActive,
  type InvalidRange,
  type NewEnrollment,
  type NoGuardian,
  type NotAStudent,
  wait,
  type Waiting
} from "../../domain/Enrollment.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type ClassId, EnrollmentId, type MemberId, WaitingId } from "../../domain/Ids.ts"
import { dateIn, type LocalDate } from "../../domain/LocalTime.ts"
import type { ScheduleConflict } from "../../domain/Timetable.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import { EnrollmentRepository } from "../../ports/EnrollmentRepository.ts"
import { TimetableRepository } from "../../ports/TimetableRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"
import { timetabling } from "../Timetabling.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class EnrollmentCommands extends Context.Service<EnrollmentCommands, {
  /**
   * Never above the capacity on any day, nor in two places at once, whoever else enrols at the same moment. Who waited for a seat waits no longer;
   * why somebody is enrolled of whom nobody may be told is kept in the audit.
   */
  readonly enroll: (
    classId: ClassId,
    input: NewEnrollment
  ) => Effect.Effect<
    Enrollment,
    | Denied
    | ClassFull
    | ClassNotActive
    | NotAStudent
    | NoGuardian
    | AlreadyEnrolled
    | InvalidRange
    | ScheduleConflict,
    CurrentActor
  >
  /** `lastDay`: yesterday at the academy, if nothing is said. */
  readonly cancel: (
    classId: ClassId,
    id: EnrollmentId,
    lastDay: LocalDate | undefined
  ) => Effect.Effect<Enrollment, Denied | EnrollmentNotActive | InvalidRange, CurrentActor>
  readonly wait: (
    classId: ClassId,
    studentId: MemberId
  ) => Effect.Effect<
    Waiting,
    Denied | ClassNotActive | NotAStudent | AlreadyEnrolled | AlreadyWaiting,
    CurrentActor
  >
  /** Takes somebody off the list, and answers what was there. */
  readonly stopWaiting: (classId: ClassId, id: WaitingId) => Effect.Effect<Waiting, Denied, CurrentActor>
}>()("ams/EnrollmentCommands") {
  static readonly layer = Layer.effect(
    EnrollmentCommands,
    Effect.gen(function*() {
      const enrollments = yield* EnrollmentRepository
      const audit = yield* AuditTrail
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      const timetable = yield* TimetableRepository
      const { seat } = yield* timetabling

      /** The class with its seats, locked, and the student. */
      const seatsFor = Effect.fnUntraced(function*({ academyId }: Allowed, classId: ClassId, studentId: MemberId) {
        const found = yield* enrollments.seats(academyId, classId, studentId)
        if (Option.isNone(found)) return yield* new NotFound({ what: "class", id: classId })
        const { student, timeZone, ...seats } = found.value
        if (Option.isNone(student)) return yield* new NotFound({ what: "member", id: studentId })
        const now = yield* DateTime.now
        return { ...seats, student: student.value, today: dateIn(timeZone, now), now }
      })

      return EnrollmentCommands.of({
        enroll: Effect.fn("EnrollmentCommands.enroll")(function*(classId, input) {
          const actor = yield* allowInAcademy("enrollment:create")
          const { academyId, memberId: actorId } = actor
          const id = yield* newId(EnrollmentId)
          return yield* unitOfWork.run(
            { academyId, actor: actorId },
            Effect.gen(function*() {
              // The calendar is locked before the class, as everywhere.
              const plan = yield* timetable.toPlan(academyId, classId)
              if (Option.isNone(plan)) return yield* new NotFound({ what: "class", id: classId })
              const seats = yield* seatsFor(actor, classId, input.studentId)
              const { enrollment, event, exception } = yield* Effect.fromResult(enroll(input, { id, ...seats }))
              yield* seat(plan.value, enrollment, seats.now)
              yield* enrollments.insert(enrollment)
              if (exception !== null) {
                const what = {
                  action: "enroll-without-guardian",
                  subject: `enrollment/${id}`,
                  reason: exception
                } as const
                yield* audit.write({ academyId, actorId, channel: "API", ...what })
              }
              yield* (yield* Transaction).append(event)
              return enrollment
            })
          )
        }),

        cancel: Effect.fn("EnrollmentCommands.cancel")(function*(classId, id, lastDay) {
          const actor = yield* allowInAcademy("enrollment:change")
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* enrollments.find(actor.academyId, classId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "enrollment", id })
              const today = dateIn(found.value.timeZone, yield* DateTime.now)
              const { enrollment, event } = yield* Effect.fromResult(cancel(found.value.enrollment, lastDay, today))
              yield* enrollments.update(enrollment)
              yield* (yield* Transaction).append(event)
              return enrollment
            })
          )
        }),

        wait: Effect.fn("EnrollmentCommands.wait")(function*(classId, studentId) {
          const actor = yield* allowInAcademy("waiting:change")
          const id = yield* newId(WaitingId)
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const seats = yield* seatsFor(actor, classId, studentId)
              const waiting = yield* Effect.fromResult(wait(studentId, { id, ...seats }))
              yield* enrollments.insertWaiting(waiting)
              return waiting
            })
          )
        }),

        stopWaiting: Effect.fn("EnrollmentCommands.stopWaiting")(function*(classId, id) {
          const actor = yield* allowInAcademy("waiting:change")
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* enrollments.findWaiting(actor.academyId, classId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "waiting", id })
              yield* enrollments.deleteWaiting(id)
              return found.value
            })
          )
        })
      })
    })
  )
}
