import { describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import { Arbitrary } from "effect"
import { Schema } from "effect"
import {
  type Absence,
  AbsenceState,
  Chase,
  detect,
  type Expected,
  retract,
  type Roster
} from "../../src/domain/Absence.ts"
import { defaultSettings } from "../../src/domain/Academy.ts"
import { AttendanceStatus } from "../../src/domain/Attendance.ts"
import { MemberId } from "../../src/domain/Ids.ts"
import { SessionStatus } from "../../src/domain/Session.ts"
import { classId, instant, later, minutes, roll, sessionId, uuid, whole } from "./given.ts"

const { session } = roll
const student = (n: number) => MemberId.make(uuid(100 + n))
const expected = (n: number, status: AttendanceStatus = "NONE", changed: Partial<Expected> = {}): Expected => ({
  studentId: student(n),
  enrolled: true,
  onLeave: false,
  status,
  absence: null,
  ...changed
})
const absence = (n: number, state: AbsenceState): Absence => ({
  sessionId,
  classId,
  studentId: student(n),
  state,
  reason: "NOT_THERE",
  decidedAt: session.startsAt,
  version: 1
})
const roster = (...students: ReadonlyArray<Expected>): Roster => ({
  session,
  settings: defaultSettings,
  students,
  chased: []
})
/** So many minutes after the start. */
const after = (count: number) => later(session.startsAt, minutes(count))
const states = (found: ReturnType<typeof detect>) => found.absences.map(({ reason, state }) => [state, reason])
const types = (found: ReturnType<typeof detect>) => found.events.map(({ type }) => type)

describe("a student who is not there", () => {
  it("is nobody's business until the academy's time is over, and then the guardians'", () => {
    const given = roster(expected(1), expected(2, "PRESENT"))
    expect(detect(given, after(9.9))).toEqual({ absences: [], chases: [], events: [] })
    const found = detect(given, after(10))
    expect(states(found)).toEqual([["ALERTED", "NOT_THERE"]])
    expect(found.events).toMatchObject([{
      type: "AttendanceMissed",
      payload: { studentId: student(1), marked: false }
    }])
  })

  it("is told at once when the teacher says so, also on a roll with nobody there", () => {
    const found = detect(roster(expected(1, "ABSENT"), expected(2)), after(10))
    expect(states(found)).toEqual([["ALERTED", "MARKED_ABSENT"], ["ALERTED", "NOT_THERE"]])
  })

  it("waits for the teacher while nobody is confirmed; the teacher is chased once, later the managers", () => {
    const first = detect(roster(expected(1), expected(2)), after(10))
    expect([states(first), first.chases, types(first)]).toEqual([
      [["HELD", "ROLL_UNMARKED"], ["HELD", "ROLL_UNMARKED"]],
      ["TEACHER"],
      ["RollUnmarked"]
    ])
    const held = {
      ...roster(...first.absences.map((one, n) => expected(n + 1, "NONE", { absence: one }))),
      chased: first.chases
    }
    expect(detect(held, after(19))).toEqual({ absences: [], chases: [], events: [] })
    expect(detect(held, after(20))).toMatchObject({ absences: [], chases: ["MANAGER"] })
    const marked = {
      ...held,
      students: [...held.students, expected(3, "LATE")],
      chased: ["TEACHER", "MANAGER"] as const
    }
    expect(states(detect(marked, after(21)))).toEqual([["ALERTED", "NOT_THERE"], ["ALERTED", "NOT_THERE"]])
  })

  it("has not been seen by anybody in time: nobody is alarmed in the evening", () => {
    const found = detect(roster(expected(1), expected(2, "PRESENT")), session.endsAt)
    expect([states(found), types(found)]).toEqual([[["EXPIRED", "TOO_LATE"]], []])
  })
})

describe("nobody is alarmed about a student", () => {
  it("who has asked to be confirmed: the teacher is", () => {
    const found = detect(roster(expected(1, "REQUESTED"), expected(2, "PRESENT")), after(10))
    expect([states(found), found.chases]).toEqual([[["HELD", "REQUEST_WAITS"]], ["TEACHER"]])
  })

  it("who is excused, is not enrolled any more, or whose session was cancelled meanwhile", () => {
    const held = { absence: absence(2, "HELD") }
    expect(states(detect(roster(expected(1, "EXCUSED"), expected(2, "NONE", { enrolled: false, ...held })), after(10))))
      .toEqual([["SKIPPED", "EXCUSED"], ["SKIPPED", "ENROLLMENT_ENDED"]])
    const cancelled = { ...roster(expected(2, "NONE", held)), session: { ...session, status: "CANCELLED" as const } }
    expect(states(detect(cancelled, after(10)))).toEqual([["SKIPPED", "SESSION_CANCELLED"]])
  })

  it("who is on leave, whatever the roll says but that the student is there", () => {
    for (const status of ["NONE", "EXCUSED", "ABSENT"] as const) {
      const found = detect(roster(expected(1, status, { onLeave: true }), expected(2, "PRESENT")), after(10))
      expect(states(found)).toEqual([["SKIPPED", "LEAVE"]])
    }
    const asks = expected(1, "REQUESTED", { onLeave: true })
    expect(states(detect(roster(asks, expected(2, "PRESENT")), after(10)))).toEqual([["HELD", "REQUEST_WAITS"]])
    expect(detect(roster(expected(1, "LATE", { onLeave: true })), after(10)).absences).toEqual([])
  })

  it("because another one is excused: that marks no roll", () => {
    const found = detect(roster(expected(1), expected(2, "EXCUSED", { onLeave: true })), after(10))
    expect([states(found), found.chases]).toEqual([[["HELD", "ROLL_UNMARKED"], ["SKIPPED", "LEAVE"]], ["TEACHER"]])
  })

  it("twice, whatever happens afterwards", () => {
    for (const state of ["ALERTED", "RETRACTED", "EXPIRED", "SKIPPED"] as const) {
      const given = roster(expected(1, "NONE", { absence: absence(1, state) }), expected(2, "PRESENT"))
      expect(detect(given, after(30))).toEqual({ absences: [], chases: [], events: [] })
    }
  })
})

describe("an alarm", () => {
  it("is taken back when the student comes after all, and only then", () => {
    const now = after(12)
    expect(retract(absence(1, "ALERTED"), "LATE", now)).toMatchObject({
      state: "RETRACTED",
      reason: "CAME_AFTER_ALL",
      version: 2,
      decidedAt: now
    })
    expect(retract(absence(1, "ALERTED"), "PRESENT", now)?.state).toBe("RETRACTED")
    for (const status of ["ABSENT", "EXCUSED", "NONE", "REQUESTED"] as const) {
      expect(retract(absence(1, "ALERTED"), status, now)).toBeUndefined()
    }
    for (const state of ["HELD", "SKIPPED", "EXPIRED", "RETRACTED"] as const) {
      expect(retract(absence(1, state), "PRESENT", now)).toBeUndefined()
    }
    expect(retract(null, "PRESENT", now)).toBeUndefined()
  })
})

const anyRoster: Arbitrary.Arbitrary<{ readonly roster: Roster; readonly now: DateTime.Utc }> = Arbitrary.map(
  Arbitrary.all({
    students: Arbitrary.schema(
      Schema.Array(Schema.Struct({
        enrolled: Schema.Boolean,
        onLeave: Schema.Boolean,
        status: AttendanceStatus,
        state: Schema.NullOr(AbsenceState)
      })).check(Schema.isMaxLength(6))
    ),
    status: Arbitrary.schema(SessionStatus),
    chased: Arbitrary.schema(Schema.Array(Chase).check(Schema.isMaxLength(2))),
    off: whole(-60, 200)
  }),
  ({ chased, off, status, students }) => ({
    now: later(instant("2026-03-02T07:00:00Z"), minutes(off)),
    roster: {
      session: { ...session, status },
      settings: defaultSettings,
      chased,
      students: students.map(({ enrolled, onLeave, state, status }, n) =>
        expected(n, status, { enrolled, onLeave, absence: state === null ? null : absence(n, state) })
      )
    }
  })
)

describe("for any roster", () => {
  const applied = (before: Roster, found: ReturnType<typeof detect>): Roster => ({
    ...before,
    chased: [...before.chased, ...found.chases],
    students: before.students.map((one) => ({
      ...one,
      absence: found.absences.find(({ studentId }) => studentId === one.studentId) ?? one.absence
    }))
  })

  it.prop("deciding again at the same moment decides nothing more", [anyRoster], ([{ now, roster }]) => {
    const found = detect(roster, now)
    expect(detect(applied(roster, found), now)).toEqual({ absences: [], chases: [], events: [] })
  })

  it.prop(
    "only a student who should be there and is not is alarmed about, and only during the session",
    [anyRoster],
    ([{ now, roster }]) => {
      for (const one of detect(roster, now).absences) {
        const before = roster.students.find(({ studentId }) => studentId === one.studentId)
        expect(before?.absence === null || before?.absence.state === "HELD").toBe(true)
        if (one.state !== "ALERTED") continue
        expect(before?.enrolled).toBe(true)
        expect(before?.onLeave).toBe(false)
        expect(["NONE", "ABSENT"]).toContain(before?.status)
        expect(roster.session.status).not.toBe("CANCELLED")
        expect(DateTime.isLessThan(now, roster.session.endsAt)).toBe(true)
      }
    }
  )

  it.prop("each alarm is one event, and each chase", [anyRoster], ([{ now, roster }]) => {
    const found = detect(roster, now)
    const alarms = found.absences.filter(({ state }) => state === "ALERTED").length
    expect(types(found).filter((type) => type === "AttendanceMissed")).toHaveLength(alarms)
    expect(types(found).filter((type) => type === "RollUnmarked")).toHaveLength(found.chases.length)
  })
})
