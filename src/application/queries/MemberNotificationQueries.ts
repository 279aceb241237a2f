/** What members see of what they are told, each of themselves. */
import { Context, Effect, Layer } from "effect"
import type { AcademyNotNamed, NotAllowed } from "../../domain/Errors.ts"
import type { NotificationId } from "../../domain/Ids.ts"
import type { NotificationPreference } from "../../domain/NotificationPreference.ts"
import type { OwnNotification } from "../../domain/OwnNotification.ts"
import type { PushTargetView } from "../../domain/PushTarget.ts"
import { MemberNotifications } from "../../ports/MemberNotifications.ts"
import { PushTargetRepository } from "../../ports/PushTargetRepository.ts"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"
import { allowInAcademy, type CurrentActor } from "../Authorize.ts"
import { type PageAfter, pageFrom } from "./Pages.ts"
import type { Page } from "./Paging.ts"

type Asked<A> = Effect.Effect<A, NotAllowed | AcademyNotNamed | StorageUnavailable, CurrentActor>

export class MemberNotificationQueries extends Context.Service<MemberNotificationQueries, {
  readonly preference: Asked<NotificationPreference>
  readonly pushTargets: Asked<ReadonlyArray<PushTargetView>>
  /** Newest first. */
  readonly told: (page: PageAfter<NotificationId>) => Asked<Page<OwnNotification>>
}>()("ams/MemberNotificationQueries") {
  static readonly layer = Layer.effect(
    MemberNotificationQueries,
    Effect.gen(function*() {
      const notifications = yield* MemberNotifications
      const targets = yield* PushTargetRepository
      const own = allowInAcademy("notification:own")
      return MemberNotificationQueries.of({
        preference: Effect.flatMap(own, ({ memberId }) => notifications.preference(memberId)).pipe(
          Effect.withSpan("MemberNotificationQueries.preference")
        ),
        pushTargets: Effect.flatMap(own, ({ memberId }) => targets.list(memberId)).pipe(
          Effect.withSpan("MemberNotificationQueries.pushTargets")
        ),
        told: Effect.fn("MemberNotificationQueries.told")(function*(page) {
          const { academyId, memberId } = yield* own
          return yield* pageFrom(page, (page) => notifications.told(academyId, memberId, page))
        })
      })
    })
  )
}
