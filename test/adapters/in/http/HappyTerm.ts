/** Good requests about what a term needs: the academy's calendar and rooms, classes edited, single sessions. */
import { expect, type Vitest } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { addDays, dateIn } from "../../../../src/domain/LocalTime.ts"
import { away, daily, person, zone } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { arrived, file, good, idOf, make, office, refused } from "./good.ts"

const Sessions = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({
    id: Schema.String,
    date: Schema.String,
    startsAt: Schema.String,
    status: Schema.String,
    cause: Schema.NullOr(Schema.String)
  }))
)
const always = "?dateFrom=2026-01-01&dateTo=2999-12-31"

const sessionsOf = (classId: string) =>
  Effect.flatMap(
    office,
    (as) =>
      Effect.map(good("classes.sessions", { ...as, params: { classId }, query: always }), (found) => Sessions(found))
  )

/** A class that meets every day, first in two hours, with a teacher of its own. */
const someClass = Effect.fnUntraced(function*(body: object = {}) {
  const as = yield* office
  const now = yield* DateTime.now
  const teacherId = yield* make("members.create", { ...as, body: person("TEACHER") })
  const schedules = daily(now, 120, 60)
  const classId = yield* make("classes.create", {
    ...as,
    body: { name: "국어", subject: "국어", teacherId, capacity: 5, schedules, ...body }
  })
  return { as, classId, teacherId, schedules, today: dateIn(zone, now), params: { classId }, now }
})

export const term = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("edits a class: sessions follow, what somebody touched stays and is named", () =>
    Effect.gen(function*() {
      const { as, classId, now, params, schedules } = yield* someClass()
      const [first, second] = yield* sessionsOf(classId)
      const reason = "the teacher is ill"
      const cancel = { ...as, params: { sessionId: first?.id ?? "" }, body: { reason } }
      expect(yield* good("sessions.cancel", cancel)).toMatchObject({ status: "CANCELLED", cause: "PERSON", reason })
      yield* refused("sessions.cancel", cancel, 409, "SESSION_OVER")
      const there = { ...as, params: { sessionId: first?.id ?? "" } }
      expect(yield* good("sessions.show", there)).toMatchObject({ id: first?.id, status: "CANCELLED", version: 2 })

      const slots = schedules.map((slot) => ({ ...slot, ...away(now, 480) }))
      const edited = yield* good("classes.edit", { ...as, params, body: { name: "국어 2", schedules: slots } })
      expect(edited).toMatchObject({
        class: { id: classId, name: "국어 2", subject: "국어", version: 2 },
        leftAlone: [{ id: first?.id, status: "CANCELLED" }]
      })
      const after = yield* sessionsOf(classId)
      expect(after.map(({ id }) => id)).toContain(first?.id)
      expect(after.map(({ id }) => id)).not.toContain(second?.id)
      expect(yield* good("classes.show", { ...as, params })).toMatchObject({ name: "국어 2", schedules: slots })
      // Back as it was: the same sessions again.
      yield* good("classes.edit", { ...as, params, body: { schedules } })
      expect((yield* sessionsOf(classId)).map(({ id }) => id)).toContain(second?.id)
      yield* refused("classes.edit", { ...as, params, body: { endDate: "2020-01-01" } }, 422, "CLASS_INVALID_SCHEDULE")
      const twice = [{ dayOfWeek: "SUN", startTime: "23:00", endTime: "01:00" }, {
        dayOfWeek: "MON",
        startTime: "00:30",
        endTime: "02:00"
      }]
      yield* refused("classes.edit", { ...as, params, body: { schedules: twice } }, 422, "CLASS_INVALID_SCHEDULE")
    }))

  it.effect("closes a class: nothing is to come any more", () =>
    Effect.gen(function*() {
      const { as, classId, now, params, today } = yield* someClass()
      const add = {
        ...as,
        params,
        body: { date: addDays(today, 2), ...away(now, 480), reason: "more" }
      }
      yield* good("sessions.add", add)
      expect(yield* good("classes.close", { ...as, params })).toMatchObject({ status: "COMPLETED" })
      expect(yield* sessionsOf(classId)).toEqual([])
      yield* refused("classes.close", { ...as, params }, 409, "CLASS_NOT_ACTIVE")
      yield* refused("classes.edit", { ...as, params, body: { fee: 1 } }, 409, "CLASS_NOT_ACTIVE")
      yield* refused("sessions.add", add, 409, "CLASS_NOT_ACTIVE")
    }))

  it.effect("moves a session and adds one, where the teacher, the room and the students are free", () =>
    Effect.gen(function*() {
      const name = "음악실"
      const as = yield* office
      const room = yield* good("academy.addClassroom", { ...as, body: { name, location: "3F", capacity: 12 } })
      const classroomId = idOf(room)
      expect(room).toMatchObject({ name, location: "3F", capacity: 12, version: 1 })
      yield* refused("academy.addClassroom", { ...as, body: { name } }, 409, "CLASSROOM_DUPLICATE")
      const changed = { ...as, params: { classroomId }, body: { name, capacity: 10 } }
      expect(yield* good("academy.changeClassroom", changed)).toMatchObject({
        location: null,
        capacity: 10,
        version: 2
      })
      expect(yield* good("academy.classroom", { ...as, params: { classroomId } })).toMatchObject({ name, version: 2 })
      expect(yield* good("academy.classrooms", as)).toMatchObject([{ id: classroomId, capacity: 10 }])

      const one = yield* someClass({ classroomId })
      const elsewhere = { name: "영어", subject: "영어", capacity: 5, schedules: one.schedules }
      const conflict = yield* refused(
        "classes.create",
        { ...as, body: { ...elsewhere, teacherId: one.teacherId } },
        409,
        "SCHEDULE_CONFLICT_TEACHER"
      )
      const [first] = yield* sessionsOf(one.classId)
      expect(conflict.detail).toContain(first?.id)
      const teacherId = yield* make("members.create", { ...as, body: person("TEACHER") })
      yield* refused(
        "classes.create",
        { ...as, body: { ...elsewhere, teacherId, classroomId } },
        409,
        "SCHEDULE_CONFLICT_CLASSROOM"
      )
      yield* refused(
        "classes.create",
        { ...as, body: { ...elsewhere, teacherId, classroomId: one.classId } },
        422,
        "CLASS_NO_SUCH_CLASSROOM"
      )
      const other = yield* someClass()
      const [, theirs] = yield* sessionsOf(other.classId)
      const when = { date: addDays(one.today, 4), ...away(one.now, 480) }
      const move = { ...as, params: { sessionId: theirs?.id ?? "" }, body: { ...when, reason: "a trip" } }
      expect(yield* good("sessions.move", move)).toMatchObject({ date: when.date, moved: true, reason: "a trip" })
      const added = { ...as, params: other.params, body: when }
      yield* refused("sessions.add", added, 409, "SCHEDULE_CONFLICT_TEACHER")
      expect(yield* good("sessions.add", { ...added, body: { ...when, ...away(one.now, 490) } }))
        .toMatchObject({ scheduleId: null, plannedOn: null, status: "SCHEDULED", reason: null })
      yield* refused(
        "sessions.move",
        { ...move, body: { ...move.body, date: addDays(one.today, 30) } },
        422,
        "SESSION_OUTSIDE_PLANNING"
      )
    }))

  it.effect("keeps a holiday, and takes it back", () =>
    Effect.gen(function*() {
      const { as, classId, now, today } = yield* someClass()
      const date = addDays(today, 5)
      const [moved] = yield* sessionsOf(classId)
      const move = { date, ...away(now, 480), reason: "a trip" }
      yield* good("sessions.move", { ...as, params: { sessionId: moved?.id ?? "" }, body: move })
      const day = () => Effect.map(sessionsOf(classId), (all) => all.filter((one) => one.date === date))
      const put = yield* good("academy.putHoliday", { ...as, params: { date }, body: { name: "개원기념일" } })
      expect(put).toMatchObject({ holiday: { date, name: "개원기념일" }, leftAlone: [{ id: moved?.id }] })
      expect(new Set((yield* day()).map(({ cause, status }) => `${status} ${cause}`)))
        .toEqual(new Set(["SCHEDULED null", "CANCELLED HOLIDAY"]))
      expect(yield* good("academy.holidays", as)).toContainEqual({ date, name: "개원기념일" })
      expect(yield* good("academy.removeHoliday", { ...as, params: { date } })).toEqual({ date })
      expect(new Set((yield* day()).map(({ status }) => status))).toEqual(new Set(["SCHEDULED"]))
      yield* refused(
        "academy.removeHoliday",
        { ...as, params: { date: addDays(today, -2) } },
        422,
        "ACADEMY_HOLIDAY_PAST"
      )
    }))

  it.effect("changes its settings", () =>
    Effect.gen(function*() {
      const as = yield* office
      const body = { phone: "02-555-1234", address: null }
      const changed = yield* good("academy.change", { ...as, body })
      expect(changed).toMatchObject({ academy: { ...body, timeZone: zone }, leftAlone: [] })
      expect(yield* good("academy.show", as)).toMatchObject(body)
    }))

  it.effect("takes the register and a month away as files, named by the class, and in the format that was asked for", () =>
    Effect.gen(function*() {
      const { a } = yield* World
      const { classId, date, sessionId, teacher } = a.own
      const params = { classId, sessionId, month: date.slice(0, 7) }
      const { studentId } = yield* arrived()
      yield* (yield* Ams).settled
      const text = yield* file("exports.register", { token: teacher.token, params, query: "?format=csv" })
      const said = new TextDecoder().decode(text.bytes)
      expect(said.slice(0, 40)).toContain("번호,이름,상태")
      expect(said).toMatch(/^\d+,[^,]+,대기,\d\d:\d\d,,,\r?$/m)
      expect(studentId).not.toBe("")
      const register = yield* good("registers.show", { token: teacher.token, params })
      const { className } = yield* Schema.decodeUnknownEffect(Schema.Struct({ className: Schema.String }))(register)
      expect(text.disposition).toBe(
        `attachment; filename="export.csv"; filename*=UTF-8''${encodeURIComponent(`${className} ${date} 출석부.csv`)}`
      )
      const book = yield* file("exports.month", { ...yield* office, params, query: "?format=xlsx" })
      expect(book.type).toBe("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
      expect(book.disposition).toContain(encodeURIComponent(`${className} ${params.month} 출결.xlsx`))
      expect([...book.bytes.subarray(0, 2)]).toEqual([...new TextEncoder().encode("PK")])
    }))
}
