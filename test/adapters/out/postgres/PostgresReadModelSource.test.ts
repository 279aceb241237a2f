import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as PostgresReadModelSource from "../../../../src/adapters/out/postgres/PostgresReadModelSource.ts"
import { ClassId } from "../../../../src/domain/Ids.ts"
import { LocalDate } from "../../../../src/domain/LocalTime.ts"
import { classDayId, kinds } from "../../../../src/domain/ReadModel.ts"
import { ReadModelSource } from "../../../../src/ports/ReadModelSource.ts"
import { freshDatabase } from "../../../support/postgres.ts"
import { seeding } from "../../../support/rows.ts"

const source = PostgresReadModelSource.layer.pipe(Layer.provideMerge(freshDatabase))

layer(source, { excludeTestServices: true })("PostgresReadModelSource", (it) => {
  it.effect("loads members with their roles, school and guardians", () =>
    Effect.gen(function*() {
      const { academyId, guardian, member, sql } = yield* seeding
      const { load } = yield* ReadModelSource
      const [student, mother, father] = [
        yield* member("Kim Minsu", ["STUDENT"]),
        yield* member("Park Jiwoo", ["PARENT", "TEACHER"]),
        yield* member("Kim Joon", ["PARENT"])
      ]
      const administrator = yield* member("Administrator", ["ADMINISTRATOR"], null)
      yield* sql`insert into student_profile values (${student}, 'Seoul High School', 'HIGH', 2)`
      yield* sql`update member set phone = '+821012345678' where id = ${mother}`
      yield* guardian(student, father, "FATHER", false)
      yield* guardian(student, mother, "MOTHER", true)

      const nobody = randomUUID()
      const documents = yield* load("member", [nobody, student, mother, administrator, student])
      expect(documents.map(({ doc, id }) => ({ id, doc }))).toEqual([
        { id: nobody, doc: null },
        {
          id: student,
          doc: {
            id: student,
            academyId,
            name: "Kim Minsu",
            phone: null,
            roles: ["STUDENT"],
            status: "ACTIVE",
            schoolName: "Seoul High School",
            grade: 2,
            guardians: [
              { id: mother, name: "Park Jiwoo", relationship: "MOTHER" },
              { id: father, name: "Kim Joon", relationship: "FATHER" }
            ]
          }
        },
        {
          id: mother,
          doc: {
            id: mother,
            academyId,
            name: "Park Jiwoo",
            phone: "+821012345678",
            roles: ["PARENT", "TEACHER"],
            status: "ACTIVE",
            schoolName: null,
            grade: null,
            guardians: []
          }
        },
        { id: administrator, doc: null }
      ])
    }))

  it.effect("loads classes with their teacher, slots by weekday, and who is enrolled", () =>
    Effect.gen(function*() {
      const { academyId, course, enroll, member, slot } = yield* seeding
      const { load } = yield* ReadModelSource
      const teacher = yield* member("Lee", ["TEACHER"])
      const algebra = yield* course(teacher)
      yield* slot(algebra, "WED", "22:00", "00:30")
      yield* slot(algebra, "MON", "16:30", "18:00")
      const [first, second] = [yield* member("student", ["STUDENT"]), yield* member("student", ["STUDENT"])]
      yield* enroll(algebra, first, "2026-03-01", null)
      yield* enroll(algebra, second, "2026-03-01", null)
      yield* enroll(algebra, yield* member("student", ["STUDENT"]), "2026-03-01", null, "CANCELLED")
      const [document] = yield* load("class", [algebra])
      expect(document?.doc).toEqual({
        id: algebra,
        academyId,
        name: "Algebra",
        subject: "Mathematics",
        teacherId: teacher,
        teacherName: "Lee",
        capacity: 12,
        enrolled: 2,
        studentIds: [first, second].sort(),
        startDate: "2026-03-01",
        endDate: null,
        status: "ACTIVE",
        schedules: [
          { dayOfWeek: "MON", startTime: "16:30", endTime: "18:00" },
          { dayOfWeek: "WED", startTime: "22:00", endTime: "00:30" }
        ]
      })
    }))

  it.effect("loads attendance with the session's day and instants in UTC", () =>
    Effect.gen(function*() {
      const { academyId, attend, course, member, session, slot } = yield* seeding
      const { load } = yield* ReadModelSource
      const algebra = yield* course(yield* member("Lee", ["TEACHER"]))
      const student = yield* member("Kim Minsu", ["STUDENT"])
      // Planned on the academy's day; moved to another instant since.
      const held = yield* session(algebra, yield* slot(algebra, "MON", "16:30", "18:00"), "2026-03-09")
      const id = yield* attend(algebra, held, student, "REQUESTED", new Date("2026-03-02T07:25:00Z"))
      const [document] = yield* load("attendance", [id])
      expect(document?.doc).toEqual({
        id,
        academyId,
        sessionId: held,
        classId: algebra,
        className: "Algebra",
        date: "2026-03-09",
        startsAt: "2026-03-02T07:30:00.120Z",
        studentId: student,
        studentName: "Kim Minsu",
        status: "REQUESTED",
        requestedAt: "2026-03-02T07:25:00.000Z",
        confirmedAt: null,
        version: 1
      })
    }))

  it.effect("counts a class's day over its sessions", () =>
    Effect.gen(function*() {
      const { academyId, attend, course, enroll, member, session, slot } = yield* seeding
      const { load } = yield* ReadModelSource
      const teacher = yield* member("Lee", ["TEACHER"])
      const algebra = yield* course(teacher)
      const [first, second, third] = [
        yield* slot(algebra, "MON", "10:00", "11:00"),
        yield* slot(algebra, "MON", "14:00", "15:00"),
        yield* slot(algebra, "MON", "17:00", "18:00")
      ]
      const [morning, noon, cancelled] = [
        yield* session(algebra, first, "2026-03-02"),
        yield* session(algebra, second, "2026-03-02", "CLOSED"),
        yield* session(algebra, third, "2026-03-02", "CANCELLED")
      ]
      const statuses = ["PRESENT", "LATE", "ABSENT", "EXCUSED", "REQUESTED", "NONE"]
      for (const [n, status] of statuses.entries()) {
        const student = yield* member(status, ["STUDENT"])
        // The day is the first of the one's and the last of the other's.
        yield* n % 2 === 0
          ? enroll(algebra, student, "2026-03-02", null)
          : enroll(algebra, student, "2026-02-01", "2026-03-02")
        yield* attend(algebra, morning, student, status)
        if (n < 2) yield* attend(algebra, noon, student, "PRESENT")
        yield* attend(algebra, cancelled, student, "ABSENT")
      }
      yield* enroll(algebra, yield* member("left", ["STUDENT"]), "2026-02-01", "2026-03-01")
      yield* enroll(algebra, yield* member("comes", ["STUDENT"]), "2026-03-03", null)
      yield* enroll(algebra, yield* member("cancelled", ["STUDENT"]), "2026-02-01", "2026-03-01", "CANCELLED")
      // Another day, with nothing but a cancelled session.
      yield* session(algebra, first, "2026-03-09", "CANCELLED")

      const id = (day: string) => classDayId(ClassId.make(algebra), LocalDate.make(day))
      const documents = yield* load("class_day", [
        id("2026-03-02"),
        id("2026-03-09"),
        id("2026-03-16"),
        `${randomUUID()}:2026-03-02`
      ])
      const counted = {
        academyId,
        classId: algebra,
        teacherId: teacher,
        date: "2026-03-02",
        sessions: 2,
        held: 1,
        expected: 12,
        requested: 1,
        present: 3
      }
      expect(documents.map(({ doc }) => doc)).toEqual([
        // One is marked ABSENT in the morning; at noon, which is over, nothing is known of four.
        { ...counted, late: 1, absent: 5, excused: 1, attendanceRate: 4 / 9 },
        {
          ...counted,
          date: "2026-03-09",
          sessions: 0,
          held: 0,
          expected: 0,
          requested: 0,
          present: 0,
          late: 0,
          absent: 0,
          excused: 0,
          attendanceRate: null
        },
        null,
        null
      ])
    }))

  it.effect("draws a greater number for each load, before it reads", () =>
    Effect.gen(function*() {
      const { member, sql } = yield* seeding
      const { asOf, load } = yield* ReadModelSource
      const id = yield* member("before", ["STUDENT"])
      const before = yield* asOf
      const [first] = yield* load("member", [id])
      yield* sql`update member set name = 'after' where id = ${id}`
      const [second] = yield* load("member", [id, randomUUID()])
      yield* sql`delete from member where id = ${id}`
      const [gone] = yield* load("member", [id])
      const numbers = [before, first?.asOf, second?.asOf, gone?.asOf, yield* asOf].map(Number)
      expect(numbers).toEqual([0, 1, 2, 3, 4].map((n) => before + n))
      expect([first?.doc?.name, second?.doc?.name, gone?.doc]).toEqual(["before", "after", null])
      expect(yield* load("member", [])).toEqual([])
    }))

  it.effect("walks through all ids of each kind, and counts them", () =>
    Effect.gen(function*() {
      const { attend, course, enroll, member, session, slot } = yield* seeding
      const source = yield* ReadModelSource
      const algebra = yield* course(yield* member("Lee", ["TEACHER"]))
      const monday = yield* slot(algebra, "MON", "16:30", "18:00")
      for (const day of ["2026-04-13", "2026-03-30", "2026-04-06"]) {
        const held = yield* session(algebra, monday, day)
        for (const _ of [1, 2]) {
          const student = yield* member("student", ["STUDENT"])
          yield* enroll(algebra, student, day, null)
          yield* attend(algebra, held, student, "PRESENT")
        }
      }
      const geometry = yield* course(yield* member("Lee", ["TEACHER"]))
      yield* session(geometry, yield* slot(geometry, "MON", "10:00", "11:00"), "2026-04-06")
      for (const kind of kinds) {
        const seen: Array<string> = []
        for (
          let page = yield* source.ids(kind, null, 2);
          page.length > 0;
          page = yield* source.ids(kind, page.at(-1) ?? null, 2)
        ) {
          expect(page.length).toBeLessThanOrEqual(2)
          seen.push(...page)
        }
        expect(seen).toEqual([...new Set(seen)].sort())
        expect(seen.length).toBeGreaterThan(0)
        const counted = yield* source.count(kind)
        // Of these two only about how many: somebody waits, and looks at a bar.
        if (kind === "student_day" || kind === "academy_day") expect(counted).toBeGreaterThan(0)
        else expect(seen.length).toBe(counted)
        expect((yield* source.load(kind, seen)).filter(({ doc }) => doc === null)).toEqual([])
      }
    }))

  it.effect("tells the epoch", () =>
    Effect.gen(function*() {
      const { epoch } = yield* ReadModelSource
      expect(yield* epoch).toMatch(/^[0-9a-f-]{36}$/)
      expect(yield* epoch).toBe(yield* epoch)
    }))
})
