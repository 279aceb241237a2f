/**
 * Finds the student who should be there and is not, without anybody asking. Decision and event are one transaction, in
 * which the enrollments are locked as every attendance command locks them: so one of the two sees the other, and no
 * present child is reported missing.
 */
import { DateTime, Duration, Effect, Option } from "effect"
import { detect } from "../../domain/Absence.ts"
import type { AcademyId, SessionId } from "../../domain/Ids.ts"
import { AbsenceRepository } from "../../ports/AbsenceRepository.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Job, JobFailed } from "./Jobs.ts"

export const detectMissing = Effect.gen(function*() {
  const absences = yield* AbsenceRepository
  const unitOfWork = yield* UnitOfWork

  const one = (academyId: AcademyId, sessionId: SessionId) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const roster = yield* absences.roster(academyId, sessionId)
        if (Option.isNone(roster)) return
        const detected = detect(roster.value, yield* DateTime.now)
        if (detected.absences.length === 0 && detected.chases.length === 0) return
        yield* absences.save(academyId, sessionId, detected)
        yield* (yield* Transaction).append(...detected.events)
      })
    ).pipe(
      // One session's trouble keeps no other child from being noticed.
      Effect.tapError((error) => Effect.logError(`the roll of session ${sessionId} could not be looked at`, error)),
      Effect.isSuccess
    )

  const job: Job = {
    name: "DetectMissing",
    every: Duration.seconds(5),
    within: Duration.minutes(5),
    run: Effect.gen(function*() {
      const due = yield* absences.due
      const looked = yield* Effect.forEach(due, ({ academyId, sessionId }) => one(academyId, sessionId), {
        concurrency: 4
      })
      const failed = looked.filter((well) => !well).length
      if (failed > 0) {
        return yield* new JobFailed({ message: `${failed} of ${due.length} rolls could not be looked at` })
      }
    })
  }
  return job
})
