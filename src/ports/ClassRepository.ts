import { Context, type Effect, type Option } from "effect"
import type { Class } from "../domain/Class.ts"
import type { AcademyId, ClassId, MemberId, SessionId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { Session } from "../domain/Session.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class ClassRepository extends Context.Service<ClassRepository, {
  readonly insert: (subject: Class) => Effect.Effect<void, never, Transaction>
  /** By its version, with the slots that it has now. */
  readonly update: (subject: Class) => Effect.Effect<void, never, Transaction>
  /** Its ACTIVE enrollments end with this day; those that would begin later cover no day. */
  readonly completeEnrollments: (classId: ClassId, lastDay: LocalDate) => Effect.Effect<void, never, Transaction>
  /** A class's sessions that start on these days at the academy, by start. */
  readonly sessions: (
    academyId: AcademyId,
    classId: ClassId,
    days: { readonly from: string; readonly to: string }
  ) => Effect.Effect<ReadonlyArray<Session>, StorageUnavailable>
  readonly session: (academyId: AcademyId, id: SessionId) => Effect.Effect<Option.Option<Session>, StorageUnavailable>
  /** ACTIVE classes of every academy, by id, behind this one. */
  readonly active: (
    after: ClassId | null,
    limit: number
  ) => Effect.Effect<ReadonlyArray<Pick<Class, "academyId" | "id">>, StorageUnavailable>
  readonly find: (academyId: AcademyId, id: ClassId) => Effect.Effect<Option.Option<Class>, StorageUnavailable>
  readonly teacherOf: (
    academyId: AcademyId,
    classId: ClassId
  ) => Effect.Effect<Option.Option<MemberId>, StorageUnavailable>
}>()("ams/ClassRepository") {}
