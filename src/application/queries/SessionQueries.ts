/** Sessions as they are lived: a day's list, the register of one, a month of a class. */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { AcademyId, ClassId, MemberId, SessionId } from "../../domain/Ids.ts"
import { dateIn, daysOf, type LocalDate, type Month } from "../../domain/LocalTime.ts"
import type { Told } from "../../domain/Notification.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import {
  type AcademySessions,
  type ClassMonth,
  listed,
  monthOf,
  type Register,
  type SessionListed
} from "../../domain/Register.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { NotificationHistory } from "../../ports/NotificationHistory.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { type ChildNotNamed, classInView, inView, studentInView } from "./Ownership.ts"
import { type Page, type PageRequest, pagesOf } from "./Paging.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | ReadSideUnavailable

/** More than any academy has sessions a day, or a class in a month. */
const mostSessions = 1_000

export interface RegisterInFull extends Register {
  readonly told: ReadonlyArray<Told>
}

export class SessionQueries extends Context.Service<SessionQueries, {
  /**
   * Sessions of one day, by start; of today at the academy, if none is said. The office sees all, a teacher the own
   * ones, students and parents those of their classes, with nobody else's data.
   */
  readonly ofDay: (
    filter: { readonly date: LocalDate | undefined; readonly studentId: MemberId | undefined },
    page: PageRequest
  ) => Effect.Effect<Page<SessionListed>, Denied | ChildNotNamed | StorageUnavailable, CurrentActor>
  /** Today's at the academy, all at once, for those who work there. */
  readonly today: Effect.Effect<AcademySessions, Denied | StorageUnavailable, CurrentActor>
  /** For the class's teacher and the office. */
  readonly register: (id: SessionId) => Effect.Effect<Register, Denied, CurrentActor>
  /** And who was told what about the session. */
  readonly registerInFull: (
    id: SessionId
  ) => Effect.Effect<RegisterInFull, Denied | StorageUnavailable, CurrentActor>
  readonly month: (classId: ClassId, month: Month) => Effect.Effect<ClassMonth, Denied, CurrentActor>
}>()("ams/SessionQueries") {
  static readonly layer = Layer.effect(
    SessionQueries,
    Effect.gen(function*() {
      const readModels = yield* ReadModels
      const academies = yield* AcademyRepository
      const history = yield* NotificationHistory
      const page = pagesOf(readModels)

      const todayAt = Effect.fnUntraced(function*(id: AcademyId) {
        const academy = yield* academies.find(id)
        if (Option.isNone(academy)) return yield* new NotFound({ what: "academy", id })
        return dateIn(academy.value.timeZone, yield* DateTime.now)
      })

      const shown = (actor: Allowed, studentId: MemberId | undefined) => (session: Register) =>
        listed(session, { counts: seesWholeAcademy(actor) || session.teacherId === actor.memberId, studentId })

      const register = Effect.fn("SessionQueries.register")(function*(id: SessionId) {
        const actor = yield* allowInAcademy("attendance:read")
        const found = yield* readModels.get("session", actor.academyId, id)
        if (Option.isNone(found)) return yield* new NotFound({ what: "session", id })
        if (!seesWholeAcademy(actor) && found.value.teacherId !== actor.memberId) {
          return yield* new NotAllowed({ permission: "attendance:read" })
        }
        return found.value
      })

      return SessionQueries.of({
        ofDay: Effect.fn("SessionQueries.ofDay")(function*(filter, request) {
          const actor = yield* allowInAcademy("class:read")
          const studentId = yield* studentInView(actor, "class:read", filter.studentId)
          const date = filter.date ?? (yield* todayAt(actor.academyId))
          const { items, next } = yield* page(actor, "session", request, {
            where: inView(actor, studentId),
            dateFrom: date,
            dateTo: date,
            order: "ascending"
          })
          return { items: items.map(shown(actor, studentId)), next }
        }),
        today: Effect.gen(function*() {
          // What only those may who stand before a class.
          const actor = yield* allowInAcademy("attendance:confirm")
          const date = yield* todayAt(actor.academyId)
          const sessions = yield* readModels.find("session", {
            academyId: actor.academyId,
            where: inView(actor, undefined),
            dateFrom: date,
            dateTo: date,
            order: "ascending",
            limit: mostSessions
          })
          return { date, sessions: sessions.map(shown(actor, undefined)) }
        }).pipe(Effect.withSpan("SessionQueries.today")),
        register,
        registerInFull: Effect.fn("SessionQueries.registerInFull")(function*(id) {
          const found = yield* register(id)
          return { ...found, told: yield* history.ofSession(found.academyId, id) }
        }),
        month: Effect.fn("SessionQueries.month")(function*(classId, month) {
          const actor = yield* allowInAcademy("attendance:read")
          yield* Effect.provideService(classInView(actor, "attendance:read", classId), ReadModels, readModels)
          const { from, until } = daysOf(month)
          const registers = yield* readModels.find("session", {
            academyId: actor.academyId,
            where: { classId },
            dateFrom: from,
            dateTo: until,
            order: "ascending",
            limit: mostSessions
          })
          return monthOf(registers)
        })
      })
    })
  )
}
