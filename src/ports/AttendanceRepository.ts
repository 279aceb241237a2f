import { Context, type Effect, type Option } from "effect"
import type { Attendance, AttendanceChange, Decided, Roll } from "../domain/Attendance.ts"
import type { AcademyId, AttendanceId, MemberId, SessionId } from "../domain/Ids.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export interface RollCall {
  readonly teacherId: MemberId
  readonly rolls: ReadonlyArray<Roll>
}

export class AttendanceRepository extends Context.Service<AttendanceRepository, {
  /**
   * What decisions about these students at this session need, with their enrollments' rows locked until the unit of
   * work ends. None when the academy has no such session. One roll for each student asked for, in that order.
   */
  readonly rollCall: (
    academyId: AcademyId,
    sessionId: SessionId,
    students: ReadonlyArray<{ readonly studentId: MemberId; readonly newId: AttendanceId }>
  ) => Effect.Effect<Option.Option<RollCall>, StorageUnavailable, Transaction>
  /**
   * Sessions of the last day that run or are not closed yet, with those of their students of whom nothing is known but
   * an approved leave; oldest first.
   */
  readonly onLeave: Effect.Effect<
    ReadonlyArray<{
      readonly academyId: AcademyId
      readonly sessionId: SessionId
      readonly studentIds: ReadonlyArray<MemberId>
    }>,
    StorageUnavailable
  >
  readonly save: (decided: ReadonlyArray<Decided>) => Effect.Effect<void, never, Transaction>
  readonly find: (
    academyId: AcademyId,
    id: AttendanceId
  ) => Effect.Effect<
    Option.Option<{ readonly attendance: Attendance; readonly teacherId: MemberId }>,
    StorageUnavailable
  >
  /** Oldest first. */
  readonly history: (id: AttendanceId) => Effect.Effect<ReadonlyArray<AttendanceChange>, StorageUnavailable>
}>()("ams/AttendanceRepository") {}
