import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import {
  type Action,
  AttendanceStatus,
  confirm,
  correct,
  type Decided,
  excuse,
  mayFollow,
  refuse,
  request,
  type Roll
} from "../../src/domain/Attendance.ts"
import { ConfirmedStatus } from "../../src/domain/DomainEvent.ts"
import {
  attendanceId,
  attendanceOf,
  byManager,
  byStudent,
  byTeacher,
  instant,
  later,
  minutes,
  roll,
  studentId,
  teacherId
} from "./given.ts"

const { endsAt, startsAt } = roll.session
const opensAt = later(startsAt, -minutes(30))
const graceEnds = later(startsAt, minutes(10))

/** What was decided; a refusal is thrown. */
const decided = <E>(result: Result.Result<Decided | null, E>): Decided => {
  const value = Result.getOrThrow(result)
  if (value === null) throw new Error("nothing changed")
  return value
}
const refusal = <A, E>(result: Result.Result<A, E>): E => Result.getOrThrow(Result.flip(result))
const having = (status: AttendanceStatus, requestedAt = startsAt): Roll => ({
  ...roll,
  attendance: attendanceOf(status, status === "REQUESTED" ? { requestedAt } : {})
})

describe("the picture", () => {
  const states: ReadonlyArray<AttendanceStatus> = ["NONE", "REQUESTED", "PRESENT", "LATE", "ABSENT", "EXCUSED"]
  // A line for each state before, a column for each state after, in the order above.
  // "(none) → REQUESTED → PRESENT | LATE, (none) → PRESENT | LATE | ABSENT | EXCUSED, REQUESTED → (none) by a refusal
  // with a reason, and any confirmed state → another confirmed state by a correction with a reason"
  const picture: Readonly<Record<Action, string>> = {
    request: `
      . x . . . .
      . . . . . .
      . . . . . .
      . . . . . .
      . . . . . .
      . . . . . .`,
    confirm: `
      . . x x x x
      . . x x . .
      . . . . . .
      . . . . . .
      . . . . . .
      . . . . . .`,
    refuse: `
      . . . . . .
      x . . . . .
      . . . . . .
      . . . . . .
      . . . . . .
      . . . . . .`,
    correct: `
      . . . . . .
      . . . . . .
      . . . x x x
      . . x . x x
      . . x x . x
      . . x x x .`
  }
  const actions: ReadonlyArray<Action> = ["request", "confirm", "refuse", "correct"]

  it.each(actions)("%s leads where the design says, and nowhere else", (action) => {
    const drawn = states.map((from) => states.map((to) => (mayFollow(action, from, to) ? "x" : ".")).join(" "))
    expect(drawn).toEqual(picture[action].trim().split(/\s*\n\s*/))
    expect(new Set(states)).toEqual(new Set(AttendanceStatus.literals))
  })
})

describe("request", () => {
  it("makes a row of its own for a student of whom nothing is known", () => {
    const { attendance, change, event } = decided(request(roll, byStudent(startsAt)))
    expect(attendance).toMatchObject({ id: roll.newId, status: "REQUESTED", requestedAt: startsAt, version: 1 })
    expect(change).toMatchObject({
      from: "NONE",
      to: "REQUESTED",
      actorId: studentId,
      actorRole: "STUDENT",
      reason: null
    })
    expect(event).toMatchObject({ type: "AttendanceRequested", aggregate: { id: roll.newId, version: 1 } })
  })

  it("twice is the same request: the second one changes nothing", () => {
    const first = decided(request(roll, byStudent(opensAt)))
    expect(request({ ...roll, attendance: first.attendance }, byStudent(startsAt))).toEqual(Result.succeed(null))
  })

  it.each([
    ["a millisecond before the window", later(opensAt, -1), "OutsideCheckIn"],
    ["exactly when it opens", opensAt, "REQUESTED"],
    ["a millisecond before the end", later(endsAt, -1), "REQUESTED"],
    ["exactly at the end", endsAt, "OutsideCheckIn"]
  ])("%s", (_, now, expected) => {
    const outcome = request(roll, byStudent(now))
    expect(Result.isSuccess(outcome) ? outcome.success?.attendance.status : outcome.failure._tag).toBe(expected)
  })

  it("outside of the window says when it is open", () => {
    expect(refusal(request(roll, byStudent(endsAt)))).toMatchObject({ opensAt, closesAt: endsAt })
  })

  it.each(["PRESENT", "LATE", "ABSENT", "EXCUSED"] as const)("is refused once the student is %s", (status) => {
    expect(refusal(request(having(status), byStudent(startsAt))))
      .toMatchObject({ _tag: "InvalidTransition", studentId, current: status, requested: "REQUESTED" })
  })
})

describe("confirm", () => {
  it.each([
    ["the grace's last instant is in time", graceEnds, "PRESENT"],
    ["a millisecond later is late", later(graceEnds, 1), "LATE"]
  ])("without a request, by the time of the confirmation: %s", (_, now, status) => {
    expect(decided(confirm(roll, undefined, byTeacher(now))).attendance.status).toBe(status)
  })

  it.each([
    ["in time", graceEnds, "PRESENT"],
    ["late", later(graceEnds, 1), "LATE"]
  ])("of a request that came %s, whenever it is confirmed", (_, requestedAt, status) => {
    const result = decided(confirm(having("REQUESTED", requestedAt), undefined, byTeacher(endsAt)))
    expect(result.attendance).toMatchObject({
      status,
      requestedAt,
      confirmedAt: endsAt,
      confirmedBy: teacherId,
      version: 4
    })
    expect(result.event).toMatchObject({ type: "AttendanceConfirmed", payload: { status } })
  })

  it("takes the teacher's word over the clock", () => {
    expect(decided(confirm(having("REQUESTED", endsAt), "PRESENT", byTeacher(endsAt))).attendance.status).toBe(
      "PRESENT"
    )
  })

  it.each(["ABSENT", "EXCUSED"] as const)("of a request as %s is refused: the student says to be here", (status) => {
    expect(refusal(confirm(having("REQUESTED"), status, byTeacher(startsAt)))).toMatchObject({
      _tag: "InvalidTransition"
    })
  })

  it("is possible from when the check-in opens, and also after the end", () => {
    expect(refusal(confirm(roll, "PRESENT", byTeacher(later(opensAt, -1))))._tag).toBe("OutsideCheckIn")
    expect(decided(confirm(roll, "PRESENT", byTeacher(opensAt))).attendance.status).toBe("PRESENT")
    expect(decided(confirm(roll, "ABSENT", byTeacher(later(endsAt, minutes(60))))).attendance.status).toBe("ABSENT")
  })
})

describe("request and confirm are refused for", () => {
  const refused: ReadonlyArray<readonly [string, Roll, string]> = [
    ["a student who is not enrolled", { ...roll, enrolled: false }, "NotEnrolled"],
    ["a cancelled session", { ...roll, session: { ...roll.session, status: "CANCELLED" } }, "SessionNotOpen"],
    ["a closed session", { ...roll, session: { ...roll.session, status: "CLOSED" } }, "SessionNotOpen"],
    ["a class that is inactive", { ...roll, classStatus: "INACTIVE" }, "SessionNotOpen"],
    ["a class that is completed", { ...roll, classStatus: "COMPLETED" }, "SessionNotOpen"]
  ]

  it.each(refused)("%s", (_, roll, tag) => {
    expect(refusal(request(roll, byStudent(startsAt)))._tag).toBe(tag)
    expect(refusal(confirm(roll, "PRESENT", byTeacher(startsAt)))._tag).toBe(tag)
  })
})

describe("refuse", () => {
  it("keeps the row, forgets the request, and lets the student ask again", () => {
    const refused = decided(refuse(having("REQUESTED"), "not in the room", byTeacher(startsAt)))
    expect(refused.attendance).toMatchObject({ id: roll.newId, status: "NONE", requestedAt: null, version: 4 })
    expect(refused.change).toMatchObject({ from: "REQUESTED", to: "NONE", reason: "not in the room" })
    expect(refused.event.type).toBe("AttendanceRefused")
    const again = decided(request({ ...roll, attendance: refused.attendance }, byStudent(graceEnds)))
    expect(again.attendance).toMatchObject({ id: roll.newId, status: "REQUESTED", requestedAt: graceEnds, version: 5 })
  })

  it("lateness counts from the request that stands, not from the refused one", () => {
    const refused = decided(refuse(having("REQUESTED", opensAt), "not in the room", byTeacher(startsAt))).attendance
    const late = later(graceEnds, 1)
    const again = decided(request({ ...roll, attendance: refused }, byStudent(late))).attendance
    expect(decided(confirm({ ...roll, attendance: again }, undefined, byTeacher(late))).attendance.status).toBe("LATE")
  })

  it("of what nobody asked for is refused", () => {
    expect(refusal(refuse(roll, "?", byTeacher(startsAt)))).toMatchObject({ current: "NONE", requested: "NONE" })
  })
})

describe("correct", () => {
  const confirmed = ConfirmedStatus.literals
  const pairs = confirmed.flatMap((from) => confirmed.filter((to) => to !== from).map((to) => [from, to] as const))

  it.each(pairs)("of %s to %s notes the reason, also long after the session and the enrollment", (from, to) => {
    const now = instant("2026-04-01T00:00:00Z")
    const result = correct({ ...having(from), enrolled: false }, to, "mistaken for another", byTeacher(now))
    const { attendance, change, event } = decided(result)
    expect(attendance).toMatchObject({ status: to, confirmedAt: now, note: "mistaken for another", version: 4 })
    expect(change).toMatchObject({ from, to, reason: "mistaken for another", at: now })
    expect(event).toMatchObject({ type: "AttendanceCorrected", payload: { from, to } })
  })

  it.each(confirmed)("of %s to the same is refused", (status) => {
    expect(refusal(correct(having(status), status, "?", byTeacher(startsAt))))
      .toMatchObject({ _tag: "InvalidTransition", current: status, requested: status })
  })

  it.each(["NONE", "REQUESTED"] as const)("of %s is refused: there is nothing to correct", (status) => {
    expect(refusal(correct(having(status), "PRESENT", "?", byTeacher(startsAt)))._tag).toBe("InvalidTransition")
  })
})

describe("approved leave", () => {
  it("excuses from the moment when the session begins, by nobody", () => {
    expect(excuse(roll, later(startsAt, -1))).toBeNull()
    const { attendance, change, event } = excuse(roll, startsAt) ?? {}
    expect(attendance).toMatchObject({ status: "EXCUSED", confirmedAt: startsAt, confirmedBy: null, version: 1 })
    expect(change).toMatchObject({ actorId: null, actorRole: null, channel: "SYSTEM", from: "NONE", to: "EXCUSED" })
    expect(event).toMatchObject({ type: "AttendanceConfirmed", payload: { status: "EXCUSED" } })
  })

  it("excuses after a refusal, and nobody of whom somebody has said something", () => {
    const known = (status: AttendanceStatus) => excuse({ ...roll, attendance: attendanceOf(status) }, startsAt)
    expect(known("NONE")?.attendance).toMatchObject({ id: attendanceId, status: "EXCUSED", version: 4 })
    for (const status of ["REQUESTED", "PRESENT", "LATE", "ABSENT", "EXCUSED"] as const) {
      expect(known(status)).toBeNull()
    }
  })

  it("excuses from no session that is not held, and nobody who does not attend it", () => {
    expect(excuse({ ...roll, enrolled: false }, startsAt)).toBeNull()
    expect(excuse({ ...roll, classStatus: "INACTIVE" }, startsAt)).toBeNull()
    for (const status of ["CANCELLED", "CLOSED"] as const) {
      expect(excuse({ ...roll, session: { ...roll.session, status } }, startsAt)).toBeNull()
    }
  })
})

describe("when the session is closed", () => {
  const closed = { ...roll, session: { ...roll.session, status: "CLOSED" as const } }
  const evening = later(endsAt, minutes(180))

  it("the office enters who was there, as if in time; nobody else does", () => {
    const { attendance, event } = decided(confirm(closed, undefined, byManager(evening)))
    expect(attendance).toMatchObject({ status: "PRESENT", confirmedAt: evening })
    expect(event).toMatchObject({ type: "AttendanceConfirmed", payload: { status: "PRESENT", afterClose: true } })
    expect(refusal(confirm(closed, undefined, byTeacher(evening)))._tag).toBe("SessionNotOpen")
    expect(refusal(request(closed, byStudent(evening)))._tag).toBe("SessionNotOpen")
  })

  it("a request that waited is confirmed by the minute when the button was pressed", () => {
    const waiting = (at: typeof startsAt) => ({
      ...closed,
      attendance: attendanceOf("REQUESTED", { requestedAt: at })
    })
    const status = (at: typeof startsAt) =>
      decided(confirm(waiting(at), undefined, byManager(evening))).attendance.status
    expect([status(startsAt), status(later(graceEnds, 1))]).toEqual(["PRESENT", "LATE"])
  })

  it("a class that has ended is no hindrance; a cancelled session is", () => {
    expect(decided(confirm({ ...closed, classStatus: "COMPLETED" }, "ABSENT", byManager(evening))).attendance.status)
      .toBe("ABSENT")
    const cancelled = { ...roll, session: { ...roll.session, status: "CANCELLED" as const } }
    expect(refusal(confirm(cancelled, "PRESENT", byManager(evening)))._tag).toBe("SessionNotOpen")
  })

  it("teacher and office correct with a reason, as before", () => {
    const known = { ...closed, attendance: attendanceOf("PRESENT") }
    for (const by of [byTeacher, byManager]) {
      expect(decided(correct(known, "LATE", "was late", by(evening))).attendance.status).toBe("LATE")
    }
  })
})
