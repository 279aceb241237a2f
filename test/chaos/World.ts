/** The academies that the load plays at, made by the use cases before any process runs. */
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ClassCommands } from "../../src/application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../src/application/commands/MemberCommands.ts"
import type { AcademyId, ClassId, MemberId, SessionId } from "../../src/domain/Ids.ts"
import { addDays } from "../../src/domain/LocalTime.ts"
import { ClassRepository } from "../../src/ports/ClassRepository.ts"
import { as, daily, makeAcademy } from "../support/academy.ts"

export interface Size {
  readonly academies: number
  readonly classes: number
  /** Of each academy; all of them are in all of its classes. */
  readonly students: number
  /** How long a lesson lasts: as long as somebody may press "I am here". */
  readonly minutes: number
}

/** A class with a session that takes check-ins now. */
export interface Lesson {
  readonly academyId: AcademyId
  readonly classId: ClassId
  readonly sessionId: SessionId
  readonly teacher: MemberId
  readonly manager: MemberId
  readonly students: ReadonlyArray<MemberId>
}

/**
 * Every fourth parent has a second child here, so that one message tells of two; every fourth is guardian of another
 * child and may not be told.
 */
const linkMore = Effect.fnUntraced(function*({ admin, students }: Effect.Success<ReturnType<typeof makeAcademy>>) {
  const members = yield* MemberCommands
  for (const [index, { parent }] of students.entries()) {
    const next = students[index + 1]
    if (next === undefined || index % 2 === 1) continue
    yield* members.linkGuardian(next.student.memberId, {
      parentId: parent.memberId,
      relationship: "GUARDIAN",
      mayBeTold: index % 4 === 0
    }).pipe(as(admin))
  }
})

const school = Effect.fnUntraced(function*(size: Size) {
  const given = yield* makeAcademy({ students: size.students })
  const classes = yield* ClassCommands
  const enrollments = yield* EnrollmentCommands
  const repository = yield* ClassRepository
  const sql = yield* SqlClient.SqlClient
  yield* linkMore(given)
  const students = given.students.map(({ student }) => student.memberId)
  const lesson = (classId: ClassId, sessionId: SessionId): Lesson => ({
    academyId: given.academy.id,
    classId,
    sessionId,
    teacher: given.teacher.memberId,
    manager: given.manager.memberId,
    students
  })
  const now = yield* DateTime.now
  const others = yield* Effect.forEach(Array.from({ length: size.classes - 1 }), (_, index) =>
    Effect.gen(function*() {
      const made = yield* classes.create({
        name: `class ${index + 2}`,
        subject: "수학",
        teacherId: given.teacher.memberId,
        capacity: size.students,
        // One after the other, since nobody is in two places: for ten minutes each, after the first one's hour.
        schedules: daily(now, 100 + size.minutes + 12 * index, 10),
        startDate: given.today
      })
      yield* Effect.forEach(students, (studentId) => enrollments.enroll(made.id, { studentId, from: given.today }), {
        discard: true
      })
      const days = { from: given.today, to: addDays(given.today, 1) }
      const [session] = yield* repository.sessions(given.academy.id, made.id, days)
      if (session === undefined) return yield* Effect.die("no session today")
      // But all of them now, behind everybody's back: the load wants many lessons, and their students press everywhere.
      yield* sql`update class_session set day = ${given.today}, starts_at = now() - interval '5 minutes',
        ends_at = now() + ${size.minutes} * interval '1 minute' where id = ${session.id}`
      return lesson(made.id, session.id)
    }).pipe(as(given.admin)), { concurrency: 2 })
  return [lesson(given.class.id, given.session.id), ...others]
})

/** Leaves its events to be delivered, owned by nobody. */
export const plant = (size: Size) =>
  Effect.map(
    Effect.forEach(Array.from({ length: size.academies }), () => school(size), { concurrency: size.academies }),
    (lessons) => lessons.flat()
  )
