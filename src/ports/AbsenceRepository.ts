import { Context, type Effect, type Option } from "effect"
import type { Absence, AbsenceState, Detected, Roster } from "../domain/Absence.ts"
import type { AcademyId, MemberId, SessionId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** A decision as people read it. */
export interface AbsenceInFull extends Absence {
  readonly academyId: AcademyId
  readonly studentName: string
  readonly className: string
  /** The session's day at the academy. */
  readonly date: LocalDate
}

export interface AbsenceFilter {
  /** `null`: every academy. */
  readonly academyId: AcademyId | null
  readonly sessionId?: SessionId
  /** The session's day. */
  readonly date?: LocalDate
  readonly state?: AbsenceState
  readonly limit: number
}

export class AbsenceRepository extends Context.Service<AbsenceRepository, {
  /**
   * Sessions of the last day that began longer ago than their academy's `missing_after`, and at which somebody is still
   * to be decided about; oldest first.
   */
  readonly due: Effect.Effect<
    ReadonlyArray<{ readonly academyId: AcademyId; readonly sessionId: SessionId }>,
    StorageUnavailable
  >
  /** With everybody's enrollment locked until the unit of work ends, so that no attendance is committed meanwhile. */
  readonly roster: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<Option.Option<Roster>, StorageUnavailable, Transaction>
  readonly save: (
    academyId: AcademyId,
    sessionId: SessionId,
    detected: Pick<Detected, "absences" | "chases">
  ) => Effect.Effect<void, never, Transaction>
  /** What was decided, newest session first, by student. */
  readonly list: (filter: AbsenceFilter) => Effect.Effect<ReadonlyArray<AbsenceInFull>, StorageUnavailable>
  /** None when the academy has no such session. */
  readonly teacherOf: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<Option.Option<MemberId>, StorageUnavailable>
}>()("ams/AbsenceRepository") {}
