/** Good requests about who attends a class, who waits for a seat, and who stays away. */
import { expect, type Vitest } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { addDays } from "../../../../src/domain/LocalTime.ts"
import { alone, daily, person } from "../../../support/academy.ts"
import { type Ams, World } from "../../../support/http.ts"
import { good, idOf, make, office, refused } from "./good.ts"

export const attending = (it: Vitest.MethodsNonLive<Ams | World>) => {
  it.effect("lets a student go, and another one wait for the seat until the office gives it", () =>
    Effect.gen(function*() {
      const as = yield* office
      const { a } = yield* World
      const now = yield* DateTime.now
      const body = {
        name: "논술",
        subject: "국어",
        teacherId: a.other.teacher.id,
        capacity: 1,
        schedules: daily(now, 240)
      }
      const classId = yield* make("classes.create", { ...as, body })
      const params = { classId }
      const [one, other] = [
        yield* make("members.create", { ...as, body: person("STUDENT") }),
        yield* make("members.create", { ...as, body: person("STUDENT") })
      ]
      const enroll = (studentId: string) => ({ ...as, params, body: { studentId, ...alone } })
      const lonely = { ...enroll(one), body: { studentId: one } }
      yield* refused("enrollments.enroll", lonely, 409, "ENROLLMENT_NO_GUARDIAN")
      for (const said of [{ reason: "why" }, { withoutGuardian: true }]) {
        const sent = { ...lonely, body: { studentId: one, ...said } }
        const problem = yield* refused("enrollments.enroll", sent, 400, "COMMON_VALIDATION_FAILED")
        expect(problem.errors).toMatchObject([{ pointer: "/body/reason" }])
      }
      const enrollmentId = yield* make("enrollments.enroll", enroll(one))

      const wait = (studentId: string) => ({ ...as, params, body: { studentId } })
      const waits = yield* good("enrollments.wait", wait(other))
      expect(waits).toMatchObject({ classId, studentId: other, since: expect.any(String) })
      yield* refused("enrollments.wait", wait(other), 409, "WAITING_DUPLICATE")
      yield* refused("enrollments.wait", wait(one), 409, "ENROLLMENT_DUPLICATE")
      const line = { token: a.other.teacher.token, params }
      expect(yield* good("enrollments.waiting", line)).toEqual([{ ...Object(waits), studentName: expect.any(String) }])

      const cancel = { ...as, params: { classId, enrollmentId }, body: {} }
      const beyond = { ...cancel, params: { ...cancel.params, classId: a.own.classId } }
      yield* refused("enrollments.cancel", beyond, 404, "ENROLLMENT_NOT_FOUND")
      const cancelled = yield* good("enrollments.cancel", cancel)
      expect(cancelled).toMatchObject({ id: enrollmentId, status: "CANCELLED", version: 2 })
      expect(yield* good("enrollments.show", { ...as, params: cancel.params })).toEqual(cancelled)
      const problem = yield* refused("enrollments.cancel", cancel, 409, "ENROLLMENT_NOT_ACTIVE")
      expect(problem).toMatchObject({ currentState: "CANCELLED", requestedState: "CANCELLED" })

      const seat = yield* make("enrollments.enroll", enroll(other))
      expect(yield* good("enrollments.waiting", line)).toEqual([])
      expect(yield* good("enrollments.list", line)).toMatchObject([
        { id: enrollmentId, studentId: one, status: "CANCELLED", studentName: expect.any(String) },
        { id: seat, studentId: other, status: "ACTIVE" }
      ])
      const again = yield* make("enrollments.wait", wait(one))
      const stop = { ...as, params: { classId, waitingId: again } }
      expect(yield* good("enrollments.stopWaiting", stop)).toMatchObject({ id: again, studentId: one })
      yield* refused("enrollments.stopWaiting", stop, 404, "WAITING_NOT_FOUND")
    }))

  it.effect("asks for leave, is answered once, and sees what is one's own", () =>
    Effect.gen(function*() {
      const { a, b } = yield* World
      const as = yield* office
      const { date, parent, student, teacher } = b.own
      const day = (n: number) => addDays(date, n)
      const leave = (from: number, until: number) => ({ studentId: student.id, from: day(from), until: day(until) })
      const ask = (from: number, until: number) => ({
        token: parent.token,
        body: { ...leave(from, until), reason: " flu " }
      })
      const asked = yield* good("leaves.request", ask(1, 3))
      const whole = { ...leave(1, 3), reason: "flu", askedBy: parent.id }
      expect(asked).toMatchObject({ ...whole, status: "REQUESTED", decidedBy: null, answer: null, version: 1 })
      yield* refused("leaves.request", ask(3, 5), 409, "LEAVE_OVERLAPS")
      for (const [from, until] of [[5, 4], [-8, -8], [4, 370]] as const) {
        yield* refused("leaves.request", ask(from, until), 422, "LEAVE_INVALID")
      }
      const teacherId = { ...as, body: { ...ask(1, 2).body, studentId: a.own.teacher.id } }
      yield* refused("leaves.request", teacherId, 404, "STUDENT_NOT_FOUND")

      const manager = { token: b.manager.token }
      const decision = { ...manager, params: { leaveId: idOf(asked) }, body: { answer: "get well soon" } }
      const approved = { ...whole, status: "APPROVED", decidedBy: b.manager.id, answer: "get well soon", version: 2 }
      expect(yield* good("leaves.approve", decision)).toMatchObject(approved)
      const problem = yield* refused("leaves.reject", decision, 409, "LEAVE_NOT_REQUESTED")
      expect(problem).toMatchObject({ currentState: "APPROVED", requestedState: "REJECTED" })
      const other = yield* make("leaves.request", ask(4, 4))
      expect(yield* good("leaves.reject", { ...manager, params: { leaveId: other }, body: {} }))
        .toMatchObject({ status: "REJECTED", answer: null })
      const entered = yield* good("leaves.request", { ...manager, body: ask(4, 4).body })
      expect(entered).toMatchObject({ status: "APPROVED", askedBy: b.manager.id, decidedBy: b.manager.id })

      const all = [{ id: idOf(entered), studentName: expect.any(String) }, { id: other }, { id: idOf(asked) }]
      for (const { token } of [b.manager, teacher, student, parent]) {
        expect(yield* good("leaves.list", { token })).toMatchObject(all)
        const query = `?status=REJECTED&studentId=${student.id}`
        expect(yield* good("leaves.list", { token, query })).toMatchObject([{ id: other, status: "REJECTED" }])
      }
      for (const { token } of [b.other.teacher, b.other.student, b.other.parent]) {
        expect(yield* good("leaves.list", { token })).toEqual([])
      }
    }))
}
