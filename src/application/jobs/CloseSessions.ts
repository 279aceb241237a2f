/** Closes sessions some time after their end, and notices who has missed several in a row. */
import { DateTime, Duration, Effect, Option } from "effect"
import { close } from "../../domain/Closing.ts"
import type { AcademyId, SessionId } from "../../domain/Ids.ts"
import { ClosingRepository } from "../../ports/ClosingRepository.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type Job, JobFailed } from "./Jobs.ts"

/** Closed in one run, at most: what a long stop has left takes several. */
const atOnce = 500

export const closeSessions = Effect.gen(function*() {
  const closings = yield* ClosingRepository
  const unitOfWork = yield* UnitOfWork

  const one = (academyId: AcademyId, sessionId: SessionId) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const found = yield* closings.toClose(academyId, sessionId)
        const closed = Option.isNone(found) ? null : close(found.value, yield* DateTime.now)
        if (closed === null) return
        yield* closings.save(closed.session)
        yield* (yield* Transaction).append(...closed.events)
      })
    ).pipe(
      Effect.tapError((error) => Effect.logError(`session ${sessionId} could not be closed`, error)),
      Effect.isSuccess
    )

  const job: Job = {
    name: "CloseSessions",
    every: Duration.seconds(30),
    within: Duration.minutes(5),
    run: Effect.gen(function*() {
      const due = yield* closings.due(atOnce)
      const done = yield* Effect.forEach(due, ({ academyId, sessionId }) => one(academyId, sessionId), {
        concurrency: 4
      })
      const failed = done.filter((well) => !well).length
      if (failed > 0) return yield* new JobFailed({ message: `${failed} of ${due.length} sessions stay open` })
    })
  }
  return job
})
