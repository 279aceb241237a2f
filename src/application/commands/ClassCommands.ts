import { Context, DateTime, Effect, Layer, Option } from "effect"
import {
  type Class,
  type ClassChange,
  ClassInSession,
  create,
  edit,
  type InvalidSchedule,
  type NewClass,
  NotATeacher,
  type SeatsTaken
} from "../../domain/Class.ts"
import { NoSuchClassroom } from "../../domain/Classroom.ts"
import type { ClassNotActive } from "../../domain/Enrollment.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { type AcademyId, ClassId, type ClassroomId, type MemberId, ScheduleId } from "../../domain/Ids.ts"
import { dateIn } from "../../domain/LocalTime.ts"
import type { Session } from "../../domain/Session.ts"
import type { ScheduleConflict } from "../../domain/Timetable.ts"
import { asSeen, type Seen, type Stale } from "../../domain/Version.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import { TimetableRepository } from "../../ports/TimetableRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"
import { timetabling } from "../Timetabling.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class ClassCommands extends Context.Service<ClassCommands, {
  /** With its sessions for the coming 30 days. */
  readonly create: (
    input: NewClass
  ) => Effect.Effect<Class, Denied | NotATeacher | InvalidSchedule | NoSuchClassroom | ScheduleConflict, CurrentActor>
  /** Sessions to come follow the change; those that somebody has touched do not, and are named. */
  readonly edit: (
    id: ClassId,
    change: ClassChange,
    seen?: Seen
  ) => Effect.Effect<
    { readonly class: Class; readonly leftAlone: ReadonlyArray<Session> },
    | Denied
    | ClassNotActive
    | NotATeacher
    | InvalidSchedule
    | NoSuchClassroom
    | ScheduleConflict
    | SeatsTaken
    | Stale,
    CurrentActor
  >
  /** From now on: what was still to come is taken away, and enrollments end today. Not while a session is held. */
  readonly close: (id: ClassId) => Effect.Effect<Class, Denied | ClassNotActive | ClassInSession, CurrentActor>
}>()("ams/ClassCommands") {
  static readonly layer = Layer.effect(
    ClassCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const classes = yield* ClassRepository
      const members = yield* MemberRepository
      const unitOfWork = yield* UnitOfWork
      const timetable = yield* TimetableRepository
      const newId = yield* idMaker
      const { book, end, plan } = yield* timetabling

      const teacherOf = Effect.fnUntraced(function*(academyId: AcademyId, id: MemberId) {
        const [teacher] = yield* members.brief(academyId, [id])
        return teacher ?? (yield* new NotATeacher())
      })
      const hasClassroom = Effect.fnUntraced(function*(academyId: AcademyId, id: ClassroomId | null | undefined) {
        if (id === null || id === undefined) return
        if (Option.isNone(yield* academies.classroom(academyId, id))) return yield* new NoSuchClassroom()
      })

      return ClassCommands.of({
        create: Effect.fn("ClassCommands.create")(function*(input) {
          const actor = yield* allowInAcademy("class:create")
          const teacher = yield* teacherOf(actor.academyId, input.teacherId)
          yield* hasClassroom(actor.academyId, input.classroomId)
          const id = yield* newId(ClassId)
          const scheduleIds = yield* Effect.replicateEffect(newId(ScheduleId), input.schedules.length)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const calendar = yield* timetable.calendar(actor.academyId)
              if (Option.isNone(calendar)) return yield* new NotFound({ what: "academy", id: actor.academyId })
              const today = dateIn(calendar.value.zone, now)
              const { class: made, event } = yield* Effect.fromResult(
                create(input, { id, academyId: actor.academyId, today, scheduleIds, teacher })
              )
              yield* classes.insert(made)
              const { events, toBeHeld } = yield* plan(made, { sessions: [] }, calendar.value, now)
              yield* book(made, { students: [], sessions: toBeHeld, meets: made }, toBeHeld, calendar.value, now)
              yield* (yield* Transaction).append(event, ...events)
              return made
            })
          )
        }),

        edit: Effect.fn("ClassCommands.edit")(function*(id, change, seen) {
          const actor = yield* allowInAcademy("class:change")
          const teacher = change.teacherId === undefined ? null : yield* teacherOf(actor.academyId, change.teacherId)
          yield* hasClassroom(actor.academyId, change.classroomId)
          const scheduleIds = yield* Effect.replicateEffect(newId(ScheduleId), change.schedules?.length ?? 0)
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* timetable.toPlan(actor.academyId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "class", id })
              const { calendar, retired, students } = found.value
              const before = yield* Effect.fromResult(asSeen(found.value.class, seen))
              const today = dateIn(calendar.zone, now)
              const { class: edited, event } = yield* Effect.fromResult(edit(before, change, {
                slots: [...before.schedules, ...retired],
                scheduleIds,
                teacher,
                taken: students,
                today
              }))
              yield* classes.update(edited)
              const { events, leftAlone, toBeHeld } = yield* plan(edited, found.value, calendar, now)
              // What takes nobody's time is refused by no conflict, not even by one that was there before.
              const { classroomId, endDate, schedules, teacherId } = change
              if ([classroomId, endDate, schedules, teacherId].some((changed) => changed !== undefined)) {
                yield* book(edited, { students, sessions: toBeHeld, meets: edited }, toBeHeld, calendar, now)
              }
              yield* (yield* Transaction).append(event, ...events)
              return { class: edited, leftAlone }
            })
          )
        }),

        close: Effect.fn("ClassCommands.close")(function*(id) {
          const actor = yield* allowInAcademy("class:change")
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              const found = yield* timetable.toPlan(actor.academyId, id)
              if (Option.isNone(found)) return yield* new NotFound({ what: "class", id })
              const running = found.value.sessions.find(({ endsAt, startsAt, status }) =>
                status === "SCHEDULED" && DateTime.between(now, { minimum: startsAt, maximum: endsAt })
              )
              if (running !== undefined) return yield* new ClassInSession({ endsAt: running.endsAt })
              return yield* end(found.value, dateIn(found.value.calendar.zone, now), now)
            })
          )
        })
      })
    })
  )
}
