/** What members decide about being told, each for themselves. */
import { Context, Effect, Layer, Redacted } from "effect"
import { type AcademyNotNamed, type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { PushTargetId } from "../../domain/Ids.ts"
import {
  type CannotBeMuted,
  type NoSuchChannel,
  type NotificationPreference,
  prefer
} from "../../domain/NotificationPreference.ts"
import type { NewPushTarget, PushTargetView } from "../../domain/PushTarget.ts"
import { MemberNotifications } from "../../ports/MemberNotifications.ts"
import { NotificationPort } from "../../ports/NotificationPort.ts"
import { PushTargetRepository } from "../../ports/PushTargetRepository.ts"
import { type Refusal, type StorageUnavailable, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"

type Denied = NotAllowed | AcademyNotNamed | Refusal | StorageUnavailable

export class MemberNotificationCommands extends Context.Service<MemberNotificationCommands, {
  readonly prefer: (
    wished: NotificationPreference
  ) => Effect.Effect<NotificationPreference, Denied | NoSuchChannel | CannotBeMuted, CurrentActor>
  /** The device is this person's from now on, whoever had it before. */
  readonly register: (device: NewPushTarget) => Effect.Effect<PushTargetView, Denied, CurrentActor>
  readonly unregister: (
    id: PushTargetId
  ) => Effect.Effect<void, NotAllowed | AcademyNotNamed | NotFound | StorageUnavailable, CurrentActor>
}>()("ams/MemberNotificationCommands") {
  static readonly layer = Layer.effect(
    MemberNotificationCommands,
    Effect.gen(function*() {
      const notifications = yield* MemberNotifications
      const targets = yield* PushTargetRepository
      const { ways } = yield* NotificationPort
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      return MemberNotificationCommands.of({
        prefer: Effect.fn("MemberNotificationCommands.prefer")(function*(wished) {
          const { academyId, memberId } = yield* allowInAcademy("notification:own")
          const preference = yield* Effect.fromResult(prefer(wished, ways))
          yield* unitOfWork.run(
            { academyId, actor: memberId },
            notifications.putPreference(memberId, preference)
          )
          return preference
        }),
        register: Effect.fn("MemberNotificationCommands.register")(function*({ platform, token }) {
          const { academyId, memberId } = yield* allowInAcademy("notification:own")
          const id = yield* newId(PushTargetId)
          return yield* unitOfWork.run(
            { academyId, actor: memberId },
            targets.put({ id, academyId, memberId, platform, token: Redacted.value(token) })
          )
        }),
        unregister: Effect.fn("MemberNotificationCommands.unregister")(function*(id) {
          const { memberId } = yield* allowInAcademy("notification:own")
          if (!(yield* targets.remove(memberId, id))) return yield* new NotFound({ what: "push target", id })
        })
      })
    })
  )
}
