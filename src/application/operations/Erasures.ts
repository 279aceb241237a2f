import { Context, Effect, Layer, Option } from "effect"
import { type NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { MemberId } from "../../domain/Ids.ts"
import type { Member, MemberNot } from "../../domain/Member.ts"
import { Erasure } from "../../ports/Erasure.ts"
import type { Refusal, StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { eraser } from "../Erasing.ts"
import { type CurrentOperator, operator, type Reason } from "./Operator.ts"

export class Erasures extends Context.Service<Erasures, {
  /** Nothing personal is kept of a member who has left; it cannot be undone. */
  readonly erase: (
    id: MemberId,
    reason: Reason
  ) => Effect.Effect<Member, NotAllowed | NotFound | MemberNot | Refusal | StorageUnavailable, CurrentOperator>
}>()("ams/Erasures") {
  static readonly layer = Layer.effect(
    Erasures,
    Effect.gen(function*() {
      const erasure = yield* Erasure
      const erase = yield* eraser
      return Erasures.of({
        erase: Effect.fn("Erasures.erase")(function*(id, reason) {
          const { academyId, actorId, channel } = yield* operator("member:erase")
          const at = yield* erasure.academyOf(id)
          if (Option.isNone(at) || (academyId !== null && academyId !== at.value)) {
            return yield* new NotFound({ what: "member", id })
          }
          return yield* erase({ academyId: at.value, id, actorId, channel, reason })
        })
      })
    })
  )
}
