import { Context, type Effect, type Option } from "effect"
import type { Enrollment, Seats, Waiting } from "../domain/Enrollment.ts"
import type { AcademyId, ClassId, EnrollmentId, MemberId, WaitingId } from "../domain/Ids.ts"
import type { TimeZoneName } from "../domain/LocalTime.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** A class's seats, read with the class's row locked, so that no other enrollment counts them at the same time. */
export interface SeatsFound extends Pick<Seats, "class" | "taken"> {
  readonly timeZone: TimeZoneName
  readonly waiting: ReadonlyArray<MemberId>
  /** None when the academy has no such member. */
  readonly student: Option.Option<Seats["student"]>
}

export interface EnrollmentInFull extends Enrollment {
  readonly studentName: string
}
export interface WaitingInFull extends Waiting {
  readonly studentName: string
}

interface After<Id> {
  readonly limit: number
  /** Behind this one. */
  readonly after?: Id
}

export class EnrollmentRepository extends Context.Service<EnrollmentRepository, {
  /** Locks the class until the unit of work ends. None when the academy has no such class. */
  readonly seats: (
    academyId: AcademyId,
    classId: ClassId,
    studentId: MemberId
  ) => Effect.Effect<Option.Option<SeatsFound>, StorageUnavailable, Transaction>
  /** Who gets a seat waits no longer. */
  readonly insert: (enrollment: Enrollment) => Effect.Effect<void, never, Transaction>
  /** Locks the class until the unit of work ends. None when the class has no such enrollment. */
  readonly find: (
    academyId: AcademyId,
    classId: ClassId,
    id: EnrollmentId
  ) => Effect.Effect<
    Option.Option<{ readonly enrollment: Enrollment; readonly timeZone: TimeZoneName }>,
    StorageUnavailable,
    Transaction
  >
  /** A student's ACTIVE ones, their classes locked until the unit of work ends; who leaves gives them back. */
  readonly held: (
    academyId: AcademyId,
    studentId: MemberId
  ) => Effect.Effect<
    ReadonlyArray<{ readonly enrollment: Enrollment; readonly timeZone: TimeZoneName }>,
    StorageUnavailable,
    Transaction
  >
  /** Takes a student off all lists of those who wait. */
  readonly deleteAllWaiting: (studentId: MemberId) => Effect.Effect<void, never, Transaction>
  readonly show: (
    academyId: AcademyId,
    classId: ClassId,
    id: EnrollmentId
  ) => Effect.Effect<Option.Option<Enrollment>, StorageUnavailable>
  /** Last day and status, by its version. */
  readonly update: (enrollment: Enrollment) => Effect.Effect<void, never, Transaction>
  readonly insertWaiting: (waiting: Waiting) => Effect.Effect<void, never, Transaction>
  readonly findWaiting: (
    academyId: AcademyId,
    classId: ClassId,
    id: WaitingId
  ) => Effect.Effect<Option.Option<Waiting>, StorageUnavailable, Transaction>
  readonly deleteWaiting: (id: WaitingId) => Effect.Effect<void, never, Transaction>
  /** In the order in which they were made. */
  readonly list: (
    academyId: AcademyId,
    classId: ClassId,
    page: After<EnrollmentId>
  ) => Effect.Effect<ReadonlyArray<EnrollmentInFull>, StorageUnavailable>
  /** Who has waited longest first. */
  readonly listWaiting: (
    academyId: AcademyId,
    classId: ClassId,
    page: After<WaitingId>
  ) => Effect.Effect<ReadonlyArray<WaitingInFull>, StorageUnavailable>
}>()("ams/EnrollmentRepository") {}
