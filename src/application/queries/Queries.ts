/** What a person may see, from the read side, page by page. */
import { Context, Effect, Layer, Option } from "effect"
import type { AttendanceChange } from "../../domain/Attendance.ts"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { AttendanceId, ClassId, MemberId, SessionId } from "../../domain/Ids.ts"
import type { LocalDate } from "../../domain/LocalTime.ts"
import { nameSearch } from "../../domain/NameSearch.ts"
import { type Role, seesWholeAcademy } from "../../domain/Permission.ts"
import type { Kind, View } from "../../domain/ReadModel.ts"
import type { Session } from "../../domain/Session.ts"
import { type AbsenceInFull, AbsenceRepository } from "../../ports/AbsenceRepository.ts"
import { AttendanceRepository } from "../../ports/AttendanceRepository.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { type Allowed, allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { type ChildNotNamed, classInView, inView, ownStudents, seesStudent, studentInView } from "./Ownership.ts"
import { bounds, type Days, type Page, type PageRequest, pagesOf } from "./Paging.ts"

/** A class has up to 500 seats; over its time more students than that have sat in them. */
const largestRoll = 2000

type Denied = NotAllowed | AcademyNotNamed
type List<K extends Kind, Filter> = (
  filter: Filter,
  page: PageRequest
) => Effect.Effect<Page<View<K>>, Denied | NotFound | ChildNotNamed | ReadSideUnavailable, CurrentActor>

export class Queries extends Context.Service<Queries, {
  readonly members: List<
    "member",
    { readonly role: Role | undefined; readonly status: string | undefined; readonly name: string | undefined }
  >
  /** Staff see by class; students their own classes, parents those of a child. */
  readonly classes: List<"class", { readonly status: string | undefined; readonly studentId: MemberId | undefined }>
  readonly attendancesOfClass: List<"attendance", { readonly classId: ClassId; readonly date: LocalDate }>
  readonly attendancesOfStudent: List<
    "attendance",
    { readonly studentId: MemberId | undefined } & Days
  >
  readonly sessions: (
    classId: ClassId,
    days: { readonly from: LocalDate; readonly to: LocalDate }
  ) => Effect.Effect<
    ReadonlyArray<Session>,
    Denied | NotFound | StorageUnavailable | ReadSideUnavailable,
    CurrentActor
  >
  readonly session: (
    id: SessionId
  ) => Effect.Effect<Session, Denied | NotFound | StorageUnavailable | ReadSideUnavailable, CurrentActor>
  /** What the detector decided about the students of a session, for those who teach or see the academy. */
  readonly absences: (
    sessionId: SessionId
  ) => Effect.Effect<ReadonlyArray<AbsenceInFull>, Denied | NotFound | StorageUnavailable, CurrentActor>
  readonly history: (
    id: AttendanceId
  ) => Effect.Effect<ReadonlyArray<AttendanceChange>, Denied | NotFound | StorageUnavailable, CurrentActor>
}>()("ams/Queries") {
  static readonly layer = Layer.effect(
    Queries,
    Effect.gen(function*() {
      const readModels = yield* ReadModels
      const classes = yield* ClassRepository
      const attendances = yield* AttendanceRepository
      const absences = yield* AbsenceRepository

      const page = pagesOf(readModels)

      /** Who teaches the class, attends it, or sees the whole academy. */
      const seesClass = Effect.fnUntraced(function*(actor: Allowed, classId: ClassId) {
        const teacher = yield* classes.teacherOf(actor.academyId, classId)
        if (Option.isNone(teacher)) return yield* new NotFound({ what: "class", id: classId })
        if (seesWholeAcademy(actor) || teacher.value === actor.memberId) return
        const found = yield* readModels.get("class", actor.academyId, classId)
        const students = Option.isSome(found) ? found.value.studentIds : []
        if (!ownStudents(actor).some((student) => students.includes(student))) {
          return yield* new NotAllowed({ permission: "class:read" })
        }
      })

      return Queries.of({
        members: Effect.fn("Queries.members")(function*(filter, request) {
          const actor = yield* allowInAcademy("member:read")
          return yield* page(actor, "member", request, {
            where: {
              ...(filter.role === undefined ? {} : { roles: filter.role }),
              ...(filter.status === undefined ? {} : { status: filter.status })
            },
            ...(filter.name === undefined ? {} : { name: nameSearch(filter.name) }),
            order: "ascending"
          })
        }),
        classes: Effect.fn("Queries.classes")(function*(filter, request) {
          const actor = yield* allowInAcademy("class:read")
          const studentId = yield* studentInView(actor, "class:read", filter.studentId)
          return yield* page(actor, "class", request, {
            where: {
              ...(filter.status === undefined ? {} : { status: filter.status }),
              ...inView(actor, studentId)
            },
            order: "ascending"
          })
        }),
        attendancesOfClass: Effect.fn("Queries.attendancesOfClass")(function*(filter, request) {
          const actor = yield* allowInAcademy("attendance:read")
          yield* Effect.provideService(classInView(actor, "attendance:read", filter.classId), ReadModels, readModels)
          return yield* page(actor, "attendance", request, {
            where: { classId: filter.classId },
            dateFrom: filter.date,
            dateTo: filter.date,
            order: "ascending"
          })
        }),
        attendancesOfStudent: Effect.fn("Queries.attendancesOfStudent")(function*(filter, request) {
          const actor = yield* allowInAcademy("attendance:read")
          const studentId = yield* studentInView(actor, "attendance:read", filter.studentId)
          if (studentId === undefined) return yield* new NotAllowed({ permission: "attendance:read" })
          yield* Effect.provideService(seesStudent(actor, "attendance:read", studentId), ReadModels, readModels)
          return yield* page(actor, "attendance", request, {
            where: { studentId },
            ...bounds(filter),
            order: "descending"
          })
        }),
        sessions: Effect.fn("Queries.sessions")(function*(classId, days) {
          const actor = yield* allowInAcademy("class:read")
          yield* seesClass(actor, classId)
          return yield* classes.sessions(actor.academyId, classId, days)
        }),
        session: Effect.fn("Queries.session")(function*(id) {
          const actor = yield* allowInAcademy("class:read")
          const found = yield* classes.session(actor.academyId, id)
          if (Option.isNone(found)) return yield* new NotFound({ what: "session", id })
          yield* seesClass(actor, found.value.classId)
          return found.value
        }),
        absences: Effect.fn("Queries.absences")(function*(sessionId) {
          const actor = yield* allowInAcademy("attendance:read")
          const teacher = yield* absences.teacherOf(actor.academyId, sessionId)
          if (Option.isNone(teacher)) return yield* new NotFound({ what: "session", id: sessionId })
          if (!seesWholeAcademy(actor) && teacher.value !== actor.memberId) {
            return yield* new NotAllowed({ permission: "attendance:read" })
          }
          return yield* absences.list({ academyId: actor.academyId, sessionId, limit: largestRoll })
        }),
        history: Effect.fn("Queries.history")(function*(id) {
          const actor = yield* allowInAcademy("attendance:read")
          const found = yield* attendances.find(actor.academyId, id)
          if (Option.isNone(found)) return yield* new NotFound({ what: "attendance", id })
          const { attendance, teacherId } = found.value
          const own = ownStudents(actor).includes(attendance.studentId)
          if (!own && !seesWholeAcademy(actor) && teacherId !== actor.memberId) {
            return yield* new NotAllowed({ permission: "attendance:read" })
          }
          return yield* attendances.history(id)
        })
      })
    })
  )
}
