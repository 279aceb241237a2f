import { Context, Effect, Layer, Option } from "effect"
import type { Enrollment } from "../../domain/Enrollment.ts"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { AcademyId, ClassId, EnrollmentId, WaitingId } from "../../domain/Ids.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { type EnrollmentInFull, EnrollmentRepository, type WaitingInFull } from "../../ports/EnrollmentRepository.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { type PageAfter, pageFrom } from "./Pages.ts"
import type { Page } from "./Paging.ts"

type Denied = NotAllowed | AcademyNotNamed | NotFound | StorageUnavailable

export class EnrollmentQueries extends Context.Service<EnrollmentQueries, {
  /** Of a class, for those who teach it or see the academy, in the order in which they were made. */
  readonly list: (
    classId: ClassId,
    page: PageAfter<EnrollmentId>
  ) => Effect.Effect<Page<EnrollmentInFull>, Denied, CurrentActor>
  readonly show: (classId: ClassId, id: EnrollmentId) => Effect.Effect<Enrollment, Denied, CurrentActor>
  /** Who waits for a seat, for the same ones; who has waited longest first. */
  readonly waiting: (
    classId: ClassId,
    page: PageAfter<WaitingId>
  ) => Effect.Effect<Page<WaitingInFull>, Denied, CurrentActor>
}>()("ams/EnrollmentQueries") {
  static readonly layer = Layer.effect(
    EnrollmentQueries,
    Effect.gen(function*() {
      const classes = yield* ClassRepository
      const enrollments = yield* EnrollmentRepository

      const inView = Effect.fnUntraced(function*(classId: ClassId): Effect.fn.Return<AcademyId, Denied, CurrentActor> {
        const actor = yield* allowInAcademy("member:read")
        const teacher = yield* classes.teacherOf(actor.academyId, classId)
        if (Option.isNone(teacher)) return yield* new NotFound({ what: "class", id: classId })
        if (!seesWholeAcademy(actor) && teacher.value !== actor.memberId) {
          return yield* new NotAllowed({ permission: "member:read" })
        }
        return actor.academyId
      })

      return EnrollmentQueries.of({
        list: Effect.fn("EnrollmentQueries.list")(function*(classId, page) {
          const academyId = yield* inView(classId)
          return yield* pageFrom(page, (page) => enrollments.list(academyId, classId, page))
        }),
        show: Effect.fn("EnrollmentQueries.show")(function*(classId, id) {
          const academyId = yield* inView(classId)
          const found = yield* enrollments.show(academyId, classId, id)
          return Option.isSome(found) ? found.value : yield* new NotFound({ what: "enrollment", id })
        }),
        waiting: Effect.fn("EnrollmentQueries.waiting")(function*(classId, page) {
          const academyId = yield* inView(classId)
          return yield* pageFrom(page, (page) => enrollments.listWaiting(academyId, classId, page))
        })
      })
    })
  )
}
