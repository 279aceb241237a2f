/** What people did that somebody may ask about later. Entries are written with what they are about, or not at all. */
import { Context, type DateTime, type Effect } from "effect"
import type { Channel } from "../domain/Attendance.ts"
import type { AuditAction, AuditLine } from "../domain/Audit.ts"
import type { AcademyId, AuditEntryId, MemberId } from "../domain/Ids.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export interface AuditEntry {
  /** `null`: of none. */
  readonly academyId: AcademyId | null
  /** `null`: whoever has the terminal, or the system itself. */
  readonly actorId: MemberId | null
  readonly channel: Channel
  readonly action: AuditAction
  /** What it was done to, as in `member/0199…`. */
  readonly subject: string
  /** In the words of whoever did it. */
  readonly reason?: string
  /** Names of what changed, or how much of what was made; never what stands there. */
  readonly detail?: string
}

export interface AuditQuery {
  /** `null`: of all academies, and of none. */
  readonly academyId: AcademyId | null
  readonly actorId?: MemberId | undefined
  readonly subject?: string | undefined
  readonly action?: AuditAction | undefined
  readonly from?: DateTime.Utc | undefined
  readonly before?: DateTime.Utc | undefined
  readonly limit: number
  /** Older than this one. */
  readonly after?: AuditEntryId | undefined
}

export class AuditTrail extends Context.Service<AuditTrail, {
  /** From where it comes is what `Caller` says. */
  readonly write: (entry: AuditEntry) => Effect.Effect<void, never, Transaction>
  /** The newest first. */
  readonly list: (query: AuditQuery) => Effect.Effect<ReadonlyArray<AuditLine>, StorageUnavailable>
}>()("ams/AuditTrail") {}
