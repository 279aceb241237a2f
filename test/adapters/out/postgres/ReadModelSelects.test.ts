/** The content of registers and figures, and which of them events reach without naming them. */
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as PostgresReadModelSource from "../../../../src/adapters/out/postgres/PostgresReadModelSource.ts"
import { AcademyId, ClassId, ClassroomId, EnrollmentId, MemberId, SessionId } from "../../../../src/domain/Ids.ts"
import { LocalDate } from "../../../../src/domain/LocalTime.ts"
import { ReadModelSource } from "../../../../src/ports/ReadModelSource.ts"
import { freshDatabase } from "../../../support/postgres.ts"
import { seeding } from "../../../support/rows.ts"

const monday = LocalDate.make("2026-03-02")
const tuesday = LocalDate.make("2026-03-03")

/** A class with two slots a day, and one that teaches it. */
const school = Effect.gen(function*() {
  const rows = yield* seeding
  const teacher = yield* rows.member("Lee", ["TEACHER"])
  const algebra = yield* rows.course(teacher)
  const slots = [yield* rows.slot(algebra, "MON", "10:00", "11:00"), yield* rows.slot(algebra, "MON", "14:00", "15:00")]
  const meet = (day: string, status?: string, n = 0) => rows.session(algebra, slots[n] ?? "", day, status)
  const pupil = Effect.fnUntraced(function*(name: string, from: string = monday, until: string | null = null) {
    const id = yield* rows.member(name, ["STUDENT"])
    return { id, enrollment: yield* rows.enroll(algebra, id, from, until) }
  })
  return { ...rows, teacher, algebra, meet, pupil }
})

const source = PostgresReadModelSource.layer.pipe(Layer.provideMerge(freshDatabase))

layer(source, { excludeTestServices: true })("read documents", (it) => {
  it.effect("a register has everybody who is expected or has an attendance, by name, with leave and alarms", () =>
    Effect.gen(function*() {
      const { academyId, algebra, attend, meet, member, pupil, sql, teacher } = yield* school
      const { load } = yield* ReadModelSource
      const held = yield* meet(monday)
      const room = randomUUID()
      yield* sql`insert into classroom (id, academy_id, name, version) values (${room}, ${academyId}, '3관', 1)`
      yield* sql`update class set classroom_id = ${room} where id = ${algebra}`
      yield* sql`update class_session set moved = true, reason = 'exams' where id = ${held}`
      const [late, here, away] = [yield* pupil("나"), yield* pupil("가"), yield* pupil("다")]
      yield* pupil("left", "2026-02-01", "2026-03-01")
      yield* pupil("comes", tuesday)
      const guest = yield* member("라", ["STUDENT"])
      const attendance = yield* attend(algebra, held, here.id, "PRESENT", new Date("2026-03-02T07:25:00Z"))
      const foreign = yield* attend(algebra, held, guest, "ABSENT")
      for (const [status, from] of [["REQUESTED", monday], ["APPROVED", "2026-03-01"], ["REJECTED", monday]]) {
        const row = {
          id: randomUUID(),
          academy_id: academyId,
          student_id: away.id,
          from_date: from,
          until_date: monday
        }
        yield* sql`insert into leave_note ${
          sql.insert({ ...row, status, reason: "sick", asked_by: away.id, version: 1 })
        }`
      }
      for (const [student, state] of [[late.id, "RETRACTED"], [away.id, "HELD"]]) {
        yield* sql`insert into absence_decision ${
          sql.insert({
            session_id: held,
            student_id: student,
            academy_id: academyId,
            class_id: algebra,
            state,
            reason: "CAME_AFTER_ALL",
            version: 1,
            decided_at: new Date(0)
          })
        }`
      }
      const [document] = yield* load("session", [held])
      const nothing = { requestedAt: null, confirmedAt: null, attendanceId: null, leave: null, absence: null }
      expect(document?.doc).toEqual({
        id: held,
        academyId,
        classId: algebra,
        className: "Algebra",
        teacherId: teacher,
        teacherName: "Lee",
        classroom: "3관",
        date: monday,
        startsAt: "2026-03-02T07:30:00.120Z",
        endsAt: "2026-03-02T09:00:00.000Z",
        status: "SCHEDULED",
        moved: true,
        reason: "exams",
        counts: { expected: 3, requested: 0, present: 1, late: 0, absent: 1, excused: 0, none: 2 },
        students: [
          {
            ...nothing,
            studentId: here.id,
            name: "가",
            expected: true,
            status: "PRESENT",
            requestedAt: "2026-03-02T07:25:00.000Z",
            attendanceId: attendance
          },
          {
            ...nothing,
            studentId: late.id,
            name: "나",
            expected: true,
            status: "NONE",
            absence: { state: "RETRACTED", reason: "CAME_AFTER_ALL" }
          },
          { ...nothing, studentId: away.id, name: "다", expected: true, status: "NONE", leave: "APPROVED" },
          { ...nothing, studentId: guest, name: "라", expected: false, status: "ABSENT", attendanceId: foreign }
        ],
        studentIds: [here.id, late.id, away.id, guest]
      })
    }))

  it.effect("a student's day counts what a closed session expected, and what was recorded anywhere", () =>
    Effect.gen(function*() {
      const { academyId, algebra, attend, meet, pupil, teacher } = yield* school
      const { load } = yield* ReadModelSource
      const [morning, noon] = [yield* meet(monday, "CLOSED"), yield* meet(monday, "SCHEDULED", 1)]
      const cancelled = yield* meet(tuesday, "CANCELLED")
      const [came, missed, left] = [yield* pupil("came"), yield* pupil("missed"), yield* pupil("left", tuesday)]
      const day = (student: string, date: string = monday) => `${student}:${algebra}:${date}`
      const id = { academyId, classId: algebra, teacherId: teacher, date: monday }
      const zero = { requested: 0, present: 0, late: 0, absent: 0, excused: 0 }
      const figures = (...ids: ReadonlyArray<string>) =>
        Effect.map(load("student_day", ids), (documents) => documents.map(({ doc }) => doc))

      // Nobody was there, so nobody is known to have been away.
      expect(yield* figures(day(missed.id), day(left.id), day(missed.id, tuesday))).toEqual([
        { ...id, studentId: missed.id, sessions: 2, held: 1, expected: 2, ...zero, attendanceRate: null },
        null,
        null
      ])
      yield* attend(algebra, morning, came.id, "LATE")
      yield* attend(algebra, noon, came.id, "REQUESTED")
      yield* attend(algebra, cancelled, came.id, "PRESENT")
      yield* attend(algebra, noon, left.id, "EXCUSED")
      expect(yield* figures(day(came.id), day(missed.id), day(left.id), day(came.id, tuesday))).toEqual([
        {
          ...id,
          studentId: came.id,
          sessions: 2,
          held: 1,
          expected: 2,
          ...zero,
          requested: 1,
          late: 1,
          attendanceRate: 1
        },
        { ...id, studentId: missed.id, sessions: 2, held: 1, expected: 2, ...zero, absent: 1, attendanceRate: 0 },
        { ...id, studentId: left.id, sessions: 1, held: 0, expected: 0, ...zero, excused: 1, attendanceRate: null },
        null
      ])
    }))

  it.effect("an academy's day has who was entered by its own clock, and which enrollments begin and came to be", () =>
    Effect.gen(function*() {
      const { academyId, algebra, enroll, member, pupil, sql } = yield* school
      const { load } = yield* ReadModelSource
      yield* sql`update member set created_at = '2026-01-01T00:00:00Z' where academy_id = ${academyId}`
      // 23:59 and 0:00 of Seoul.
      const [before, after] = [yield* member("before", ["PARENT"]), yield* member("after", ["TEACHER"])]
      yield* sql`update member set created_at = '2026-03-02T14:59:00Z' where id = ${before}`
      yield* sql`update member set created_at = '2026-03-02T15:00:00Z' where id = ${after}`
      const { id } = yield* pupil("student", tuesday)
      yield* sql`update member set created_at = '2026-01-01T00:00:00Z' where id = ${id}`
      yield* enroll(algebra, id, tuesday, monday, "CANCELLED")
      yield* enroll(algebra, id, monday, monday, "CANCELLED")
      const documents = yield* load("academy_day", ["2026-03-01", monday, tuesday].map((day) => `${academyId}:${day}`))
      expect(documents.map(({ doc }) => doc)).toEqual([
        null,
        { academyId, date: monday, newMembers: 1, newEnrollments: 1 },
        { academyId, date: tuesday, newMembers: 1, newEnrollments: 1 }
      ])
    }))

  it.effect("events reach the sessions of a class, a classroom, an enrollment, a student on leave; and attendances", () =>
    Effect.gen(function*() {
      const { academyId, algebra, attend, meet, pupil, sql } = yield* school
      const { reached } = yield* ReadModelSource
      const other = yield* school
      yield* other.meet(monday)
      const room = randomUUID()
      yield* sql`insert into classroom (id, academy_id, name, version) values (${room}, ${academyId}, 'r', 1)`
      yield* sql`update class set classroom_id = ${room} where id = ${algebra}`
      const [first, second] = [yield* meet(monday), yield* meet(tuesday)]
      const [one, two] = [yield* pupil("one"), yield* pupil("two", tuesday)]
      const attendance = yield* attend(algebra, first, one.id, "PRESENT")
      const both = [["session", first], ["session", second]]
      const at = (...found: ReadonlyArray<ReadonlyArray<string>>) => found.toSorted()
      const reach = (...list: Parameters<typeof reached>[0]) => Effect.map(reached(list), (found) => found.toSorted())
      expect(yield* reach({ of: "class", id: ClassId.make(algebra) })).toEqual(at(...both, ["attendance", attendance]))
      expect(yield* reach({ of: "classroom", id: ClassroomId.make(room) })).toEqual(at(...both))
      expect(yield* reach({ of: "enrollment", id: EnrollmentId.make(two.enrollment) })).toEqual([["session", second]])
      expect(yield* reach({ of: "session", id: SessionId.make(first) })).toEqual([["attendance", attendance]])
      const leave = { of: "student", id: MemberId.make(one.id), from: tuesday, until: tuesday } as const
      expect(yield* reach(leave)).toEqual([["session", second]])
      expect(yield* reach({ ...leave, from: monday }, { of: "class", id: ClassId.make(randomUUID()) })).toEqual(
        at(...both)
      )
      expect(yield* reach()).toEqual([])
    }))

  it.effect("events reach the days of a class and of those who are or were on its rolls", () =>
    Effect.gen(function*() {
      const { academyId, algebra, attend, meet, member, pupil, sql } = yield* school
      const { figuresReached } = yield* ReadModelSource
      const [closed, open] = [yield* meet(monday, "CLOSED"), yield* meet(tuesday)]
      const [came, absent, later] = [yield* pupil("came"), yield* pupil("absent"), yield* pupil("later", tuesday)]
      yield* attend(algebra, open, came.id, "REQUESTED")
      const reach = (...list: Parameters<typeof figuresReached>[0]) =>
        Effect.map(figuresReached(list), (found) => found.toSorted())
      const classDay = (day: string) => ["class_day", `${algebra}:${day}`]
      const of = (student: string, day: string) => ["student_day", `${student}:${algebra}:${day}`]
      const at = (...found: ReadonlyArray<ReadonlyArray<string>>) => found.toSorted()
      const day = (date: string) => `${algebra}:${date}`

      expect(yield* reach({ of: "day", id: day(monday) })).toEqual(
        at(classDay(monday), of(came.id, monday), of(absent.id, monday))
      )
      expect(yield* reach({ of: "day", id: day(tuesday) })).toEqual(at(classDay(tuesday), of(came.id, tuesday)))
      expect(yield* reach({ of: "unrecorded", id: day(monday) })).toEqual(
        at(of(came.id, monday), of(absent.id, monday))
      )
      expect(yield* reach({ of: "unrecorded", id: day(tuesday) })).toEqual([])
      expect(yield* reach({ of: "class", id: ClassId.make(algebra) })).toEqual(
        at(classDay(monday), classDay(tuesday), of(came.id, monday), of(absent.id, monday), of(came.id, tuesday))
      )
      // Moved away: whoever had checked in is found by the session.
      const moved = LocalDate.make("2026-03-09")
      expect(yield* reach({ of: "session", id: SessionId.make(open), date: moved })).toEqual([of(came.id, moved)])
      expect(yield* reach({ of: "enrollment", id: EnrollmentId.make(absent.enrollment) })).toEqual(
        at(classDay(monday), classDay(tuesday), of(absent.id, monday), ["academy_day", `${academyId}:${monday}`])
      )
      expect(yield* reach({ of: "enrollment", id: EnrollmentId.make(later.enrollment) })).toEqual(
        at(classDay(tuesday), ["academy_day", `${academyId}:${tuesday}`])
      )

      const newcomer = yield* member("newcomer", ["PARENT"])
      yield* sql`update member set created_at = '2026-03-02T15:00:00Z' where id = ${newcomer}`
      const arrived = [["academy_day", `${academyId}:${tuesday}`]]
      expect(yield* reach({ of: "member", id: MemberId.make(newcomer) })).toEqual(arrived)
      // Whatever zone it had or has.
      const all = yield* reach({ of: "academy", id: AcademyId.make(academyId) })
      for (const date of ["2026-03-01", monday, tuesday]) {
        expect(all).toContainEqual(["academy_day", `${academyId}:${date}`])
      }
      expect(closed).not.toBe(open)
    }))
})
