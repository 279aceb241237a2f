/** Keeps the meetings of every running class planned for the rolling 30 days. */
import { DateTime, Duration, Effect, Option } from "effect"
import type { AcademyId, ClassId } from "../../domain/Ids.ts"
import { SessionId } from "../../domain/Ids.ts"
import { replan, type Session, sessionsPlanned } from "../../domain/Session.ts"
import { ClassRepository } from "../../ports/ClassRepository.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import type { Job } from "./Jobs.ts"

/** Classes looked up at once. */
const pageSize = 200

export const planSessions = Effect.gen(function*() {
  const classes = yield* ClassRepository
  const unitOfWork = yield* UnitOfWork
  const newId = yield* idMaker

  /** Locks the class, so that an edit at the same moment is planned after, not between. */
  const planOne = (academyId: AcademyId, id: ClassId) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const found = yield* classes.toPlan(academyId, id)
        if (Option.isNone(found)) return
        const { calendar, class: subject, sessions: existing } = found.value
        const planned = replan(subject, existing, calendar, yield* DateTime.now)
        const added = yield* Effect.forEach(
          planned.added,
          (session) =>
            Effect.map(
              newId(SessionId),
              (sessionId): Session => ({ ...session, id: sessionId, academyId, classId: id })
            )
        )
        yield* classes.saveSessions({ added, changed: planned.changed, removed: planned.removed })
        yield* (yield* Transaction).append(...sessionsPlanned(subject, added, planned))
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
