import { Context, type Effect } from "effect"
import type { AcademyId, SessionId } from "../domain/Ids.ts"
import type { Told } from "../domain/Notification.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** Who was told what, for those who ask afterwards. */
export class NotificationHistory extends Context.Service<NotificationHistory, {
  /** About a session, oldest first. */
  readonly ofSession: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<ReadonlyArray<Told>, StorageUnavailable>
}>()("ams/NotificationHistory") {}
