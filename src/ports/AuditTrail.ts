/** What somebody did though the rules speak against it, with the reason: kept for those who ask later. */
import { Context, type Effect } from "effect"
import type { Channel } from "../domain/Attendance.ts"
import type { AcademyId, MemberId } from "../domain/Ids.ts"
import type { Transaction } from "./UnitOfWork.ts"

export interface AuditEntry {
  /** `null`: of none. */
  readonly academyId: AcademyId | null
  /** `null`: whoever has the terminal. */
  readonly actorId: MemberId | null
  readonly channel: Channel
  /** As in `enroll-without-guardian`. */
  readonly action: string
  /** The id of what it was done to. */
  readonly subject: string
  readonly reason: string
}

export class AuditTrail extends Context.Service<AuditTrail, {
  readonly write: (entry: AuditEntry) => Effect.Effect<void, never, Transaction>
}>()("ams/AuditTrail") {}
