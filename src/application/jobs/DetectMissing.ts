/**
 * Finds the student who should be there and is not, without anybody asking. Decision and event are one transaction, in
 * which the enrollments are locked as every attendance command locks them: so one of the two sees the other, and no
 * present child is reported missing. Who stays away with leave is excused before anybody is missed.
 */
import { DateTime, Duration, Effect, Option } from "effect"
import { detect } from "../../domain/Absence.ts"
import { excuse } from "../../domain/Attendance.ts"
import { type AcademyId, AttendanceId, type MemberId, type SessionId } from "../../domain/Ids.ts"
import { AbsenceRepository } from "../../ports/AbsenceRepository.ts"
import { AttendanceRepository } from "../../ports/AttendanceRepository.ts"
import { Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import { type Job, JobFailed } from "./Jobs.ts"

interface Due {
  readonly academyId: AcademyId
  readonly sessionId: SessionId
}

export const detectMissing = Effect.gen(function*() {
  const absences = yield* AbsenceRepository
  const attendances = yield* AttendanceRepository
  const unitOfWork = yield* UnitOfWork
  const newId = yield* idMaker

  const excuseThose = ({ academyId, sessionId, studentIds }: Due & { readonly studentIds: ReadonlyArray<MemberId> }) =>
    unitOfWork.run(
      { academyId, actor: null },
      Effect.gen(function*() {
        const students = yield* Effect.forEach(
          studentIds,
          (studentId) => Effect.map(newId(AttendanceId), (id) => ({ studentId, newId: id }))
        )
        const call = yield* attendances.rollCall(academyId, sessionId, students)
        if (Option.isNone(call)) return
        const now = yield* DateTime.now
        const decided = call.value.rolls.flatMap((roll) => excuse(roll, now) ?? [])
        yield* attendances.save(decided)
        yield* (yield* Transaction).append(...decided.map((one) => one.event))
      })
    )

  const detectIn = ({ academyId, sessionId }: Due) =>
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
    )

  /** One session's trouble keeps no other child from being noticed. How many of them had any. */
  const each = <A extends Due, E>(due: ReadonlyArray<A>, look: (one: A) => Effect.Effect<void, E>) =>
    Effect.map(
      Effect.forEach(due, (one) =>
        look(one).pipe(
          Effect.tapError((error) =>
            Effect.logError(`the roll of session ${one.sessionId} could not be looked at`, error)
          ),
          Effect.isSuccess
        ), { concurrency: 4 }),
      (looked) => looked.filter((well) => !well).length
    )

  const job: Job = {
    name: "DetectMissing",
    every: Duration.seconds(5),
    within: Duration.minutes(5),
    run: Effect.gen(function*() {
      const notExcused = yield* each(yield* attendances.onLeave, excuseThose)
      const notLooked = yield* each(yield* absences.due, detectIn)
      const failed = notExcused + notLooked
      if (failed > 0) return yield* new JobFailed({ message: `${failed} rolls could not be looked at` })
    })
  }
  return job
})
