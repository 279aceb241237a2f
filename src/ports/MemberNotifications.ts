/** What a member wishes to be told, and what the member was told. */
import { Context, type Effect } from "effect"
import type { AcademyId, MemberId, NotificationId } from "../domain/Ids.ts"
import type { NotificationPreference } from "../domain/NotificationPreference.ts"
import type { OwnNotification } from "../domain/OwnNotification.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class MemberNotifications extends Context.Service<MemberNotifications, {
  /** `noPreference` of whoever has said nothing. */
  readonly preference: (memberId: MemberId) => Effect.Effect<NotificationPreference, StorageUnavailable>
  readonly putPreference: (
    memberId: MemberId,
    preference: NotificationPreference
  ) => Effect.Effect<void, never, Transaction>
  /** What this person was told at the academy, newest first; nothing of a child of whom custody says to tell nothing. */
  readonly told: (
    academyId: AcademyId,
    recipientId: MemberId,
    page: { readonly limit: number; readonly after?: NotificationId }
  ) => Effect.Effect<ReadonlyArray<OwnNotification>, StorageUnavailable>
}>()("ams/MemberNotifications") {}
