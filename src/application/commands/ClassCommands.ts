import { Context, DateTime, Effect, Layer, Option } from "effect"
import { type Class, create, type InvalidSchedule, type NewClass, NotATeacher } from "../../domain/Class.ts"
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
import { ClassId, EnrollmentId, ScheduleId, SessionId } from "../../domain/Ids.ts"
import { dateIn } from "../../domain/LocalTime.ts"
import { type NewSession, replan, type Session, sessionsPlanned } from "../../domain/Session.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class ClassCommands extends Context.Service<ClassCommands, {
  /** With its sessions for the coming 30 days. */
  readonly create: (
    input: NewClass
  ) => Effect.Effect<Class, Denied | NotATeacher | InvalidSchedule, CurrentActor>
  /** Never above the capacity on any day, whoever else enrols at the same moment. */
  readonly enroll: (
    classId: ClassId,
    input: NewEnrollment
  ) => Effect.Effect<
    Enrollment,
    Denied | ClassFull | ClassNotActive | NotAStudent | AlreadyEnrolled | InvalidRange,
    CurrentActor
  >
}>()("ams/ClassCommands") {
  static readonly layer = Layer.effect(
    ClassCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const classes = yield* ClassRepository
      const members = yield* MemberRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker

      const withIds = (added: ReadonlyArray<NewSession>, of: Class) =>
        Effect.forEach(
          added,
          (session) =>
            Effect.map(newId(SessionId), (id): Session => ({ ...session, id, academyId: of.academyId, classId: of.id }))
        )

      return ClassCommands.of({
        create: Effect.fn("ClassCommands.create")(function*(input) {
          const actor = yield* allowInAcademy("class:create")
          const academy = yield* academies.find(actor.academyId)
          if (Option.isNone(academy)) return yield* new NotFound({ what: "academy", id: actor.academyId })
          const [teacher] = yield* members.brief(actor.academyId, [input.teacherId])
          if (teacher === undefined) return yield* new NotATeacher()
          const now = yield* DateTime.now
          const today = dateIn(academy.value.timeZone, now)
          const { class: made, event } = yield* Effect.fromResult(create(input, {
            id: yield* newId(ClassId),
            academyId: actor.academyId,
            today,
            scheduleIds: yield* Effect.replicateEffect(newId(ScheduleId), input.schedules.length),
            teacher
          }))
          const calendar = { zone: academy.value.timeZone, holidays: new Map() }
          const sessions = yield* withIds(replan(made, [], calendar, now).added, made)
          yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              yield* classes.insert(made)
              yield* classes.saveSessions({ added: sessions, changed: [], removed: [] })
              yield* (yield* Transaction).append(event, ...sessionsPlanned(made, sessions))
            })
          )
          return made
        }),

        enroll: Effect.fn("ClassCommands.enroll")(function*(classId, input) {
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
