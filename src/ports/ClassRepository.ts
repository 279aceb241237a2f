import { Context, type Effect, type Option } from "effect"
import type { Class } from "../domain/Class.ts"
import type { Enrollment, Range } from "../domain/Enrollment.ts"
import type { AcademyId, ClassId, MemberId } from "../domain/Ids.ts"
import type { TimeZoneName } from "../domain/LocalTime.ts"
import type { Calendar, Existing, Session } from "../domain/Session.ts"
import type { MemberInBrief } from "./MemberRepository.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** A class's seats, read with the class's row locked, so that no other enrollment counts them at the same time. */
export interface Seats {
  readonly class: Pick<Class, "id" | "academyId" | "capacity" | "status" | "startDate" | "endDate">
  readonly timeZone: TimeZoneName
  readonly taken: ReadonlyArray<Range & { readonly studentId: MemberId }>
  readonly student: Option.Option<MemberInBrief>
}

/** What planning a class's meetings needs, read with the class's row locked. */
export interface ToPlan {
  readonly class: Class
  readonly calendar: Calendar
  /** From the day before yesterday on. */
  readonly sessions: ReadonlyArray<Existing>
}

/** What became of a class's sessions. */
export interface SessionChanges {
  readonly added: ReadonlyArray<Session>
  /** Each by its version. */
  readonly changed: ReadonlyArray<Session>
  readonly removed: ReadonlyArray<Session>
}

export class ClassRepository extends Context.Service<ClassRepository, {
  readonly insert: (subject: Class) => Effect.Effect<void, never, Transaction>
  readonly saveSessions: (changes: SessionChanges) => Effect.Effect<void, never, Transaction>
  readonly insertEnrollment: (enrollment: Enrollment) => Effect.Effect<void, never, Transaction>
  /** Locks the class until the unit of work ends. */
  readonly seats: (
    academyId: AcademyId,
    classId: ClassId,
    studentId: MemberId
  ) => Effect.Effect<Option.Option<Seats>, StorageUnavailable, Transaction>
  /** A class's sessions that start on these days at the academy, by start. */
  readonly sessions: (
    academyId: AcademyId,
    classId: ClassId,
    days: { readonly from: string; readonly to: string }
  ) => Effect.Effect<ReadonlyArray<Session>, StorageUnavailable>
  /** ACTIVE classes of every academy that have not ended, by id, behind this one. */
  readonly active: (
    after: ClassId | null,
    limit: number
  ) => Effect.Effect<ReadonlyArray<Pick<Class, "academyId" | "id">>, StorageUnavailable>
  /** Locks the class until the unit of work ends. None when the academy has no such class. */
  readonly toPlan: (
    academyId: AcademyId,
    classId: ClassId
  ) => Effect.Effect<Option.Option<ToPlan>, StorageUnavailable, Transaction>
  readonly teacherOf: (
    academyId: AcademyId,
    classId: ClassId
  ) => Effect.Effect<Option.Option<MemberId>, StorageUnavailable>
}>()("ams/ClassRepository") {}
