/** The devices that take push messages. */
import { Context, type Effect } from "effect"
import type { AcademyId, MemberId, PushTargetId } from "../domain/Ids.ts"
import type { Platform, PushTargetView } from "../domain/PushTarget.ts"
import type { Device } from "./NotificationPort.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export interface PushTarget extends Device {
  readonly academyId: AcademyId
  readonly memberId: MemberId
  readonly platform: Platform
}

export class PushTargetRepository extends Context.Service<PushTargetRepository, {
  /**
   * Registers a device, or takes it over: a token is one device's, whoever has it now, and keeps the id it had. With more
   * than `mostPushTargets` the member's oldest goes.
   */
  readonly put: (target: PushTarget) => Effect.Effect<PushTargetView, StorageUnavailable, Transaction>
  /** The one that registered last comes first. */
  readonly list: (memberId: MemberId) => Effect.Effect<ReadonlyArray<PushTargetView>, StorageUnavailable>
  /** True when it was the member's. */
  readonly remove: (memberId: MemberId, id: PushTargetId) => Effect.Effect<boolean, StorageUnavailable>
  /** The provider knows it no longer: gone, unless it has another token by now. */
  readonly drop: (device: Device) => Effect.Effect<void, StorageUnavailable>
}>()("ams/PushTargetRepository") {}
