import { Data, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, ClassroomId, MemberId, ScheduleId } from "./Ids.ts"
import { DayOfWeek, LocalDate, LocalTime } from "./LocalTime.ts"
import type { MemberStatus } from "./Member.ts"
import type { Role } from "./Permission.ts"

export const ClassStatus = Schema.Literals(["ACTIVE", "INACTIVE", "COMPLETED"])
export type ClassStatus = typeof ClassStatus.Type

/** A weekly slot. One that ends before it starts ends the next day. */
export const Slot = Schema.Struct({ dayOfWeek: DayOfWeek, startTime: LocalTime, endTime: LocalTime })
export type Slot = typeof Slot.Type

export const Schedule = Schema.Struct({ id: ScheduleId, ...Slot.fields })
export type Schedule = typeof Schedule.Type

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(100))
const Subject = Schema.NonEmptyString.check(Schema.isMaxLength(60))
const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))
const Text = Schema.String.check(Schema.isMaxLength(2000))
const Audience = Schema.String.check(Schema.isMaxLength(200))
/** Monthly, in KRW. */
const Fee = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000_000 }))
const Slots = Schema.Array(Slot).check(Schema.isMinLength(1), Schema.isMaxLength(21))

export const NewClass = Schema.Struct({
  name: Name,
  subject: Subject,
  teacherId: MemberId,
  classroomId: Schema.optionalKey(ClassroomId),
  capacity: Capacity,
  startDate: Schema.optionalKey(LocalDate),
  endDate: Schema.optionalKey(LocalDate),
  audience: Schema.optionalKey(Audience),
  description: Schema.optionalKey(Text),
  curriculum: Schema.optionalKey(Text),
  fee: Schema.optionalKey(Fee),
  schedules: Slots
})
export type NewClass = typeof NewClass.Type

/** What is left out stays; `null` takes away what may be missing. The timetable is replaced as a whole. */
export const ClassChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  subject: Schema.optionalKey(Subject),
  teacherId: Schema.optionalKey(MemberId),
  classroomId: Schema.optionalKey(Schema.NullOr(ClassroomId)),
  capacity: Schema.optionalKey(Capacity),
  endDate: Schema.optionalKey(Schema.NullOr(LocalDate)),
  audience: Schema.optionalKey(Schema.NullOr(Audience)),
  description: Schema.optionalKey(Schema.NullOr(Text)),
  curriculum: Schema.optionalKey(Schema.NullOr(Text)),
  fee: Schema.optionalKey(Schema.NullOr(Fee)),
  schedules: Schema.optionalKey(Slots)
})
export type ClassChange = typeof ClassChange.Type

export const Class = Schema.Struct({
  id: ClassId,
  academyId: AcademyId,
  name: Schema.String,
  subject: Schema.String,
  teacherId: MemberId,
  classroomId: Schema.NullOr(ClassroomId),
  capacity: Schema.Int,
  startDate: LocalDate,
  endDate: Schema.NullOr(LocalDate),
  audience: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  curriculum: Schema.NullOr(Schema.String),
  fee: Schema.NullOr(Schema.Int),
  status: ClassStatus,
  schedules: Schema.Array(Schedule),
  version: Schema.Int
})
export type Class = typeof Class.Type

/** The one named as teacher is not an active TEACHER of this academy. */
export class NotATeacher extends Data.TaggedError("NotATeacher")<{}> {}
export class InvalidSchedule extends Data.TaggedError("InvalidSchedule")<{ readonly message: string }> {}

export const create = (
  input: NewClass,
  given: {
    readonly id: ClassId
    readonly academyId: AcademyId
    readonly today: LocalDate
    readonly scheduleIds: ReadonlyArray<ScheduleId>
    readonly teacher: { readonly roles: ReadonlyArray<Role>; readonly status: MemberStatus }
  }
): Result.Result<{ readonly class: Class; readonly event: EventFact }, NotATeacher | InvalidSchedule> => {
  if (!given.teacher.roles.includes("TEACHER") || given.teacher.status !== "ACTIVE") {
    return Result.fail(new NotATeacher())
  }
  const startDate = input.startDate ?? given.today
  if (input.endDate !== undefined && input.endDate < startDate) {
    return Result.fail(new InvalidSchedule({ message: "the class ends before it starts" }))
  }
  if (input.schedules.some((slot) => slot.startTime === slot.endTime)) {
    return Result.fail(new InvalidSchedule({ message: "a slot starts and ends at the same time" }))
  }
  const schedules: Array<Schedule> = []
  for (const [index, slot] of input.schedules.entries()) {
    const id = given.scheduleIds[index]
    if (id !== undefined) schedules.push({ id, ...slot })
  }
  return Result.succeed({
    class: {
      id: given.id,
      academyId: given.academyId,
      name: input.name,
      subject: input.subject,
      teacherId: input.teacherId,
      classroomId: input.classroomId ?? null,
      capacity: input.capacity,
      startDate,
      endDate: input.endDate ?? null,
      audience: input.audience ?? null,
      description: input.description ?? null,
      curriculum: input.curriculum ?? null,
      fee: input.fee ?? null,
      status: "ACTIVE",
      schedules,
      version: 1
    },
    event: {
      type: "ClassCreated",
      aggregate: { type: "class", id: given.id, version: 1 },
      payload: { teacherId: input.teacherId }
    }
  })
}
