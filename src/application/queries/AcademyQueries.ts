/** What an academy is like: settings, calendar, classrooms, a class or a member in full. Small, and read from PostgreSQL. */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import type { Academy, Holiday } from "../../domain/Academy.ts"
import type { Class } from "../../domain/Class.ts"
import type { Classroom } from "../../domain/Classroom.ts"
import { type AcademyNotNamed, NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { ClassId, ClassroomId, MemberId } from "../../domain/Ids.ts"
import { dateIn, type LocalDate } from "../../domain/LocalTime.ts"
import type { Member } from "../../domain/Member.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"

type Asked<A> = Effect.Effect<A, NotAllowed | AcademyNotNamed | NotFound | StorageUnavailable, CurrentActor>

export class AcademyQueries extends Context.Service<AcademyQueries, {
  readonly show: Asked<Academy>
  /** From this day on, today if none is given. */
  readonly holidays: (from: LocalDate | undefined) => Asked<ReadonlyArray<Holiday>>
  readonly classrooms: Asked<ReadonlyArray<Classroom>>
  /** With everything that can be edited: for the office. */
  readonly member: (id: MemberId) => Asked<Member>
  readonly classroom: (id: ClassroomId) => Asked<Classroom>
  /** With everything that can be edited: for its teacher and the office. */
  readonly class: (id: ClassId) => Asked<Class>
}>()("ams/AcademyQueries") {
  static readonly layer = Layer.effect(
    AcademyQueries,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const classes = yield* ClassRepository
      const members = yield* MemberRepository

      const own = Effect.gen(function*() {
        const actor = yield* allowInAcademy("academy:read")
        const academy = yield* academies.find(actor.academyId)
        return Option.isSome(academy)
          ? academy.value
          : yield* new NotFound({ what: "academy", id: actor.academyId })
      })

      return AcademyQueries.of({
        show: Effect.withSpan(own, "AcademyQueries.show"),
        holidays: Effect.fn("AcademyQueries.holidays")(function*(from) {
          const academy = yield* own
          return yield* academies.holidays(academy.id, from ?? dateIn(academy.timeZone, yield* DateTime.now))
        }),
        classrooms: Effect.gen(function*() {
          const actor = yield* allowInAcademy("academy:read")
          return yield* academies.classrooms(actor.academyId)
        }).pipe(Effect.withSpan("AcademyQueries.classrooms")),
        member: Effect.fn("AcademyQueries.member")(function*(id) {
          const actor = yield* allowInAcademy("member:show")
          const found = yield* members.find(actor.academyId, id)
          return Option.isSome(found) ? found.value : yield* new NotFound({ what: "member", id })
        }),
        classroom: Effect.fn("AcademyQueries.classroom")(function*(id) {
          const actor = yield* allowInAcademy("academy:read")
          const found = yield* academies.classroom(actor.academyId, id)
          return Option.isSome(found) ? found.value : yield* new NotFound({ what: "classroom", id })
        }),
        class: Effect.fn("AcademyQueries.class")(function*(id) {
          const actor = yield* allowInAcademy("class:read")
          const found = yield* classes.find(actor.academyId, id)
          if (Option.isNone(found)) return yield* new NotFound({ what: "class", id })
          if (!seesWholeAcademy(actor) && found.value.teacherId !== actor.memberId) {
            return yield* new NotAllowed({ permission: "class:read" })
          }
          return found.value
        })
      })
    })
  )
}
