/** Forgetting people. */
import { Context, type DateTime, type Effect, type Option } from "effect"
import type { AcademyId, MemberId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class Erasure extends Context.Service<Erasure, {
  /** Whoever left before this and is not forgotten, at most so many. */
  readonly due: (
    before: DateTime.Utc,
    limit: number
  ) => Effect.Effect<ReadonlyArray<{ readonly academyId: AcademyId; readonly id: MemberId }>, StorageUnavailable>
  /** Where somebody is a member. None: nowhere, or forgotten already. */
  readonly academyOf: (id: MemberId) => Effect.Effect<Option.Option<AcademyId>, StorageUnavailable>
  /** Locked until the transaction ends. None: not there, or forgotten already. */
  readonly hold: (
    academyId: AcademyId,
    id: MemberId
  ) => Effect.Effect<Option.Option<Member>, StorageUnavailable, Transaction>
  /**
   * Writes the member without what is personal, and takes away whatever else holds it: profiles, devices, wishes, logins,
   * passwords, phones that were shown, reasons in free text.
   */
  readonly write: (before: Member, after: Member, now: DateTime.Utc) => Effect.Effect<void, never, Transaction>
}>()("ams/Erasure") {}
