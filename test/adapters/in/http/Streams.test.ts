import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { alone, person } from "../../../support/academy.ts"
import { becomes } from "../../../support/ams.ts"
import { Ams, World } from "../../../support/http.ts"
import { read as readFrom } from "../../../support/stream.ts"
import { problemOf } from "./problem.ts"

const read = Effect.fnUntraced(function*(path: string, token: string) {
  return yield* readFrom(`http://127.0.0.1:${(yield* Ams).port}/api/v1${path}`, token)
})
/** The newest snapshot. */
const newest = (reader: Effect.Success<ReturnType<typeof read>>) => Effect.sync(() => reader.snapshots().at(-1))

layer(World.layer, { excludeTestServices: true })("a live view", (it) => {
  it.effect("of a register: as it is now, and again with each change, to the teacher and the office", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { sessionId, student, teacher } = (yield* World).a.own
      const path = `/sessions/${sessionId}/register/events`
      const [atDesk, inClass] = [yield* read(path, (yield* World).a.manager.token), yield* read(path, teacher.token)]
      for (const reader of [atDesk, inClass]) {
        expect(reader.status).toBe(200)
        expect(reader.contentType).toContain("text/event-stream")
        yield* becomes(
          newest(reader),
          (data) => expect(data).toMatchObject({ id: sessionId, counts: { expected: 1, none: 1, requested: 0 } })
        )
        expect(JSON.stringify(reader.snapshots())).not.toContain("studentIds")
      }
      yield* ams.make(`/api/v1/sessions/${sessionId}/attendances`, undefined, { token: student.token })
      for (const reader of [atDesk, inClass]) {
        yield* becomes(newest(reader), (data) =>
          expect(data).toMatchObject({
            counts: { requested: 1 },
            students: [{ studentId: student.id, status: "REQUESTED" }]
          }))
      }
      const body = { students: [{ studentId: student.id, status: "PRESENT" }] }
      yield* ams.call("POST", `/api/v1/sessions/${sessionId}/attendances/confirm`, { token: teacher.token, body })
      yield* becomes(newest(inClass), (data) => expect(data).toMatchObject({ counts: { requested: 0, present: 1 } }))
      // What did not change was not sent again.
      expect(inClass.snapshots()).toHaveLength(3)
    }))

  it.effect("of an academy's day: all sessions to the office, the own ones to a teacher", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { b } = yield* World
      const office = yield* read("/academy/day/events", b.manager.token)
      const teacher = yield* read("/academy/day/events", b.own.teacher.token)
      const ids = (data: unknown) => JSON.stringify(data)
      yield* becomes(newest(office), (data) => expect(ids(data)).toContain(b.own.sessionId))
      yield* becomes(newest(teacher), (data) => expect(ids(data)).toContain(b.own.sessionId))
      expect(ids(yield* newest(teacher))).not.toContain(b.other.classId)
      const { sessionId, student } = b.own
      yield* ams.make(`/api/v1/sessions/${sessionId}/attendances`, undefined, { token: student.token })
      for (const reader of [office, teacher]) {
        yield* becomes(newest(reader), (data) =>
          expect(data).toMatchObject({
            sessions: expect.arrayContaining([
              expect.objectContaining({
                id: sessionId,
                counts: expect.objectContaining({ requested: 1 }),
                student: null
              })
            ])
          }))
      }
      expect(ids(yield* newest(office))).not.toContain(student.id)
    }))

  it.effect("is for nobody else, and ends for whoever may not see it any more", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const { sessionId } = a.other
      const path = `/api/v1/sessions/${sessionId}/register/events`
      for (const { token } of [a.own.teacher, a.other.student, a.other.parent]) {
        problemOf(yield* ams.call("GET", path, { token }), 403)
      }
      problemOf(yield* ams.call("GET", "/api/v1/academy/day/events", { token: a.own.student.token }), 403)

      const manager = yield* ams.make("/api/v1/members", person("MANAGER"), a.office)
      const reader = yield* read(`/sessions/${sessionId}/register/events`, yield* ams.token(manager))
      yield* becomes(newest(reader), (data) => expect(data).toMatchObject({ id: sessionId }))
      yield* ams.sql(`update member set status = 'INACTIVE' where id = '${manager}'`)
      const enter = Effect.gen(function*() {
        const someone = yield* ams.make("/api/v1/members", person("STUDENT"), a.office)
        yield* ams.make(`/api/v1/classes/${a.other.classId}/enrollments`, { studentId: someone, ...alone }, a.office)
      })
      // Who may do what is known for a second; each change makes the reader look again.
      yield* becomes(Effect.map(enter, reader.isOver), (over) => expect(over).toBe(true))
    }))

  it.effect("goes on for the others when one of them does not read", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const path = `/sessions/${a.own.sessionId}/register/events`
      const [slow, quick] = [yield* read(path, a.manager.token), yield* read(path, a.manager.token)]
      slow.pause()
      for (let n = 0; n < 5; n++) {
        const someone = yield* ams.make("/api/v1/members", person("STUDENT"), a.office)
        yield* ams.make(
          `/api/v1/classes/${a.own.classId}/enrollments`,
          { studentId: someone, from: a.own.date, ...alone },
          a.office
        )
        yield* becomes(newest(quick), (data) => expect(JSON.stringify(data)).toContain(someone))
      }
    }))
})

layer(Ams.layer({ development: true, liveStreams: 2 }), { excludeTestServices: true })("live views", (it) => {
  it.effect("are as many as a process may have; who leaves makes room", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const admin = yield* ams.admin
      const id = yield* ams.make("/api/v1/academies", { name: "n", registrationNumber: "streams" }, { token: admin })
      const office = { token: admin, headers: { "x-ams-academy": id } }
      const token = yield* ams.token(yield* ams.make("/api/v1/members", person("MANAGER"), office))
      const day = "/academy/day/events"
      const [first, second] = [yield* read(day, token), yield* read(day, token)]
      yield* becomes(Effect.sync(() => [first, second].map((one) => one.snapshots().length)), (n) =>
        expect(n).toEqual([1, 1]))
      problemOf(yield* ams.call("GET", `/api/v1${day}`, { token }), 503, "COMMON_TOO_MANY_STREAMS")
      first.close()
      yield* becomes(ams.call("GET", `/api/v1${day}`, { token }), ({ status }) =>
        expect(status).toBe(200))
    }))
})
