/** What commands and jobs about classes, sessions and the calendar share: planning, closing, nobody in two places. */
import { type DateTime, Effect } from "effect"
import { type Class, close } from "../domain/Class.ts"
import { SessionId } from "../domain/Ids.ts"
import { dateIn, type LocalDate } from "../domain/LocalTime.ts"
import { type Calendar, type NewSession, replan, type Session, sessionsPlanned, toBeHeld } from "../domain/Session.ts"
import { type Booking, conflict } from "../domain/Timetable.ts"
import { ClassRepository } from "../ports/ClassRepository.ts"
import { TimetableRepository, type ToPlan } from "../ports/TimetableRepository.ts"
import { Transaction } from "../ports/UnitOfWork.ts"
import { idMaker } from "./NewIds.ts"

export const timetabling = Effect.gen(function*() {
  const timetable = yield* TimetableRepository
  const classes = yield* ClassRepository
  const newId = yield* idMaker

  const withIds = (added: ReadonlyArray<NewSession>, of: Pick<Class, "id" | "academyId">) =>
    Effect.forEach(
      added,
      (session) =>
        Effect.map(newId(SessionId), (id): Session => ({ ...session, id, academyId: of.academyId, classId: of.id }))
    )

  /** Brings a class's sessions to what it and the calendar say now. */
  const plan = Effect.fnUntraced(function*(
    subject: Class,
    found: Pick<ToPlan, "sessions">,
    calendar: Calendar,
    now: DateTime.Utc
  ) {
    const planned = replan(subject, found.sessions, calendar, now)
    const added = yield* withIds(planned.added, subject)
    yield* timetable.save({ added, changed: planned.changed })
    return {
      events: sessionsPlanned(subject, added, planned),
      leftAlone: planned.leftAlone,
      changed: planned.changed,
      toBeHeld: toBeHeld(found.sessions, added, planned.changed, now)
    }
  })

  /**
   * Refuses what would put somebody in two places, and keeps others from doing so until the unit of work ends. `its`:
   * what is to be placed; `held`: all of the class's sessions as they will be.
   */
  const book = Effect.fnUntraced(function*(
    subject: Class,
    its: Pick<Booking, "students" | "sessions" | "meets">,
    held: Booking["sessions"],
    calendar: Calendar,
    now: DateTime.Utc
  ) {
    const today = dateIn(calendar.zone, now)
    const { classroomId, teacherId } = subject
    const own: Booking = { classId: subject.id, className: subject.name, teacherId, classroomId, ...its }
    const students = its.students.map(({ studentId }) => studentId)
    const booked = yield* timetable.bookings(subject.academyId, { teacherId, classroomId, students }, today)
    const others = booked.filter(({ classId }) => classId !== subject.id)
    const found = conflict(own, [...others, { ...own, sessions: held }], calendar.zone, today)
    if (found !== undefined) return yield* found
  })

  /** Refuses a student who is elsewhere when the class meets, and keeps others from placing the student meanwhile. */
  const seat = Effect.fnUntraced(function*(
    found: ToPlan,
    student: Booking["students"][number],
    now: DateTime.Utc
  ) {
    const { calendar, class: subject, sessions } = found
    const today = dateIn(calendar.zone, now)
    const { teacherId } = subject
    const own: Booking = {
      classId: subject.id,
      className: subject.name,
      teacherId,
      classroomId: null,
      students: [student],
      meets: subject,
      sessions: toBeHeld(sessions, [], [], now)
    }
    const booked = { teacherId, classroomId: null, students: [student.studentId] }
    const others = yield* timetable.bookings(subject.academyId, booked, today)
    const elsewhere = others.filter(({ classId }) => classId !== subject.id)
    const met = conflict(own, elsewhere, calendar.zone, today, ["STUDENT"])
    if (met !== undefined) return yield* met
  })

  /**
   * Closes a class: its enrollments end with this day, and what was still to come is taken away, also what a person had
   * placed.
   */
  const end = Effect.fnUntraced(function*(found: ToPlan, lastDay: LocalDate, now: DateTime.Utc) {
    const { class: closed, event } = yield* Effect.fromResult(close(found.class))
    const { events } = yield* plan(closed, found, found.calendar, now)
    yield* classes.update(closed)
    yield* classes.completeEnrollments(closed.id, lastDay)
    yield* (yield* Transaction).append(event, ...events)
    return closed
  })

  return { withIds, plan, book, seat, end }
})
