/** Keeps the meetings of every running class planned for the rolling 30 days, and closes a class after its last day. */
import { DateTime, Duration, Effect, Option } from "effect"
import type { AcademyId, ClassId } from "../../domain/Ids.ts"
import { dateIn } from "../../domain/LocalTime.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { TimetableRepository } from "../../ports/TimetableRepository.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { timetabling } from "../Timetabling.ts"
import type { Job } from "./Jobs.ts"

/** Classes looked up at once. */
const pageSize = 200

export const planSessions = Effect.gen(function*() {
  const classes = yield* ClassRepository
  const unitOfWork = yield* UnitOfWork
  const timetable = yield* TimetableRepository
  const { end, plan } = yield* timetabling

  /** Locks the class, so that an edit at the same moment is planned after, not between. */
  const planOne = (academyId: AcademyId, id: ClassId) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const found = yield* timetable.toPlan(academyId, id)
        if (Option.isNone(found) || found.value.class.status !== "ACTIVE") return
        const { calendar, class: subject } = found.value
        const now = yield* DateTime.now
        if (subject.endDate !== null && subject.endDate < dateIn(calendar.zone, now)) {
          yield* end(found.value, subject.endDate, now)
        } else {
          const { events } = yield* plan(subject, found.value, calendar, now)
          yield* (yield* Transaction).append(...events)
        }
      })
    )

  const job: Job = {
    name: "PlanSessions",
    every: Duration.hours(1),
    within: Duration.minutes(30),
    run: Effect.gen(function*() {
      let after: ClassId | null = null
      while (true) {
        const page: ReadonlyArray<{ readonly academyId: AcademyId; readonly id: ClassId }> = yield* classes.active(
          after,
          pageSize
        )
        for (const { academyId, id } of page) yield* planOne(academyId, id)
        const last = page.at(-1)
        if (last === undefined) break
        after = last.id
      }
    })
  }
  return job
})
