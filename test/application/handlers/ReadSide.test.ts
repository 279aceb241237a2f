/** A busy little academy: what grows event by event is what a rebuilding gives. */
import { expect, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { ClassCommands } from "../../../src/application/commands/ClassCommands.ts"
import { EnrollmentCommands } from "../../../src/application/commands/EnrollmentCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { sync } from "../../../src/application/operations/ReadSide.ts"
import type { EventFact } from "../../../src/domain/DomainEvent.ts"
import { ClassroomId, EnrollmentId, LeaveId } from "../../../src/domain/Ids.ts"
import { addDays } from "../../../src/domain/LocalTime.ts"
import { classDayId, kinds, studentDayId } from "../../../src/domain/ReadModel.ts"
import { ClassRepository } from "../../../src/ports/ClassRepository.ts"
import { ReadModels } from "../../../src/ports/ReadModels.ts"
import { Transaction, UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import { alone, as, daily, makeAcademy, person } from "../../support/academy.ts"
import { becomes } from "../../support/ams.ts"
import { running } from "../../support/app.ts"
import { presentDocuments, shownDocuments } from "../../support/readSide.ts"

const settled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* becomes(sql`select event_id from event_delivery`, (open) => expect(open).toEqual([]))
  expect(yield* sql`select event_type, error from failed_event`).toEqual([])
})

/** When all is done, each kind's documents are what PostgreSQL has. */
const compared = Effect.fnUntraced(function*(academies: Parameters<typeof shownDocuments>[1]) {
  yield* settled
  yield* Effect.forEach(kinds, (kind) =>
    Effect.gen(function*() {
      const [shown, present] = [yield* shownDocuments(kind, academies), yield* presentDocuments(kind)]
      expect(present.size).toBeGreaterThan(0)
      expect([kind, new Map([...shown].sort())]).toEqual([kind, new Map([...present].sort())])
    }), { discard: true })
})

const play = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const attendances = yield* AttendanceCommands
  const classes = yield* ClassCommands
  const enrollments = yield* EnrollmentCommands
  const members = yield* MemberCommands
  const repository = yield* ClassRepository
  const unitOfWork = yield* UnitOfWork
  const given = yield* makeAcademy({ students: 7, startsIn: -5, capacity: 20 })
  const { academy, admin, manager, session, teacher, today } = given
  const academyId = academy.id
  const classId = given.class.id
  const equal = compared([academyId])
  const [zero, one, two, three, four, five, six] = given.students.map(({ student }) => student)
  if (
    zero === undefined || one === undefined || two === undefined || three === undefined || four === undefined
    || five === undefined || six === undefined
  ) return yield* Effect.die("there are seven")

  /** What has no command: rows, and then the event that a command would have written with them. */
  const happen = Effect.fnUntraced(
    function*(rows: Effect.Effect<unknown, unknown>, ...facts: ReadonlyArray<EventFact>) {
      yield* rows
      yield* unitOfWork.run({ academyId, actor: null }, Effect.flatMap(Transaction, (work) => work.append(...facts)))
    }
  )
  const confirm = Effect.fnUntraced(function*(student: typeof zero, status: "PRESENT" | "LATE" | "ABSENT") {
    const [made] = yield* attendances.confirm(session.id, [{ studentId: student.memberId, status }]).pipe(as(teacher))
    return made?.id ?? (yield* Effect.die("nobody was confirmed"))
  })
  const about = (id: string, type: EventFact["aggregate"]["type"] = "session") => ({ type, id, version: 2 })

  // ---- the session goes on
  yield* attendances.request(session.id).pipe(as(zero))
  const late = yield* confirm(one, "LATE")
  const refused = yield* attendances.request(session.id).pipe(as(two))
  yield* attendances.refuse(refused.id, "not seen").pipe(as(teacher))
  const absent = yield* confirm(three, "ABSENT")
  const alarm = { sessionId: session.id, classId, sessionDate: today, studentId: six.memberId }
  yield* happen(
    sql`insert into absence_decision (session_id, student_id, academy_id, class_id, state, reason, version, decided_at)
      values (${session.id}, ${six.memberId}, ${academyId}, ${classId}, 'ALERTED', 'NOT_THERE', 1, now())`,
    { type: "AttendanceMissed", aggregate: about(session.id), payload: { ...alarm, marked: false } }
  )
  yield* confirm(six, "PRESENT")
  yield* equal
  const leaveId = LeaveId.make(randomUUID())
  yield* happen(
    sql`insert into leave_note (id, academy_id, student_id, from_date, until_date, reason, status, asked_by, version)
      values (${leaveId}, ${academyId}, ${five.memberId}, ${today}, ${today}, 'ill', 'APPROVED', ${five.memberId}, 1)`,
    {
      type: "LeaveApproved",
      aggregate: about(leaveId, "leave"),
      payload: { leaveId, studentId: five.memberId, from: today, until: today }
    }
  )
  // Each time: what comes next may mend what was forgotten.
  yield* equal

  // ---- and is over; afterwards somebody corrects
  yield* attendances.correct(late, "EXCUSED", "train").pipe(as(manager))
  yield* happen(sql`update class_session set status = 'CLOSED' where id = ${session.id}`, {
    type: "SessionClosed",
    aggregate: about(session.id),
    payload: { sessionId: session.id, classId, sessionDate: today }
  })
  yield* attendances.correct(absent, "PRESENT", "mistaken").pipe(as(manager))

  yield* equal

  // ---- another class of the same students; one is no more, since yesterday
  const other = yield* classes.create({
    name: "영어",
    subject: "영어",
    teacherId: teacher.memberId,
    capacity: 5,
    schedules: daily(yield* DateTime.now, 300, 30)
  }).pipe(as(admin))
  for (const { memberId } of [zero, one]) yield* enrollments.enroll(other.id, { studentId: memberId }).pipe(as(admin))
  const ends = addDays(today, 2)
  const [unmarked] = yield* repository.sessions(academyId, other.id, { from: today, to: ends })
  if (unmarked === undefined) return yield* Effect.die("no session")
  const ofOther = { sessionId: unmarked.id, classId: other.id, sessionDate: unmarked.date }
  yield* happen(sql`update class_session set status = 'CLOSED' where id = ${unmarked.id}`, {
    type: "SessionClosed",
    aggregate: about(unmarked.id),
    payload: ofOther
  })
  yield* equal
  // Entered by the office when it is over: now the other one is known to have been away.
  const entered = {
    id: randomUUID(),
    academy_id: academyId,
    session_id: unmarked.id,
    class_id: other.id,
    student_id: zero.memberId,
    status: "PRESENT",
    version: 1
  }
  yield* happen(sql`insert into attendance ${sql.insert(entered)}`, {
    type: "AttendanceConfirmed",
    aggregate: about(entered.id, "attendance"),
    payload: { ...ofOther, studentId: zero.memberId, status: "PRESENT", afterClose: true }
  })
  const newcomer = yield* members.create(person("STUDENT")).pipe(as(admin))
  yield* enrollments.enroll(classId, { studentId: newcomer.id, from: addDays(today, 2), ...alone }).pipe(as(admin))
  const [enrollment] = yield* sql<{ id: string }>`
    update enrollment set until_date = ${addDays(today, -1)}, status = 'CANCELLED', version = 2
    where class_id = ${classId} and student_id = ${four.memberId} returning id`
  const enrollmentId = EnrollmentId.make(enrollment?.id ?? "")
  yield* happen(Effect.void, {
    type: "EnrollmentCancelled",
    aggregate: about(enrollmentId, "enrollment"),
    payload: { classId, studentId: four.memberId, enrollmentId }
  })

  yield* equal

  // ---- sessions to come: one is cancelled, one moved with whom was excused, one no longer planned
  const tomorrow = addDays(today, 1)
  const coming = yield* repository.sessions(academyId, classId, { from: tomorrow, to: addDays(today, 9) })
  const [cancelled, moved, removed] = coming
  if (cancelled === undefined || moved === undefined || removed === undefined) return yield* Effect.die("no sessions")
  yield* happen(
    sql`update class_session set status = 'CANCELLED', cause = 'PERSON', reason = 'snow' where id = ${cancelled.id}`,
    {
      type: "SessionCancelled",
      aggregate: about(cancelled.id),
      payload: { sessionId: cancelled.id, classId, sessionDate: cancelled.date, cause: "PERSON" }
    }
  )
  const attended = {
    id: randomUUID(),
    academy_id: academyId,
    session_id: moved.id,
    class_id: classId,
    student_id: zero.memberId,
    status: "EXCUSED",
    version: 1
  }
  const payload = { sessionId: moved.id, classId, studentId: zero.memberId, sessionDate: moved.date }
  yield* happen(sql`insert into attendance ${sql.insert(attended)}`, {
    type: "AttendanceConfirmed",
    aggregate: about(attended.id, "attendance"),
    payload: { ...payload, status: "EXCUSED" }
  })
  yield* equal
  for (const [from, to] of [[moved.date, addDays(today, 20)], [addDays(today, 20), addDays(today, 21)]] as const) {
    yield* happen(
      sql`update class_session set day = ${to}, moved = true,
        starts_at = starts_at + (${to}::date - ${from}::date) * interval '1 day',
        ends_at = ends_at + (${to}::date - ${from}::date) * interval '1 day' where id = ${moved.id}`,
      {
        type: "SessionMoved",
        aggregate: about(moved.id),
        payload: { sessionId: moved.id, classId, fromDate: from, sessionDate: to }
      }
    )
  }
  yield* happen(sql`update class_session set status = 'CANCELLED', cause = 'PLAN' where id = ${removed.id}`, {
    type: "SessionsPlanned",
    aggregate: about(classId, "class"),
    payload: { sessionIds: [session.id, removed.id], dates: [removed.date, today] }
  })

  yield* equal

  // ---- a room, another name, another teacher; the academy moves to where it is tomorrow already
  const room = ClassroomId.make(randomUUID())
  const colleague = yield* members.create(person("TEACHER")).pipe(as(admin))
  yield* happen(
    sql`with made as (insert into classroom (id, academy_id, name, version) values (${room}, ${academyId}, '1관', 1))
      update class set classroom_id = null, name = '새 이름', teacher_id = ${colleague.id} where id = ${classId}`,
    { type: "ClassUpdated", aggregate: about(classId, "class"), payload: { teacherId: colleague.id } }
  )
  yield* equal
  yield* happen(
    sql`update class set classroom_id = ${room} where id = ${classId}`,
    { type: "ClassroomChanged", aggregate: about(room, "classroom"), payload: { classroomId: room } }
  )
  const academyUpdated = { type: "AcademyUpdated", aggregate: about(academyId, "academy"), payload: {} } as const
  // It is another day there.
  const early = {
    id: randomUUID(),
    academy_id: academyId,
    name: "early",
    phone_shared: true,
    locale: "ko",
    status: "ACTIVE",
    version: 1,
    created_at: new Date("2026-03-02T12:00:00Z")
  }
  yield* happen(sql`insert into member ${sql.insert(early)}`, {
    type: "MemberCreated",
    aggregate: about(early.id, "member"),
    payload: { roles: [] }
  })
  yield* equal
  yield* happen(sql`update academy set time_zone = 'Pacific/Kiritimati' where id = ${academyId}`, academyUpdated)
  yield* equal
  return { ...given, zero, one, two, three, four, five, six, colleague }
})

const stores = [
  { name: "documents in PostgreSQL", settings: Effect.succeed({}) },
  {
    name: "documents in MongoDB",
    settings: Effect.sync(() => ({
      mongodbUrl: Option.some(Redacted.make(inject("mongoUrl"))),
      mongodbDatabase: `grown_${randomUUID().slice(0, 8)}`
    }))
  }
]

for (const { name, settings } of stores) {
  layer(Layer.unwrap(Effect.map(settings, running)), { excludeTestServices: true, timeout: "60 seconds" })(
    name,
    (it) => {
      it.effect("grown event by event, or written again: the same documents and figures", () =>
        Effect.gen(function*() {
          const models = yield* ReadModels
          const { academy, class: { id: classId }, colleague, four, one, six, three, today, two } = yield* play
          const day = yield* models.get("class_day", academy.id, classDayId(classId, today))
          expect(Option.getOrNull(day)).toMatchObject({
            teacherId: colleague.id,
            sessions: 1,
            held: 1,
            // Seven, less the one who is no more.
            expected: 6,
            requested: 1,
            present: 2,
            excused: 1,
            // The one who was refused, and the one on leave, who was not excused.
            absent: 2,
            attendanceRate: 0.5
          })
          const ofStudent = Effect.fnUntraced(function*(student: typeof one) {
            const found = yield* models.get("student_day", academy.id, studentDayId(student.memberId, classId, today))
            return Option.getOrNull(found)
          })
          expect(yield* ofStudent(one)).toMatchObject({ excused: 1, absent: 0, attendanceRate: null })
          expect(yield* ofStudent(two)).toMatchObject({ expected: 1, absent: 1, attendanceRate: 0 })
          expect(yield* ofStudent(three)).toMatchObject({ present: 1, attendanceRate: 1 })
          expect(yield* ofStudent(four)).toBeNull()
          const [register] = yield* models.find("session", {
            academyId: academy.id,
            where: { classId },
            dateFrom: today,
            dateTo: today,
            order: "ascending",
            limit: 1
          })
          expect(register).toMatchObject({ className: "새 이름", classroom: "1관", status: "CLOSED" })
          expect(register?.students.find(({ studentId }) => studentId === six.memberId)).toMatchObject({
            status: "PRESENT",
            absence: { state: "RETRACTED", reason: "CAME_AFTER_ALL" }
          })

          // Every student's figures of the day are the class's.
          const studentDays = (yield* shownDocuments("student_day", [academy.id])).values()
          const sum = [...studentDays].filter((doc) =>
            "present" in doc && doc.date === today && doc.classId === classId
          )
            .reduce((all, doc) => all + ("present" in doc ? doc.present + doc.absent + doc.excused : 0), 0)
          expect(sum).toBe(5)

          yield* sync(() => Effect.void)
          yield* compared([academy.id])
        }))
    }
  )
}
