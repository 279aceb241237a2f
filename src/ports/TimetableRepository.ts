/** Where classes meet: what planning reads and writes, and who is booked elsewhere. */
import { Context, type Effect, type Option } from "effect"
import type { Class, Schedule } from "../domain/Class.ts"
import type { Range } from "../domain/Enrollment.ts"
import type { AcademyId, ClassId, ClassroomId, MemberId, SessionId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { Calendar, Existing, Session } from "../domain/Session.ts"
import type { Booking } from "../domain/Timetable.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** A class with everything that decides when it meets. */
export interface ToPlan {
  readonly class: Class
  /** Slots that it no longer has. */
  readonly retired: ReadonlyArray<Schedule>
  readonly calendar: Calendar
  /** From the day before yesterday on. */
  readonly sessions: ReadonlyArray<Existing>
  /** Enrollments that have not ended. */
  readonly students: ReadonlyArray<Range & { readonly studentId: MemberId }>
}

/** What became of a class's sessions. */
export interface SessionChanges {
  readonly added: ReadonlyArray<Session>
  /** Each by its version. */
  readonly changed: ReadonlyArray<Session>
}

/** Those whose time a class takes. */
export interface Booked {
  readonly teacherId: MemberId
  readonly classroomId: ClassroomId | null
  readonly students: ReadonlyArray<MemberId>
}

export class TimetableRepository extends Context.Service<TimetableRepository, {
  /** Locks the class until the unit of work ends, and its academy's calendar. None when the academy has no such class. */
  readonly toPlan: (
    academyId: AcademyId,
    classId: ClassId
  ) => Effect.Effect<Option.Option<ToPlan>, StorageUnavailable, Transaction>
  /** The same of every ACTIVE class of the academy. */
  readonly allToPlan: (academyId: AcademyId) => Effect.Effect<ReadonlyArray<ToPlan>, StorageUnavailable, Transaction>
  /** Of a class that is not there yet; locked against changes until the unit of work ends. */
  readonly calendar: (academyId: AcademyId) => Effect.Effect<Option.Option<Calendar>, StorageUnavailable, Transaction>
  /**
   * Every ACTIVE class that takes the time of one of these from today on. Locks them until the unit of work ends, so
   * that nobody else books them meanwhile.
   */
  readonly bookings: (
    academyId: AcademyId,
    booked: Booked,
    today: LocalDate
  ) => Effect.Effect<ReadonlyArray<Booking>, StorageUnavailable, Transaction>
  readonly save: (changes: SessionChanges) => Effect.Effect<void, never, Transaction>
  /** None when the academy has no such session. */
  readonly classOf: (
    academyId: AcademyId,
    sessionId: SessionId
  ) => Effect.Effect<Option.Option<ClassId>, StorageUnavailable>
}>()("ams/TimetableRepository") {}
