import { Context, DateTime, Effect, Layer, Option } from "effect"
import {
  type Academy,
  type AcademyChange,
  change,
  create,
  type Holiday,
  type HolidayPast,
  type NewAcademy,
  setHoliday
} from "../../domain/Academy.ts"
import { type Classroom, describe, type NewClassroom } from "../../domain/Classroom.ts"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { AcademyId, ClassroomId } from "../../domain/Ids.ts"
import { dateIn, type LocalDate } from "../../domain/LocalTime.ts"
import type { Calendar, Session } from "../../domain/Session.ts"
import type { ScheduleConflict } from "../../domain/Timetable.ts"
import { asSeen, type Seen, type Stale } from "../../domain/Version.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { TimetableRepository } from "../../ports/TimetableRepository.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allow, type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"
import { timetabling } from "../Timetabling.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | Refusal | StorageUnavailable

export class AcademyCommands extends Context.Service<AcademyCommands, {
  readonly create: (
    input: NewAcademy
  ) => Effect.Effect<Academy, NotAllowed | Refusal | StorageUnavailable, CurrentActor>
  /** A new time zone moves the sessions to come to the same local times in it; those that were touched are named. */
  readonly change: (
    input: AcademyChange,
    seen?: Seen
  ) => Effect.Effect<
    { readonly academy: Academy; readonly leftAlone: ReadonlyArray<Session> },
    Denied | Stale,
    CurrentActor
  >
  /** Cancels what is planned for the day, but for sessions that were touched: they are named. */
  readonly putHoliday: (
    holiday: Holiday
  ) => Effect.Effect<
    { readonly holiday: Holiday; readonly leftAlone: ReadonlyArray<Session> },
    Denied | HolidayPast | ScheduleConflict,
    CurrentActor
  >
  /** Its sessions are held again, unless somebody was placed elsewhere meanwhile. */
  readonly removeHoliday: (
    date: LocalDate
  ) => Effect.Effect<void, Denied | HolidayPast | ScheduleConflict, CurrentActor>
  readonly addClassroom: (input: NewClassroom) => Effect.Effect<Classroom, Denied, CurrentActor>
  readonly changeClassroom: (
    id: ClassroomId,
    input: NewClassroom,
    seen?: Seen
  ) => Effect.Effect<Classroom, Denied | Stale, CurrentActor>
}>()("ams/AcademyCommands") {
  static readonly layer = Layer.effect(
    AcademyCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const timetable = yield* TimetableRepository
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      const { book, plan } = yield* timetabling

      const own = Effect.fnUntraced(function*(actor: Allowed) {
        const academy = yield* academies.find(actor.academyId)
        return Option.isSome(academy)
          ? academy.value
          : yield* new NotFound({ what: "academy", id: actor.academyId })
      })

      /** Brings every class to another calendar; what was touched is left alone. */
      const planAll = Effect.fnUntraced(function*(
        academyId: AcademyId,
        calendarOf: (before: Calendar) => Calendar,
        now: DateTime.Utc
      ) {
        const planned = yield* Effect.forEach(yield* timetable.allToPlan(academyId), (found) => {
          const calendar = calendarOf(found.calendar)
          return Effect.map(plan(found.class, found, calendar, now), (its) => ({ found, calendar, ...its }))
        })
        yield* (yield* Transaction).append(...planned.flatMap(({ events }) => events))
        return planned
      })

      const changeHoliday = Effect.fnUntraced(function*(date: LocalDate, name: string | null) {
        const actor = yield* allowInAcademy("academy:change")
        const now = yield* DateTime.now
        const academy = yield* own(actor)
        const event = yield* Effect.fromResult(
          setHoliday(academy, date, name !== null, dateIn(academy.timeZone, now))
        )
        return yield* unitOfWork.run(
          { academyId: actor.academyId, actor: actor.memberId },
          Effect.gen(function*() {
            yield* name === null
              ? academies.removeHoliday(academy.id, date)
              : academies.putHoliday(academy.id, { date, name })
            // The kept write goes out before this reads.
            const planned = yield* planAll(academy.id, (calendar) => calendar, now)
            for (const { calendar, changed, found, toBeHeld } of planned) {
              const back = changed.filter(({ status }) => status === "SCHEDULED")
              if (back.length === 0) continue
              const meets = { ...found.class, schedules: [] }
              yield* book(found.class, { students: found.students, sessions: back, meets }, toBeHeld, calendar, now)
            }
            yield* (yield* Transaction).append(event)
            return planned.flatMap(({ leftAlone }) => leftAlone).filter((session) => session.date === date)
          })
        )
      })

      const putClassroom = <E>(
        actor: Allowed,
        input: NewClassroom,
        of: Effect.Effect<Pick<Classroom, "id" | "version">, E>
      ) =>
        unitOfWork.run(
          { academyId: actor.academyId, actor: actor.memberId },
          Effect.gen(function*() {
            const { classroom, event } = describe(input, { ...(yield* of), academyId: actor.academyId })
            yield* academies.putClassroom(classroom)
            yield* (yield* Transaction).append(event)
            return classroom
          })
        )

      return AcademyCommands.of({
        create: Effect.fn("AcademyCommands.create")(function*(input) {
          const actor = yield* allow("academy:create")
          const { academy, event } = create(input, yield* newId(AcademyId))
          yield* unitOfWork.run(
            { academyId: academy.id, actor: actor.memberId },
            Effect.gen(function*() {
              yield* academies.insert(academy)
              yield* (yield* Transaction).append(event)
            })
          )
          return academy
        }),
        change: Effect.fn("AcademyCommands.change")(function*(input, seen) {
          const actor = yield* allowInAcademy("academy:change")
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId: actor.academyId, actor: actor.memberId },
            Effect.gen(function*() {
              // In here, so that it is read again when somebody else was quicker.
              const before = yield* Effect.fromResult(asSeen(yield* own(actor), seen))
              const { academy, event } = change(before, input)
              yield* academies.update(academy)
              const planned = academy.timeZone === before.timeZone
                ? []
                : yield* planAll(academy.id, (calendar) => ({ ...calendar, zone: academy.timeZone }), now)
              yield* (yield* Transaction).append(event)
              return { academy, leftAlone: planned.flatMap(({ leftAlone }) => leftAlone) }
            })
          )
        }),
        putHoliday: Effect.fn("AcademyCommands.putHoliday")(function*(holiday) {
          return { holiday, leftAlone: yield* changeHoliday(holiday.date, holiday.name) }
        }),
        removeHoliday: Effect.fn("AcademyCommands.removeHoliday")((date) => Effect.asVoid(changeHoliday(date, null))),
        addClassroom: Effect.fn("AcademyCommands.addClassroom")(function*(input) {
          const actor = yield* allowInAcademy("academy:change")
          return yield* putClassroom(actor, input, Effect.succeed({ id: yield* newId(ClassroomId), version: 0 }))
        }),
        changeClassroom: Effect.fn("AcademyCommands.changeClassroom")(function*(id, input, seen) {
          const actor = yield* allowInAcademy("academy:change")
          const before = Effect.gen(function*() {
            const found = yield* academies.classroom(actor.academyId, id)
            if (Option.isNone(found)) return yield* new NotFound({ what: "classroom", id })
            return yield* Effect.fromResult(asSeen(found.value, seen))
          })
          return yield* putClassroom(actor, input, before)
        })
      })
    })
  )
}
