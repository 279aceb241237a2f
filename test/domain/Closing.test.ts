import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { defaultSettings } from "../../src/domain/Academy.ts"
import { AttendanceStatus } from "../../src/domain/Attendance.ts"
import { close, missedInARow, type Sitting, type ToClose } from "../../src/domain/Closing.ts"
import { payloads } from "../../src/domain/DomainEvent.ts"
import { MemberId } from "../../src/domain/Ids.ts"
import { classId, date, later, minutes, roll, sessionId, studentId, uuid, whole } from "./given.ts"

const { session: { endsAt } } = roll
const session: ToClose["session"] = {
  id: sessionId,
  classId,
  date: date("2026-03-02"),
  endsAt,
  status: "SCHEDULED",
  version: 2
}
const sitting = (status: AttendanceStatus, changed: Partial<Sitting> = {}): Sitting => ({
  status,
  onLeave: false,
  held: true,
  ...changed
})
const [absent, nobody, present, late] = [
  sitting("ABSENT"),
  sitting("NONE"),
  sitting("PRESENT"),
  sitting("LATE")
]
/** What is passed over. */
const neither = [
  sitting("EXCUSED"),
  sitting("REQUESTED"),
  sitting("NONE", { held: false }),
  sitting("NONE", { onLeave: true }),
  sitting("ABSENT", { onLeave: true })
]
const given = (...students: ReadonlyArray<ReadonlyArray<Sitting>>): ToClose => ({
  session,
  settings: { ...defaultSettings, consecutiveAbsences: 3 },
  students: students.map((sessions, n) => ({ studentId: MemberId.make(uuid(100 + n)), sessions }))
})
const due = later(endsAt, minutes(60))

describe("a session", () => {
  it("closes when the academy's time after its end is over, once", () => {
    expect(close(given(), later(due, -1))).toBeNull()
    const closed = close(given(), due)
    expect(closed).toEqual({
      session: { id: sessionId, version: 3 },
      events: [{
        type: "SessionClosed",
        aggregate: { type: "session", id: sessionId, version: 3 },
        payload: { sessionId, classId, sessionDate: session.date }
      }]
    })
    for (const status of ["CLOSED", "CANCELLED"] as const) {
      expect(close({ ...given(), session: { ...session, status } }, due)).toBeNull()
    }
  })
})

describe("sessions missed in a row", () => {
  it("are those marked absent, and those at which others were seen", () => {
    expect(missedInARow([absent, nobody, absent, present, absent])).toBe(3)
    expect(missedInARow([absent, late])).toBe(1)
    expect(missedInARow([])).toBe(0)
  })

  it("are none when the last one was not missed", () => {
    for (const one of [present, late, ...neither]) expect(missedInARow([one, absent, absent])).toBe(0)
  })

  it("go on over what nobody can tell", () => {
    expect(missedInARow([absent, ...neither, nobody, ...neither])).toBe(2)
  })

  it("are told when there are just so many as the academy says: once for each row", () => {
    const found = close(given([absent, nobody, absent], [absent, absent], [absent, absent, absent, absent]), due)
    expect(found?.events.slice(1)).toEqual([{
      type: "AbsencesRepeated",
      aggregate: { type: "session", id: sessionId, version: 3 },
      payload: { sessionId, classId, sessionDate: session.date, studentId: MemberId.make(uuid(100)), count: 3 }
    }])
    expect(found?.events.every(({ payload, type }) => Schema.is(payloads[type])(payload))).toBe(true)
  })

  it("are told nobody where the academy says 0", () => {
    const never = { ...given([absent]), settings: { ...defaultSettings, consecutiveAbsences: 0 } }
    expect(close(never, due)?.events).toHaveLength(1)
  })

  const anySitting: Arbitrary.Arbitrary<Sitting> = Arbitrary.schema(
    Schema.Struct({ status: AttendanceStatus, onLeave: Schema.Boolean, held: Schema.Boolean })
  )
  it.prop("are told once in each row, whatever the sessions of a term are", {
    term: Arbitrary.array(anySitting, { maxLength: 40 }),
    count: whole(1, 4)
  }, ({ count, term }) => {
    let row = 0
    term.forEach((one, n) => {
      const before = row
      const missed = !one.onLeave && (one.status === "ABSENT" || (one.status === "NONE" && one.held))
      if (missed) row += 1
      else if (one.status === "PRESENT" || one.status === "LATE") row = 0
      const toClose = {
        ...given(),
        settings: { ...defaultSettings, consecutiveAbsences: count },
        students: [{ studentId, sessions: term.slice(0, n + 1).toReversed() }]
      }
      expect(close(toClose, due)?.events.length).toBe(before < count && row === count ? 2 : 1)
    })
  }, { arbitrary: { runs: 500 } })
})
