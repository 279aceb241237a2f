import { Context, Effect, Layer } from "effect"
import { type AcademyNotNamed, NotAllowed } from "../../domain/Errors.ts"
import type { LeaveId } from "../../domain/Ids.ts"
import { seesWholeAcademy } from "../../domain/Permission.ts"
import { type LeaveFilter, type LeaveInFull, LeaveRepository } from "../../ports/LeaveRepository.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { ownStudents } from "./Ownership.ts"
import { type PageAfter, pageFrom } from "./Pages.ts"
import type { Page } from "./Paging.ts"

export class LeaveQueries extends Context.Service<LeaveQueries, {
  /** Newest first: all for the office, for a teacher those of the students who attend then, else one's own. */
  readonly list: (
    filter: Pick<LeaveFilter, "status" | "studentId">,
    page: PageAfter<LeaveId>
  ) => Effect.Effect<Page<LeaveInFull>, NotAllowed | AcademyNotNamed | StorageUnavailable, CurrentActor>
}>()("ams/LeaveQueries") {
  static readonly layer = Layer.effect(
    LeaveQueries,
    Effect.gen(function*() {
      const leaves = yield* LeaveRepository
      return LeaveQueries.of({
        list: Effect.fn("LeaveQueries.list")(function*(filter, page) {
          const actor = yield* allowInAcademy("leave:read")
          const students = ownStudents(actor)
          const teaches = actor.roles.includes("TEACHER")
          const office = seesWholeAcademy(actor)
          if (!office && !teaches && filter.studentId !== undefined && !students.includes(filter.studentId)) {
            return yield* new NotAllowed({ permission: "leave:read" })
          }
          const view = office ? "all" : { students, teacherId: teaches ? actor.memberId : null }
          const { academyId } = actor
          return yield* pageFrom(page, (page) => leaves.list({ ...filter, academyId, view }, page))
        })
      })
    })
  )
}
