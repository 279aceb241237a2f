/**
 * Who attends a class, on which days, and who waits for a seat.
 *
 * An enrollment covers the days from its first to its last one, whatever its status: one that is CANCELLED has ended
 * sooner than it was meant to, and one that never began covers no day.
 */
import { Data, type DateTime, Result, Schema } from "effect"
import type { Class } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, EnrollmentId, MemberId, WaitingId } from "./Ids.ts"
import { addDays, LocalDate } from "./LocalTime.ts"
import type { MemberStatus } from "./Member.ts"
import type { Role } from "./Permission.ts"
import { words } from "./Words.ts"

export const EnrollmentStatus = Schema.Literals(["ACTIVE", "CANCELLED", "COMPLETED"])
export type EnrollmentStatus = typeof EnrollmentStatus.Type

/** Both ends included; no `until` means until the class ends, one before `from` no day at all. */
export interface Range {
  readonly from: LocalDate
  readonly until: LocalDate | null
}

export const NewEnrollment = Schema.Struct({
  studentId: MemberId,
  from: Schema.optionalKey(LocalDate),
  until: Schema.optionalKey(LocalDate),
  /** Also where nobody could be told that the student is missing; the reason is kept. */
  withoutGuardian: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(words("a reason"))
}).check(
  Schema.makeFilter(({ reason, withoutGuardian }) => {
    if ((withoutGuardian === true) === (reason !== undefined)) return true
    return { path: ["reason"], issue: reason === undefined ? "Expected a reason" : "Expected none with a guardian" }
  }, {
    toJsonSchema: () => ({
      oneOf: [
        { properties: { withoutGuardian: { const: true } }, required: ["withoutGuardian", "reason"] },
        { properties: { withoutGuardian: { const: false } }, not: { required: ["reason"] } }
      ]
    })
  })
)
export type NewEnrollment = typeof NewEnrollment.Type

export const Enrollment = Schema.Struct({
  id: EnrollmentId,
  academyId: AcademyId,
  classId: ClassId,
  studentId: MemberId,
  from: LocalDate,
  until: Schema.NullOr(LocalDate),
  status: EnrollmentStatus,
  version: Schema.Int
})
export type Enrollment = typeof Enrollment.Type

/** A place in the order of those who wait for a seat of a class: first come, first in line. */
export const Waiting = Schema.Struct({
  id: WaitingId,
  academyId: AcademyId,
  classId: ClassId,
  studentId: MemberId,
  since: Schema.DateTimeUtc
})
export type Waiting = typeof Waiting.Type

/** On some day of the wanted range the class has no seat left. */
export class ClassFull extends Data.TaggedError("ClassFull")<{ readonly capacity: number; readonly day: LocalDate }> {}
export class ClassNotActive extends Data.TaggedError("ClassNotActive")<{}> {}
export class NotAStudent extends Data.TaggedError("NotAStudent")<{}> {}
export class AlreadyEnrolled extends Data.TaggedError("AlreadyEnrolled")<{}> {}
export class AlreadyWaiting extends Data.TaggedError("AlreadyWaiting")<{}> {}
/** Nobody may be told of the student, and nobody has said why that is to be so. */
export class NoGuardian extends Data.TaggedError("NoGuardian")<{}> {}
export class InvalidRange extends Data.TaggedError("InvalidRange")<{}> {}
/** Only an ACTIVE one can be cancelled. */
export class EnrollmentNotActive extends Data.TaggedError("EnrollmentNotActive")<{
  readonly current: EnrollmentStatus
}> {}

/** Behind every day. */
export const endless = "9999-12-31"
const isEmpty = ({ from, until }: Range) => until !== null && until < from
/** They share a day; one that never began has none. */
export const overlaps = (a: Range, b: Range): boolean =>
  !isEmpty(a) && !isEmpty(b) && a.from <= (b.until ?? endless) && b.from <= (a.until ?? endless)

/**
 * The first day of `wanted` on which `taken` already holds `capacity` seats, if there is one. Occupancy rises only on
 * the first day of a range, so those days (and the first wanted one) are all that need a look.
 */
export const firstFullDay = (
  capacity: number,
  taken: ReadonlyArray<Range>,
  wanted: Range
): LocalDate | undefined => {
  const near = taken.filter((range) => overlaps(range, wanted))
  const days = [wanted.from, ...near.map((range) => range.from).filter((day) => day > wanted.from)].sort()
  return days.find((day) => near.filter((range) => overlaps(range, { from: day, until: day })).length >= capacity)
}

/** The class and its seats, as a decision about one student needs them. */
export interface Seats {
  readonly class: Pick<Class, "id" | "academyId" | "capacity" | "status" | "startDate" | "endDate">
  readonly student: {
    readonly roles: ReadonlyArray<Role>
    readonly status: MemberStatus
    /** Some guardian may be told of the student. */
    readonly hasGuardian: boolean
  }
  /** Every enrollment of the class. */
  readonly taken: ReadonlyArray<Range & { readonly studentId: MemberId }>
  readonly today: LocalDate
}

const isStudent = ({ roles, status }: Seats["student"]) => roles.includes("STUDENT") && status === "ACTIVE"

/** `exception`: why the student is enrolled though nobody may be told of them; `null` in all other cases. */
export const enroll = (
  input: NewEnrollment,
  given: Seats & { readonly id: EnrollmentId }
): Result.Result<
  { readonly enrollment: Enrollment; readonly event: EventFact; readonly exception: string | null },
  ClassFull | ClassNotActive | NotAStudent | NoGuardian | AlreadyEnrolled | InvalidRange
> => {
  const { class: into } = given
  if (into.status !== "ACTIVE") return Result.fail(new ClassNotActive())
  if (!isStudent(given.student)) return Result.fail(new NotAStudent())
  const exception = given.student.hasGuardian ? null : input.withoutGuardian === true ? input.reason : undefined
  if (exception === undefined) return Result.fail(new NoGuardian())
  const from = input.from ?? (given.today > into.startDate ? given.today : into.startDate)
  const until = input.until ?? into.endDate
  if (
    from < into.startDate || (until !== null && until < from) ||
    (into.endDate !== null && (until ?? endless) > into.endDate)
  ) {
    return Result.fail(new InvalidRange())
  }
  const wanted: Range = { from, until }
  if (given.taken.some((range) => range.studentId === input.studentId && overlaps(range, wanted))) {
    return Result.fail(new AlreadyEnrolled())
  }
  const full = firstFullDay(into.capacity, given.taken, wanted)
  if (full !== undefined) return Result.fail(new ClassFull({ capacity: into.capacity, day: full }))
  return Result.succeed({
    enrollment: {
      id: given.id,
      academyId: into.academyId,
      classId: into.id,
      studentId: input.studentId,
      from,
      until,
      status: "ACTIVE",
      version: 1
    },
    event: {
      type: "StudentEnrolled",
      aggregate: { type: "enrollment", id: given.id, version: 1 },
      payload: { classId: into.id, studentId: input.studentId, enrollmentId: given.id }
    },
    exception
  })
}

/**
 * Ends an enrollment with its last day: yesterday, if nothing is said. One that begins later than that covers no day.
 * Fails `InvalidRange` for a day behind its end: cancelling prolongs nothing.
 */
export const cancel = (
  enrollment: Enrollment,
  lastDay: LocalDate | undefined,
  today: LocalDate
): Result.Result<
  { readonly enrollment: Enrollment; readonly event: EventFact },
  EnrollmentNotActive | InvalidRange
> => {
  const { classId, from, id, status, studentId, until } = enrollment
  if (status !== "ACTIVE") return Result.fail(new EnrollmentNotActive({ current: status }))
  if (lastDay !== undefined && lastDay > (until ?? endless)) return Result.fail(new InvalidRange())
  const last = lastDay ?? addDays(today, -1)
  const ended = until !== null && until < last ? until : last
  const version = enrollment.version + 1
  return Result.succeed({
    enrollment: { ...enrollment, until: ended < from ? addDays(from, -1) : ended, status: "CANCELLED", version },
    event: {
      type: "EnrollmentCancelled",
      aggregate: { type: "enrollment", id, version },
      payload: { classId, studentId, enrollmentId: id }
    }
  })
}

/** Puts a student at the end of the line. The class need not be full: only the office gives a seat. */
export const wait = (
  studentId: MemberId,
  given: Seats & {
    readonly id: WaitingId
    /** Who waits for the class already. */
    readonly waiting: ReadonlyArray<MemberId>
    readonly now: DateTime.Utc
  }
): Result.Result<Waiting, ClassNotActive | NotAStudent | AlreadyEnrolled | AlreadyWaiting> => {
  const { class: into, id, now, student, taken, today, waiting } = given
  if (into.status !== "ACTIVE") return Result.fail(new ClassNotActive())
  if (!isStudent(student)) return Result.fail(new NotAStudent())
  const fromNow: Range = { from: today, until: null }
  if (taken.some((range) => range.studentId === studentId && overlaps(range, fromNow))) {
    return Result.fail(new AlreadyEnrolled())
  }
  if (waiting.includes(studentId)) return Result.fail(new AlreadyWaiting())
  return Result.succeed({ id, academyId: into.academyId, classId: into.id, studentId, since: now })
}
