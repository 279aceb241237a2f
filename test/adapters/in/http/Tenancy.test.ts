import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { person } from "../../../support/academy.ts"
import { Ams, type House, type Sent, World } from "../../../support/http.ts"
import { asked } from "./asked.ts"
import { endpoints } from "./endpoints.ts"
import { Known, nothing, prepare } from "./known.ts"
import { problemOf } from "./problem.ts"

/**
 * Who gets what. At academy A teacher, student and parent belong to one class; teacher', student' and parent' to
 * another. "own" is what belongs to the first class, "B's" what belongs to another academy. An administrator names no
 * academy, or A.
 */
const table = `
                                 nobody  admin  at A  manager  teacher  teacher'  student  student'  parent  parent'
auth.me                             401    200   200      200      200       200      200       200     200      200
auth.sessions                       401    200   200      200      200       200      200       200     200      200
auth.endSession someone's           401    404   404      404      404       404      200       404     404      404
auth.endOthers                      401    200   200      200      200       200      200       200     200      200
auth.changePassword                 401    404   404      404      404       404      404       404     404      404
auth.changePhone                    401    422   422      422      422       422      422       422     422      422
auth.deactivate                     401    404   404      404      404       404      404       404     404      404
academies.create                    401    201   201      403      403       403      403       403     403      403
members.create a student            401    400   201      201      403       403      403       403     403      403
members.create a manager            401    400   201      403      403       403      403       403     403      403
members.create an administrator     401    400   403      403      403       403      403       403     403      403
members.list                        401    400   200      200      200       200      403       403     403      403
members.show own                    401    400   200      200      403       403      403       403     403      403
members.show B's                    401    400   404      404      403       403      403       403     403      403
members.edit own                    401    400   200      200      403       403      403       403     403      403
members.edit B's                    401    400   404      404      403       403      403       403     403      403
members.edit a manager              401    400   200      403      403       403      403       403     403      403
members.changeRoles own             401    400   200      200      403       403      403       403     403      403
members.changeRoles B's             401    400   404      404      403       403      403       403     403      403
members.changeRoles to a manager    401    400   200      403      403       403      403       403     403      403
members.approve own                 401    400   200      200      403       403      403       403     403      403
members.approve B's                 401    400   404      404      403       403      403       403     403      403
members.reject own                  401    400   200      200      403       403      403       403     403      403
members.reject B's                  401    400   404      404      403       403      403       403     403      403
members.deactivate own              401    400   200      200      403       403      403       403     403      403
members.deactivate B's              401    400   404      404      403       403      403       403     403      403
members.deactivate a manager        401    400   200      403      403       403      403       403     403      403
members.changeGuardian own          401    400   200      200      403       403      403       403     403      403
members.changeGuardian B's          401    400   404      404      403       403      403       403     403      403
members.unlinkGuardian own          401    400   200      200      403       403      403       403     403      403
members.unlinkGuardian B's          401    400   404      404      403       403      403       403     403      403
members.linkGuardian own            401    400   201      201      403       403      403       403     403      403
members.linkGuardian B's student    401    400   404      404      403       403      403       403     403      403
members.linkGuardian B's parent     401    400   404      404      403       403      403       403     403      403
academy.show                        401    400   200      200      200       200      200       200     200      200
academy.change                      401    400   200      200      403       403      403       403     403      403
academy.holidays                    401    400   200      200      200       200      200       200     200      200
academy.putHoliday                  401    400   200      200      403       403      403       403     403      403
academy.removeHoliday               401    400   200      200      403       403      403       403     403      403
academy.classrooms                  401    400   200      200      200       200      200       200     200      200
academy.addClassroom                401    400   201      201      403       403      403       403     403      403
academy.classroom own               401    400   200      200      200       200      200       200     200      200
academy.classroom B's               401    400   404      404      404       404      404       404     404      404
academy.changeClassroom own         401    400   200      200      403       403      403       403     403      403
academy.changeClassroom B's         401    400   404      404      403       403      403       403     403      403
classes.show own                    401    400   200      200      200       403      403       403     403      403
classes.show B's                    401    400   404      404      404       404      404       404     404      404
classes.edit own                    401    400   200      200      403       403      403       403     403      403
classes.edit B's                    401    400   404      404      403       403      403       403     403      403
classes.edit B's teacher            401    400   422      422      403       403      403       403     403      403
classes.edit B's classroom          401    400   422      422      403       403      403       403     403      403
classes.close own                   401    400   200      200      403       403      403       403     403      403
classes.close B's                   401    400   404      404      403       403      403       403     403      403
sessions.add own                    401    400   201      201      403       403      403       403     403      403
sessions.add B's                    401    400   404      404      403       403      403       403     403      403
sessions.show own                   401    400   200      200      200       403      200       403     200      403
sessions.show B's                   401    400   404      404      404       404      404       404     404      404
sessions.cancel own                 401    400   200      200      403       403      403       403     403      403
sessions.cancel B's                 401    400   404      404      403       403      403       403     403      403
sessions.move own                   401    400   200      200      403       403      403       403     403      403
sessions.move B's                   401    400   404      404      403       403      403       403     403      403
classes.create own teacher          401    400   201      201      403       403      403       403     403      403
classes.create B's teacher          401    400   422      422      403       403      403       403     403      403
classes.list                        401    400   200      200      200       200      200       200     200      200
classes.list own student            401    400   200      200      200       200      200       403     200      403
classes.list B's student            401    400   200      200      200       200      403       403     403      403
classes.sessions own                401    400   200      200      200       403      200       403     200      403
classes.sessions B's                401    400   404      404      404       404      404       404     404      404
enrollments.enroll own              401    400   201      201      403       403      403       403     403      403
enrollments.enroll B's student      401    400   404      404      403       403      403       403     403      403
enrollments.enroll B's class        401    400   404      404      403       403      403       403     403      403
enrollments.list own                401    400   200      200      200       403      403       403     403      403
enrollments.list B's                401    400   404      404      404       404      403       403     403      403
enrollments.show own                401    400   200      200      200       403      403       403     403      403
enrollments.show B's                401    400   404      404      404       404      403       403     403      403
enrollments.cancel own              401    400   200      200      403       403      403       403     403      403
enrollments.cancel B's              401    400   404      404      403       403      403       403     403      403
enrollments.wait own                401    400   201      201      403       403      403       403     403      403
enrollments.wait B's student        401    400   404      404      403       403      403       403     403      403
enrollments.wait B's class          401    400   404      404      403       403      403       403     403      403
enrollments.waiting own             401    400   200      200      200       403      403       403     403      403
enrollments.waiting B's             401    400   404      404      404       404      403       403     403      403
enrollments.stopWaiting own         401    400   200      200      403       403      403       403     403      403
enrollments.stopWaiting B's         401    400   404      404      403       403      403       403     403      403
attendances.request own             401    403   403      403      403       403      201       409     403      403
attendances.request B's             401    403   403      403      403       403      404       404     403      403
attendances.confirm own             401    400   200      200      200       403      403       403     403      403
attendances.confirm B's student     401    400   409      409      409       403      403       403     403      403
attendances.confirm B's session     401    400   404      404      404       404      403       403     403      403
attendances.refuse own              401    400   200      200      200       403      403       403     403      403
attendances.refuse B's              401    400   404      404      404       404      403       403     403      403
attendances.correct own             401    400   200      200      200       403      403       403     403      403
attendances.correct B's             401    400   404      404      404       404      403       403     403      403
attendances.history own             401    400   200      200      200       403      200       403     200      403
attendances.history B's             401    400   404      404      404       404      404       404     404      404
attendances.absences own            401    400   200      200      200       403      403       403     403      403
attendances.absences B's            401    400   404      404      404       404      404       404     404      404
attendances.ofClass own             401    400   200      200      200       403      403       403     403      403
attendances.ofClass B's             401    400   404      404      404       404      404       404     404      404
attendances.ofStudent               401    400   403      403      403       403      200       200     200      200
attendances.ofStudent own           401    400   200      200      200       403      200       403     200      403
attendances.ofStudent B's           401    400   200      200      403       403      403       403     403      403
registers.ofDay                      401    400   200      200      200       200      200       200     200      200
registers.ofDay own student          401    400   200      200      200       200      200       403     200      403
registers.ofDay B's student          401    400   200      200      200       200      403       403     403      403
registers.show own                  401    400   200      200      200       403      403       403     403      403
registers.show B's                  401    400   404      404      404       404      404       404     404      404
registers.events own                401    400   200      200      200       403      403       403     403      403
registers.events B's                401    400   404      404      404       404      404       404     404      404
registers.dayEvents                  401    400   200      200      200       200      403       403     403      403
registers.month own                  401    400   200      200      200       403      403       403     403      403
registers.month B's                  401    400   404      404      404       404      404       404     404      404
statistics.figures own academy      401    400   200      200      403       403      403       403     403      403
statistics.figures B's academy      401    400   404      404      403       403      403       403     403      403
statistics.figures own class        401    400   200      200      200       403      403       403     403      403
statistics.figures B's class        401    400   404      404      404       404      403       403     403      403
statistics.figures own teacher      401    400   200      200      200       403      403       403     403      403
statistics.figures B's teacher      401    400   404      404      403       403      403       403     403      403
statistics.figures own student      401    400   200      200      200       403      200       403     200      403
statistics.figures B's student      401    400   404      404      403       403      403       403     403      403
statistics.classDays own            401    400   200      200      200       403      403       403     403      403
statistics.classDays B's            401    400   404      404      404       404      403       403     403      403
exports.register own                401    400   200      200      200       403      403       403     403      403
exports.register B's                401    400   404      404      404       404      403       403     403      403
exports.month own                   401    400   200      200      200       403      403       403     403      403
exports.month B's                   401    400   404      404      404       404      403       403     403      403
leaves.request own                  401    400   201      201      403       403      403       403     201      403
leaves.request B's student          401    400   404      404      403       403      403       403     403      403
leaves.approve own                  401    400   200      200      403       403      403       403     403      403
leaves.approve B's                  401    400   404      404      403       403      403       403     403      403
leaves.reject own                   401    400   200      200      403       403      403       403     403      403
leaves.reject B's                   401    400   404      404      403       403      403       403     403      403
leaves.list                         401    400   200      200      200       200      200       200     200      200
leaves.list own student             401    400   200      200      200       200      200       403     200      403
leaves.list B's student             401    400   200      200      200       200      403       403     403      403
failedEvents.list                   401    200   200      200      403       403      403       403     403      403
failedEvents.groups                 401    200   200      200      403       403      403       403     403      403
failedEvents.preview                401    200   200      200      403       403      403       403     403      403
failedEvents.show own               401    200   200      200      403       403      403       403     403      403
failedEvents.show B's               401    200   404      404      403       403      403       403     403      403
failedEvents.replay own             401    202   202      202      403       403      403       403     403      403
failedEvents.replay B's             401    202   404      404      403       403      403       403     403      403
failedEvents.discard own            401    200   200      200      403       403      403       403     403      403
failedEvents.discard B's            401    200   404      404      403       403      403       403     403      403
failedEvents.runs                   401    200   200      200      403       403      403       403     403      403
failedEvents.startRun               401    202   202      202      403       403      403       403     403      403
failedEvents.run own                401    200   200      200      403       403      403       403     403      403
failedEvents.run B's                401    200   404      404      403       403      403       403     403      403
failedEvents.abortRun own           401    200   200      200      403       403      403       403     403      403
failedEvents.abortRun B's           401    200   404      404      403       403      403       403     403      403
notifications.list                  401    400   200      200      403       403      403       403     403      403
notifications.list own session      401    400   200      200      403       403      403       403     403      403
notifications.list B's session      401    400   200      200      403       403      403       403     403      403
notifications.list own recipient    401    400   200      200      403       403      403       403     403      403
notifications.list B's recipient    401    400   200      200      403       403      403       403     403      403
notifications.measures              401    400   200      200      403       403      403       403     403      403
notifications.show own              401    400   200      200      403       403      403       403     403      403
notifications.show B's              401    400   404      404      403       403      403       403     403      403
notifications.resend own            401    400   201      201      403       403      403       403     403      403
notifications.resend B's            401    400   404      404      403       403      403       403     403      403
operations.handlers                 401    200   200      200      403       403      403       403     403      403
operations.pause                    401    200   200      403      403       403      403       403     403      403
operations.resume                   401    200   200      403      403       403      403       403     403      403
operations.deliveries               401    200   200      200      403       403      403       403     403      403
operations.event own                401    200   200      200      403       403      403       403     403      403
operations.event B's                401    200   404      404      403       403      403       403     403      403
me.preference                       401    403   403      200      200       200      200       200     200      200
me.prefer                           401    403   403      200      200       200      200       200     200      200
me.pushTargets                      401    403   403      200      200       200      200       200     200      200
me.register                         401    403   403      201      201       201      201       201     201      201
me.unregister someone's             401    403   403      404      404       404      200       404     404      404
me.notifications                    401    403   403      200      200       200      200       200     200      200
audit.list                          401    200   200      200      403       403      403       403     403      403
channels.list                       401    400   200      200      403       403      403       403     403      403
channels.change                     401    400   200      200      403       403      403       403     403      403
channels.texts                      401    400   200      200      403       403      403       403     403      403
imports.run members                 401    400   200      200      403      403       403      403       403     403
imports.run enrollments             401    400   200      200      403      403       403      403       403     403
imports.run B's student             401    400   422      422      403      403       403      403       403     403
imports.run B's class               401    400   422      422      403      403       403      403       403     403
imports.watch members               401    400   200      200      403      403       403      403       403     403
imports.watch enrollments           401    400   200      200      403      403       403      403       403     403
`
/** Nobody is known yet who could ask. */
const beforeLogin = [
  "auth.sendCode",
  "auth.verifyCode",
  "auth.signUp",
  "auth.login",
  "auth.loginByPhone",
  "auth.refresh",
  "auth.logout",
  "auth.findLoginId",
  "auth.resetPassword"
]

const [header = "", ...lines] = table.slice(1, -1).split("\n")
const actors = header.trim().split(/\s{2,}/)
const rows = lines.map((line) => {
  const [, name = "", statuses = ""] = /^(.*?)\s+((?:\d{3}\s*)+)$/.exec(line) ?? []
  const expected = statuses.split(/\s+/).map((status, index) => [actors[index], Number(status)] as const)
  return [name, Object.fromEntries(expected)] as const
})

const tellers = (a: House, admin: string): Readonly<Record<string, Sent>> => ({
  nobody: {},
  admin: { token: admin },
  "at A": a.office,
  manager: { token: a.manager.token },
  teacher: { token: a.own.teacher.token },
  "teacher'": { token: a.other.teacher.token },
  student: { token: a.own.student.token },
  "student'": { token: a.other.student.token },
  parent: { token: a.own.parent.token },
  "parent'": { token: a.other.parent.token }
})

layer(Known.layer, { excludeTestServices: true })("tenancy", (it) => {
  it("every endpoint stands in the table", () => {
    const named = new Set([...rows.map(([row]) => row.split(" ")[0]), ...beforeLogin])
    expect(named).toEqual(new Set(endpoints.map(({ name }) => name)))
    expect(rows.map(([row]) => row)).toEqual(Object.keys(asked))
  })

  it.effect.each(rows.map(([row, expected]) => [row, expected] as const))(
    "%s: to each what is theirs, and whoever is refused has changed nothing",
    ([row, expected]) =>
      Effect.gen(function*() {
        const ams = yield* Ams
        const given = yield* Known
        const as = Object.entries(tellers(given.a, (yield* World).admin))
        const got: Record<string, number> = {}
        const ask = yield* prepare(row, given)
        yield* ams.settled
        const before = yield* ams.footprint
        for (const [actor, sent] of as) {
          if ((expected[actor] ?? 0) < 400) continue
          const answer = yield* ask(sent)
          got[actor] = answer.status
          if (answer.status >= 400) problemOf(answer, answer.status)
        }
        const after = yield* ams.footprint
        for (const [actor, sent] of as) {
          if (got[actor] === undefined) got[actor] = (yield* (yield* prepare(row, given))(sent)).status
        }
        expect(got).toEqual(expected)
        expect(after).toEqual(before)
      })
  )

  const foreign = rows.map(([row]) => row).filter((row) => row.includes("B's"))
  it.effect.each(foreign)("%s: looks like what does not exist", (row) =>
    Effect.gen(function*() {
      const given = yield* Known
      for (const [actor, sent] of Object.entries(tellers(given.a, (yield* World).admin))) {
        // Who operates AMS and names no academy operates every one.
        if (actor === "admin" && /^(operations|failedEvents)\./.test(row)) continue
        const there = yield* (yield* prepare(row, given))(sent)
        const nowhere = yield* (yield* prepare(row, { ...given, far: nothing() }))(sent)
        const said = there.status < 400 ? { data: [] } : { errorCode: problemOf(there, there.status).errorCode }
        expect({ actor, ...nowhere }).toMatchObject({ actor, status: there.status, json: said })
        expect({ actor, ...there }).toMatchObject({ actor, json: said })
      }
    }))

  it.effect("a manager who names another academy stays in the own one; an administrator who names another finds it empty", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, far, own } = yield* Known
      const { admin, b } = yield* World
      const atB = { "x-ams-academy": b.id }
      const made = yield* ams.call("POST", "/api/v1/members", {
        token: a.manager.token,
        headers: atB,
        body: person("STUDENT")
      })
      expect(made.json).toMatchObject({ data: { academyId: a.id } })
      yield* ams.settled
      const list = yield* ams.call("GET", "/api/v1/members?limit=100", { token: a.manager.token, headers: atB })
      expect(list.text).toContain(own.studentId)
      expect(list.text).not.toContain(far.studentId)
      const history = `/api/v1/attendances/${own.attendanceId}/history`
      problemOf(yield* ams.call("GET", history, { token: admin, headers: atB }), 404, "ATTENDANCE_NOT_FOUND")
    }))

  it.effect("a parent whom custody forbids to be told anything reads nothing either", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, own } = yield* Known
      const parent = yield* ams.make("/api/v1/members", person("PARENT"), a.office)
      const link = { parentId: parent, relationship: "FATHER", mayBeTold: false }
      yield* ams.make(`/api/v1/members/${own.studentId}/guardians`, link, a.office)
      const token = yield* ams.token(parent)
      for (const path of [`?studentId=${own.studentId}`, `/${own.attendanceId}/history`]) {
        problemOf(yield* ams.call("GET", `/api/v1/attendances${path}`, { token }), 403)
      }
    }))

  it.effect("a teacher whose child attends sees the child's classes as well", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, own } = yield* Known
      const both = yield* ams.make("/api/v1/members", { ...person("TEACHER"), roles: ["TEACHER", "PARENT"] }, a.office)
      const link = { parentId: both, relationship: "FATHER" }
      yield* ams.make(`/api/v1/members/${own.studentId}/guardians`, link, a.office)
      const token = yield* ams.token(both)
      const history = `/api/v1/attendances/${own.attendanceId}/history`
      expect(yield* ams.call("GET", history, { token })).toMatchObject({ status: 200 })
      const classes = yield* ams.call("GET", `/api/v1/classes?studentId=${own.studentId}`, { token })
      expect(classes.json).toMatchObject({ data: [{ id: own.classId }] })
    }))

  it.effect("lists hold what is one's own: classes of the teacher, the student, the child", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* Known
      const seen = (token: string, query = "") =>
        Effect.map(ams.call("GET", `/api/v1/classes${query}`, { token }), ({ text }) => ({
          own: text.includes(a.own.classId),
          other: text.includes(a.other.classId)
        }))
      expect(yield* seen(a.manager.token)).toEqual({ own: true, other: true })
      for (const { token } of [a.own.teacher, a.own.student, a.own.parent]) {
        expect(yield* seen(token)).toEqual({ own: true, other: false })
      }
      expect(yield* seen(a.other.teacher.token, `?studentId=${a.own.student.id}`)).toEqual({ own: false, other: false })
    }))
})
