/** Forgetting a member who has left: what was recorded stays, about nobody. */
import { DateTime, Effect, Option } from "effect"
import type { Channel } from "../domain/Attendance.ts"
import { NotFound } from "../domain/Errors.ts"
import type { AcademyId, MemberId } from "../domain/Ids.ts"
import { erase } from "../domain/Member.ts"
import { AuditTrail } from "../ports/AuditTrail.ts"
import { Erasure } from "../ports/Erasure.ts"
import { Transaction, UnitOfWork } from "../ports/UnitOfWork.ts"

export interface Erasing {
  readonly academyId: AcademyId
  readonly id: MemberId
  readonly actorId: MemberId | null
  readonly channel: Channel
  readonly reason: string
}

/** Audited; it cannot be undone. */
export const eraser = Effect.gen(function*() {
  const audit = yield* AuditTrail
  const erasure = yield* Erasure
  const unitOfWork = yield* UnitOfWork
  return Effect.fnUntraced(function*({ academyId, actorId, channel, id, reason }: Erasing) {
    const now = yield* DateTime.now
    return yield* unitOfWork.run(
      { academyId, actor: actorId },
      Effect.gen(function*() {
        const found = yield* erasure.hold(academyId, id)
        if (Option.isNone(found)) return yield* new NotFound({ what: "member", id })
        const { event, member } = yield* Effect.fromResult(erase(found.value))
        yield* erasure.write(found.value, member, now)
        yield* audit.write({ academyId, actorId, channel, action: "member.erase", subject: `member/${id}`, reason })
        yield* (yield* Transaction).append(event)
        return member
      })
    )
  })
})
