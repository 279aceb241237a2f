import { Context, type Effect, type Option } from "effect"
import type { AcademyId, LeaveId, MemberId } from "../domain/Ids.ts"
import type { Leave, LeaveStatus } from "../domain/Leave.ts"
import type { TimeZoneName } from "../domain/LocalTime.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/**
 * A student's notes, read with the student locked, so that no two notes of the same days come in at once, and with the
 * enrollments locked, so that nobody looks for the student meanwhile.
 */
export interface LeaveBook {
  readonly timeZone: TimeZoneName
  readonly notes: ReadonlyArray<Pick<Leave, "from" | "until" | "status">>
}

/** A note as people read it. */
export interface LeaveInFull extends Leave {
  readonly studentName: string
}

/** Whose notes somebody may see: all, or those of these students and of whoever attends this teacher's classes then. */
export type LeaveView = "all" | { readonly students: ReadonlyArray<MemberId>; readonly teacherId: MemberId | null }

export interface LeaveFilter {
  readonly academyId: AcademyId
  readonly view: LeaveView
  readonly status: LeaveStatus | undefined
  readonly studentId: MemberId | undefined
}

export class LeaveRepository extends Context.Service<LeaveRepository, {
  /** Locks until the unit of work ends. None when the academy has no such student. */
  readonly book: (
    academyId: AcademyId,
    studentId: MemberId
  ) => Effect.Effect<Option.Option<LeaveBook>, StorageUnavailable, Transaction>
  readonly insert: (leave: Leave) => Effect.Effect<void, never, Transaction>
  /** With the student's enrollments locked until the unit of work ends. */
  readonly find: (
    academyId: AcademyId,
    id: LeaveId
  ) => Effect.Effect<Option.Option<Leave>, StorageUnavailable, Transaction>
  /** The decision, by its version. */
  readonly update: (leave: Leave) => Effect.Effect<void, never, Transaction>
  /** Newest first, behind this one. */
  readonly list: (
    filter: LeaveFilter,
    page: { readonly limit: number; readonly after?: LeaveId }
  ) => Effect.Effect<ReadonlyArray<LeaveInFull>, StorageUnavailable>
}>()("ams/LeaveRepository") {}
