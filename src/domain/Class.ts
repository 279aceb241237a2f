import { Data, type DateTime, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { ClassNotActive, firstFullDay, type Range } from "./Enrollment.ts"
import { AcademyId, ClassId, ClassroomId, MemberId, ScheduleId } from "./Ids.ts"
import { DayOfWeek, LocalDate, LocalTime, overlapping } from "./LocalTime.ts"
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
}).check(Schema.makeFilter((change: object) => Object.keys(change).length > 0 || "something to change", {
  toJsonSchema: () => ({ minProperties: 1 })
}))
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

/** A session is being held: closing waits until it has ended. */
export class ClassInSession extends Data.TaggedError("ClassInSession")<{ readonly endsAt: DateTime.Utc }> {}
/** A day on which somebody has a seat that would be gone. */
export class SeatsTaken
  extends Data.TaggedError("SeatsTaken")<{ readonly capacity: number; readonly day: LocalDate }>
{}

type Person = { readonly roles: ReadonlyArray<Role>; readonly status: MemberStatus }

const wrong = (
  subject: Pick<Class, "startDate" | "endDate"> & { readonly schedules: ReadonlyArray<Slot> }
): InvalidSchedule | undefined => {
  const { endDate, schedules, startDate } = subject
  if (endDate !== null && endDate < startDate) {
    return new InvalidSchedule({ message: "the class ends before it starts" })
  }
  if (schedules.some((slot) => slot.startTime === slot.endTime)) {
    return new InvalidSchedule({ message: "a slot starts and ends at the same time" })
  }
  return overlapping(schedules) ? new InvalidSchedule({ message: "two slots overlap" }) : undefined
}

const isTeacher = ({ roles, status }: Person) => roles.includes("TEACHER") && status === "ACTIVE"

export const create = (
  input: NewClass,
  given: {
    readonly id: ClassId
    readonly academyId: AcademyId
    readonly today: LocalDate
    readonly scheduleIds: ReadonlyArray<ScheduleId>
    readonly teacher: Person
  }
): Result.Result<{ readonly class: Class; readonly event: EventFact }, NotATeacher | InvalidSchedule> => {
  if (!isTeacher(given.teacher)) return Result.fail(new NotATeacher())
  const made: Class = {
    id: given.id,
    academyId: given.academyId,
    name: input.name,
    subject: input.subject,
    teacherId: input.teacherId,
    classroomId: input.classroomId ?? null,
    capacity: input.capacity,
    startDate: input.startDate ?? given.today,
    endDate: input.endDate ?? null,
    audience: input.audience ?? null,
    description: input.description ?? null,
    curriculum: input.curriculum ?? null,
    fee: input.fee ?? null,
    status: "ACTIVE",
    schedules: withIds(input.schedules, [], given.scheduleIds),
    version: 1
  }
  const refused = wrong(made)
  return refused !== undefined ? Result.fail(refused) : Result.succeed({
    class: made,
    event: {
      type: "ClassCreated",
      aggregate: { type: "class", id: given.id, version: 1 },
      payload: { teacherId: input.teacherId }
    }
  })
}

/**
 * Slots with their ids: one that there was before keeps its own, since sessions know it by that.
 */
const withIds = (
  slots: ReadonlyArray<Slot>,
  before: ReadonlyArray<Schedule>,
  fresh: ReadonlyArray<ScheduleId>
): ReadonlyArray<Schedule> => {
  const known = new Map(before.map((slot) => [timesOf(slot), slot.id]))
  return slots.flatMap((slot, index) => {
    const id = known.get(timesOf(slot)) ?? fresh[index]
    return id === undefined ? [] : [{ ...slot, id }]
  })
}
const timesOf = (slot: Slot) => `${slot.dayOfWeek} ${slot.startTime} ${slot.endTime}`

/** Changes a running class. `slots`: every one that it ever had. Fails `ClassNotActive` once it is closed. */
export const edit = (
  subject: Class,
  change: ClassChange,
  given: {
    readonly slots: ReadonlyArray<Schedule>
    readonly scheduleIds: ReadonlyArray<ScheduleId>
    /** The one who is to teach it; null when it stays who it is. */
    readonly teacher: Person | null
    /** Every enrollment that covers a day from today on. */
    readonly taken: ReadonlyArray<Range>
    readonly today: LocalDate
  }
): Result.Result<
  { readonly class: Class; readonly event: EventFact },
  ClassNotActive | NotATeacher | InvalidSchedule | SeatsTaken
> => {
  if (subject.status !== "ACTIVE") return Result.fail(new ClassNotActive())
  if (given.teacher !== null && !isTeacher(given.teacher)) return Result.fail(new NotATeacher())
  const { schedules, ...plain } = change
  const edited: Class = {
    ...subject,
    ...plain,
    schedules: schedules === undefined ? subject.schedules : withIds(schedules, given.slots, given.scheduleIds),
    version: subject.version + 1
  }
  const refused = wrong(edited)
  if (refused !== undefined) return Result.fail(refused)
  // One seat more than there are to be would be taken: the day is full for one too many.
  const day = firstFullDay(edited.capacity + 1, given.taken, { from: given.today, until: null })
  if (day !== undefined) return Result.fail(new SeatsTaken({ capacity: edited.capacity, day }))
  return Result.succeed({
    class: edited,
    event: {
      type: "ClassUpdated",
      aggregate: { type: "class", id: subject.id, version: edited.version },
      payload: { teacherId: edited.teacherId }
    }
  })
}

/** The class is over: by a manager, or by itself once its last day is past. */
export const close = (
  subject: Class
): Result.Result<{ readonly class: Class; readonly event: EventFact }, ClassNotActive> =>
  subject.status !== "ACTIVE" ? Result.fail(new ClassNotActive()) : Result.succeed({
    class: { ...subject, status: "COMPLETED", version: subject.version + 1 },
    event: {
      type: "ClassClosed",
      aggregate: { type: "class", id: subject.id, version: subject.version + 1 },
      payload: {}
    }
  })
