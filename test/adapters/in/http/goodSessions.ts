/** Good requests for sessions as they are lived, and the figures that they come to. */
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { Ams, World } from "../../../support/http.ts"
import { arrived, good, office, refused } from "./good.ts"

/** The day's list, the register with who was told what, and the month. */
export const sessions = Effect.gen(function*() {
  const ams = yield* Ams
  const as = yield* office
  const { a } = yield* World
  const { date } = a.own
  const { classId, sessionId } = a.own
  const { attendanceId, params, student, studentId, teacher } = yield* arrived()
  const parentId = a.own.parent.id
  const link = { ...as, params: { studentId }, body: { parentId, relationship: "MOTHER" } }
  yield* good("members.linkGuardian", link)
  yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "PRESENT" }] } })
  yield* ams.settled

  const query = `?date=${date}&limit=100`
  const entry = { studentId, status: "PRESENT", expected: true, attendanceId, leave: null, absence: null }
  const one = expect.objectContaining({ id: sessionId, classId, date, status: "SCHEDULED", moved: false })
  const counted = expect.objectContaining({
    id: sessionId,
    counts: expect.objectContaining({ none: expect.any(Number) })
  })
  const all = yield* good("registers.ofDay", { ...as, query })
  expect(all).toContainEqual(one)
  expect(all).toContainEqual(counted)
  // Today is the day at the academy when none is named.
  expect(yield* good("registers.ofDay", { ...as })).toEqual(expect.any(Array))
  expect(yield* good("registers.ofDay", { ...teacher, query })).toMatchObject([{ id: sessionId, student: null }])
  const own = yield* good("registers.ofDay", { ...student, query })
  expect(own).toMatchObject([{ id: sessionId, counts: null, student: entry }])
  expect(JSON.stringify(own)).not.toContain(a.own.student.id)

  const register = yield* good("registers.show", { ...teacher, params })
  expect(register).toMatchObject({
    id: sessionId,
    counts: { present: expect.any(Number) },
    students: expect.arrayContaining([expect.objectContaining(entry)]),
    told: expect.arrayContaining([expect.objectContaining({
      kind: "CHECK_IN",
      studentId,
      recipientId: parentId,
      recipientName: expect.any(String),
      relationship: "MOTHER",
      status: "ACCEPTED",
      channel: "KAKAO_TALK",
      reason: null
    })])
  })
  const { told: _, ...shown } = { told: [], ...Object(register) }
  expect(yield* good("registers.events", { ...teacher, params })).toEqual(shown)
  const day = yield* good("registers.dayEvents", as)
  expect(day).toMatchObject({ date: expect.any(String), sessions: expect.any(Array) })

  const month = yield* good("registers.month", { ...teacher, params: { classId, month: date.slice(0, 7) } })
  expect(month).toMatchObject({
    sessions: expect.arrayContaining([one]),
    students: expect.arrayContaining([
      { studentId, name: expect.any(String), statuses: expect.arrayContaining(["PRESENT"]) }
    ])
  })
})

/** Whom one finds by a few letters. */
export const search = Effect.gen(function*() {
  const ams = yield* Ams
  const as = yield* office
  const found = (typed: string) => good("members.list", { ...as, query: `?name=${encodeURIComponent(typed)}` })
  const profile = { schoolName: "school", schoolType: "PRIMARY", grade: 3 }
  // As a Mac sends it.
  const name = "남궁민수".normalize("NFD")
  yield* good("members.create", { ...as, body: { name, roles: ["STUDENT"], studentProfile: profile } })
  yield* ams.settled
  for (const typed of ["남궁", "ㄴㄱㅁㅅ", "궁미", "남ㄱ", "남궁".normalize("NFD"), "  민수 "]) {
    expect(yield* found(typed)).toMatchObject([{ name: "남궁민수" }])
  }
  expect(yield* found("ㄴㅁㅅ")).toEqual([])
  expect(yield* found(".*")).toEqual([])
  for (const typed of ["", " ", "a\u0000", "x".repeat(61)]) {
    const query = `?name=${encodeURIComponent(typed)}`
    yield* refused("members.list", { ...as, query }, 400, "COMMON_VALIDATION_FAILED")
  }
})

/** Of the academy, a class, a teacher, a student; by day and as a whole. */
export const figures = Effect.gen(function*() {
  const ams = yield* Ams
  const as = yield* office
  const { a } = yield* World
  const { classId, date, parent } = a.own
  const { params, studentId, teacher } = yield* arrived()
  yield* good("attendances.confirm", { ...teacher, params, body: { students: [{ studentId, status: "LATE" }] } })
  const link = { ...as, params: { studentId }, body: { parentId: parent.id, relationship: "MOTHER" } }
  yield* good("members.linkGuardian", link)
  yield* ams.settled
  const asked = (of: string, id: string, by: string, from = date, to = date) => ({
    query: `?of=${of}&id=${id}&by=${by}&dateFrom=${from}&dateTo=${to}`
  })
  const day = { from: date, until: date, sessions: 1, held: 0, requested: 0, late: 1, attendanceRate: 1 }
  const nobodyElse = { newMembers: null, newEnrollments: null }
  const ofStudent = asked("STUDENT", studentId, "DAY")
  for (const reader of [as, teacher, { token: parent.token }]) {
    expect(yield* good("statistics.figures", { ...reader, ...ofStudent })).toMatchObject([{ ...day, ...nobodyElse }])
  }
  const ofClass = yield* good("statistics.figures", { ...teacher, ...asked("CLASS", classId, "RANGE") })
  expect(ofClass).toMatchObject([{ from: date, until: date, ...nobodyElse }])
  const ofTeacher = asked("TEACHER", a.own.teacher.id, "RANGE")
  expect(yield* good("statistics.figures", { ...teacher, ...ofTeacher })).toEqual(ofClass)
  const week = asked("ACADEMY", a.id, "DAY", date, addDays(date, 6))
  const rows = yield* good("statistics.figures", { ...as, ...week })
  expect(rows).toHaveLength(7)
  expect(rows).toContainEqual(expect.objectContaining({ newMembers: expect.any(Number) }))
  for (const [from, to] of [[date, addDays(date, -1)], [date, addDays(date, 731)]] as const) {
    const problem = yield* refused(
      "statistics.figures",
      { ...as, ...asked("ACADEMY", a.id, "WEEK", from, to) },
      400,
      "STATISTICS_INVALID_PERIOD"
    )
    expect(problem.errors).toMatchObject([{ pointer: "/query/dateTo" }])
  }
})
