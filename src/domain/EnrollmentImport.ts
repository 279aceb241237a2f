/**
 * Enrollments from a file, by the rules of every other one: seats, guardians, nobody in two places. Lines count in their
 * order, so that the last seat is the upper line's.
 *
 * The decision is a generator: it pauses after each line, so that whoever runs it may do something else in between.
 */
import { Option, Result } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import {
  endless,
  enroll,
  type Enrollment,
  type EnrollmentStatus,
  overlaps,
  type Range,
  type Seats
} from "./Enrollment.ts"
import type { EnrollmentLine, EnrollmentSheet } from "./EnrollmentSheet.ts"
import { type ClassId, EnrollmentId, type MemberId } from "./Ids.ts"
import { agree, same } from "./Import.ts"
import { type ImportProblem, type ImportProblemCode, inOrder, plainly, problemAt, type Text } from "./ImportProblem.ts"
import type { LocalDate, TimeZoneName } from "./LocalTime.ts"
import type { PhoneNumber } from "./PhoneNumber.ts"
import { type Booking, conflict } from "./Timetable.ts"

/** An ACTIVE student of the academy who has a name of the file. */
export interface StudentThere extends Omit<Seats["student"], "status"> {
  readonly id: MemberId
  readonly name: string
  readonly phone: PhoneNumber | null
  readonly birthDate: LocalDate | null
}

/** An enrollment that somebody has. */
export interface Taken extends Range {
  readonly line: number | null
  readonly studentId: MemberId
  readonly status: EnrollmentStatus
}

/** An ACTIVE class. */
export interface ClassThere {
  readonly class: Seats["class"]
  /** Its sessions to come, and who comes to them. */
  readonly booking: Booking
  /** Every enrollment that it has had. */
  readonly taken: ReadonlyArray<Omit<Taken, "line">>
}

export interface EnrollmentsGiven {
  readonly students: ReadonlyArray<StudentThere>
  readonly classes: ReadonlyArray<ClassThere>
  readonly zone: TimeZoneName
  readonly today: LocalDate
  /** One for each line. */
  readonly ids: ReadonlyArray<string>
}

export interface EnrollmentPlan {
  readonly enrollments: ReadonlyArray<Enrollment>
  readonly events: ReadonlyArray<EventFact>
  /** Of students of whom nobody may be told: why they are enrolled. */
  readonly exceptions: ReadonlyMap<EnrollmentId, string>
  readonly alreadyThere: ReadonlyArray<number>
}

type Refused = Result.Result.Failure<ReturnType<typeof enroll>>

const days = ({ from, until }: Range) => `${from} ~ ${until ?? ""}`

/** In which column, and with which words. */
const describe = (
  refused: Refused,
  { endDate, startDate }: Seats["class"],
  overlapping: Text
): readonly [field: string, code: ImportProblemCode, what?: Text] => {
  switch (refused._tag) {
    case "ClassNotActive":
      return ["class", "CLASS_NOT_FOUND"]
    case "NotAStudent":
      return ["student", "STUDENT_NOT_FOUND"]
    case "NoGuardian":
      return ["reason", "NO_GUARDIAN"]
    case "InvalidRange":
      return ["from", "INVALID_RANGE", plainly(days({ from: startDate, until: endDate }))]
    case "AlreadyEnrolled":
      return ["from", "ALREADY_ENROLLED", overlapping]
    case "ClassFull": {
      const { capacity, day } = refused
      return ["class", "CLASS_FULL", { ko: `${day}에 ${capacity}명`, en: `${capacity} on ${day}` }]
    }
  }
}

export function* planEnrollments(
  sheet: EnrollmentSheet,
  { classes, ids, students, today, zone }: EnrollmentsGiven
): Generator<void, Result.Result<EnrollmentPlan, ReadonlyArray<ImportProblem>>> {
  const problems = [...sheet.problems]
  const enrollments: Array<Enrollment> = []
  const events: Array<EventFact> = []
  const exceptions = new Map<EnrollmentId, string>()
  const alreadyThere: Array<number> = []
  const byName = Map.groupBy(students, ({ name }) => name)
  const classesByName = Map.groupBy(classes, ({ booking }) => booking.className.normalize("NFC"))
  const seats = new Map<ClassId, Array<Taken>>(
    classes.map(({ class: { id }, taken }) => [id, taken.map((one) => ({ ...one, line: null }))])
  )
  /** Where each student is on which days, before and by this file. */
  const places = new Map<MemberId, Array<{ readonly booking: Booking; readonly days: Range }>>()
  const comes = (studentId: MemberId, booking: Booking, days: Range) => {
    const its = places.get(studentId)
    if (its === undefined) places.set(studentId, [{ booking, days }])
    else its.push({ booking, days })
  }
  for (const { booking } of classes) {
    for (const { from, studentId, until } of booking.students) comes(studentId, booking, { from, until })
  }

  const refuse = (line: number, field: string, code: ImportProblemCode, what?: Text) => {
    problems.push(problemAt(line, sheet.columns[field] ?? field, code, what))
  }

  const studentOf = ({ birthDate, line, phone, student }: EnrollmentLine): StudentThere | undefined => {
    if (student === null || (birthDate === null && phone === null)) return undefined
    const [first, second] = (byName.get(student) ?? []).filter((one) =>
      agree(one.birthDate, birthDate) && agree(one.phone, phone) &&
      (same(one.birthDate, birthDate) || same(one.phone, phone))
    )
    if (first === undefined) refuse(line, "student", "STUDENT_NOT_FOUND")
    else if (second !== undefined) refuse(line, "student", "STUDENT_AMBIGUOUS")
    else return first
    return undefined
  }

  const classOf = ({ class: name, line }: EnrollmentLine): ClassThere | undefined => {
    if (name === null) return undefined
    const [first, second] = classesByName.get(name) ?? []
    if (first === undefined) refuse(line, "class", "CLASS_NOT_FOUND")
    else if (second !== undefined) refuse(line, "class", "CLASS_AMBIGUOUS")
    else return first
    return undefined
  }

  /** Who is elsewhere when the class meets. */
  const isElsewhere = (booking: Booking, studentId: MemberId, days: Range) => {
    const others = (places.get(studentId) ?? []).filter((one) => one.booking.classId !== booking.classId)
    const own: Booking = { ...booking, classroomId: null, students: [{ studentId, ...days }] }
    return Option.fromUndefinedOr(conflict(
      own,
      others.map((one) => ({ ...one.booking, students: [{ studentId, ...one.days }] })),
      zone,
      today,
      ["STUDENT"]
    ))
  }

  const place = (one: EnrollmentLine, student: StudentThere, into: ClassThere, id: EnrollmentId) => {
    const taken = seats.get(into.class.id) ?? []
    const own = taken.filter(({ studentId }) => studentId === student.id)
    const said = (range: Range) => agree(one.from, range.from) && (one.until === null || one.until === range.until)
    const before = own.find((range) => range.status === "ACTIVE" && said(range) && (range.until ?? endless) >= today)
    if (before !== undefined) {
      if (before.line === null) alreadyThere.push(one.line)
      else problems.push(problemAt(one.line, null, "SAME_AS_LINE", plainly(before.line)))
      return
    }
    const { birthDate: _, id: studentId, name: __, phone: ___, ...known } = student
    const made = enroll({
      studentId,
      ...(one.from === null ? {} : { from: one.from }),
      ...(one.until === null ? {} : { until: one.until }),
      ...(one.reason === null ? {} : { withoutGuardian: true, reason: one.reason })
    }, { id, class: into.class, student: { ...known, status: "ACTIVE" }, taken, today })
    if (Result.isFailure(made)) {
      const wanted = { from: one.from ?? today, until: one.until }
      const met = own.find((range) => overlaps(range, wanted))
      const overlapping = met === undefined ? "" : `${days(met)}${met.line === null ? "" : `, ${met.line}`}`
      refuse(one.line, ...describe(made.failure, into.class, plainly(overlapping)))
      return
    }
    const { enrollment, event, exception } = made.success
    const met = isElsewhere(into.booking, studentId, enrollment)
    if (Option.isSome(met)) {
      refuse(one.line, "class", "SCHEDULE_CONFLICT", plainly(met.value.className))
      return
    }
    taken.push({ ...enrollment, line: one.line })
    comes(studentId, into.booking, { from: enrollment.from, until: enrollment.until })
    enrollments.push(enrollment)
    events.push(event)
    if (exception !== null) exceptions.set(id, exception)
  }

  for (const [index, one] of sheet.lines.entries()) {
    const student = studentOf(one)
    const into = classOf(one)
    if (student !== undefined && into !== undefined) place(one, student, into, EnrollmentId.make(ids[index] ?? ""))
    yield
  }
  return problems.length > 0
    ? Result.fail(inOrder(problems))
    : Result.succeed({ enrollments, events, exceptions, alreadyThere })
}
