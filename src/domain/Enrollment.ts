import { Data, Result, Schema } from "effect"
import type { Class } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, EnrollmentId, MemberId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
import type { MemberStatus } from "./Member.ts"
import type { Role } from "./Permission.ts"

export const EnrollmentStatus = Schema.Literals(["ACTIVE", "CANCELLED", "COMPLETED"])

/** Both ends included; no `until` means until the class ends. */
export interface Range {
  readonly from: LocalDate
  readonly until: LocalDate | null
}

export const NewEnrollment = Schema.Struct({
  studentId: MemberId,
  from: Schema.optionalKey(LocalDate),
  until: Schema.optionalKey(LocalDate)
})
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

/** On some day of the wanted range the class has no seat left. */
export class ClassFull extends Data.TaggedError("ClassFull")<{ readonly capacity: number; readonly day: LocalDate }> {}
export class ClassNotActive extends Data.TaggedError("ClassNotActive")<{}> {}
export class NotAStudent extends Data.TaggedError("NotAStudent")<{}> {}
export class AlreadyEnrolled extends Data.TaggedError("AlreadyEnrolled")<{}> {}
export class InvalidRange extends Data.TaggedError("InvalidRange")<{}> {}

const endless = "9999-12-31"
const overlaps = (a: Range, b: Range) => a.from <= (b.until ?? endless) && b.from <= (a.until ?? endless)

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

export const enroll = (
  input: NewEnrollment,
  given: {
    readonly id: EnrollmentId
    readonly class: Pick<Class, "id" | "academyId" | "capacity" | "status" | "startDate" | "endDate">
    readonly student: { readonly roles: ReadonlyArray<Role>; readonly status: MemberStatus }
    /** Every ACTIVE enrollment of the class. */
    readonly taken: ReadonlyArray<Range & { readonly studentId: MemberId }>
    readonly today: LocalDate
  }
): Result.Result<
  { readonly enrollment: Enrollment; readonly event: EventFact },
  ClassFull | ClassNotActive | NotAStudent | AlreadyEnrolled | InvalidRange
> => {
  const { class: into } = given
  if (into.status !== "ACTIVE") return Result.fail(new ClassNotActive())
  if (!given.student.roles.includes("STUDENT") || given.student.status !== "ACTIVE") {
    return Result.fail(new NotAStudent())
  }
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
    }
  })
}
