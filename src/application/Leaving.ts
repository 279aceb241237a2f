/** What somebody who leaves an academy gives back: logins, seats, places in a line. What was recorded stays. */
import { DateTime, Effect, Option } from "effect"
import { cancel } from "../domain/Enrollment.ts"
import { NotFound } from "../domain/Errors.ts"
import type { AcademyId, MemberId } from "../domain/Ids.ts"
import { dateIn } from "../domain/LocalTime.ts"
import { deactivate, StillTeaches } from "../domain/Member.ts"
import { EnrollmentRepository } from "../ports/EnrollmentRepository.ts"
import { LoginSessions } from "../ports/LoginSessions.ts"
import { MemberRepository } from "../ports/MemberRepository.ts"
import { Transaction } from "../ports/UnitOfWork.ts"

/** Inside a unit of work. From today on the seats are free. */
export const leaver = Effect.gen(function*() {
  const enrollments = yield* EnrollmentRepository
  const members = yield* MemberRepository
  const sessions = yield* LoginSessions

  return Effect.fnUntraced(function*(academyId: AcademyId, memberId: MemberId, now: DateTime.Utc) {
    // Classes are locked before members, as everywhere.
    const held = yield* enrollments.held(academyId, memberId)
    const found = yield* members.hold(academyId, memberId)
    if (Option.isNone(found)) return yield* new NotFound({ what: "member", id: memberId })
    if (yield* members.teaches(memberId)) return yield* new StillTeaches()
    const { event, member } = yield* Effect.fromResult(deactivate(found.value))
    const { append } = yield* Transaction
    for (const { enrollment, timeZone } of held) {
      // Those in `held` are ACTIVE, and no last day is asked for: there is nothing to refuse.
      const cancelled = yield* Effect.orDie(Effect.fromResult(cancel(enrollment, undefined, dateIn(timeZone, now))))
      yield* enrollments.update(cancelled.enrollment)
      yield* append(cancelled.event)
    }
    yield* enrollments.deleteAllWaiting(memberId)
    yield* members.update(member)
    yield* sessions.end({ memberId }, "DEACTIVATED", now)
    yield* append(event)
    return member
  })
})
