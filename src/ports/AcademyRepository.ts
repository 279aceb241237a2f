import { Context, type Effect, type Option } from "effect"
import type { Academy, Holiday } from "../domain/Academy.ts"
import type { Classroom } from "../domain/Classroom.ts"
import type { AcademyId, ClassroomId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class AcademyRepository extends Context.Service<AcademyRepository, {
  readonly insert: (academy: Academy) => Effect.Effect<void, never, Transaction>
  readonly find: (id: AcademyId) => Effect.Effect<Option.Option<Academy>, StorageUnavailable>
  /** By its version. */
  readonly update: (academy: Academy) => Effect.Effect<void, never, Transaction>
  /** From this day on, by day. */
  readonly holidays: (id: AcademyId, from: LocalDate) => Effect.Effect<ReadonlyArray<Holiday>, StorageUnavailable>
  readonly putHoliday: (id: AcademyId, holiday: Holiday) => Effect.Effect<void, never, Transaction>
  readonly removeHoliday: (id: AcademyId, date: LocalDate) => Effect.Effect<void, never, Transaction>
  /** By name. */
  readonly classrooms: (id: AcademyId) => Effect.Effect<ReadonlyArray<Classroom>, StorageUnavailable>
  readonly classroom: (
    id: AcademyId,
    classroomId: ClassroomId
  ) => Effect.Effect<Option.Option<Classroom>, StorageUnavailable>
  /** A new one, or by its version; a name that is taken is a refusal of the unit of work. */
  readonly putClassroom: (classroom: Classroom) => Effect.Effect<void, never, Transaction>
}>()("ams/AcademyRepository") {}
