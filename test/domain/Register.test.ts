import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { MemberId } from "../../src/domain/Ids.ts"
import { daysOf, Month } from "../../src/domain/LocalTime.ts"
import { countsOf, monthOf } from "../../src/domain/Register.ts"
import { newAcademy, session } from "../contract/documents.ts"

describe("a register", () => {
  it("counts who is expected, and what became of everybody", () => {
    const entry = (expected: boolean, status: "NONE" | "REQUESTED" | "PRESENT" | "LATE" | "ABSENT" | "EXCUSED") => ({
      expected,
      status
    })
    expect(countsOf([
      entry(true, "NONE"),
      entry(false, "NONE"),
      entry(true, "REQUESTED"),
      entry(true, "PRESENT"),
      entry(false, "PRESENT"),
      entry(true, "LATE"),
      entry(true, "ABSENT"),
      entry(true, "EXCUSED")
    ])).toEqual({ expected: 6, requested: 1, present: 2, late: 1, absent: 1, excused: 1, none: 1 })
  })

  it("becomes a month: sessions beside students, empty where one was not on the roll", () => {
    const academyId = newAcademy()
    const [a, b] = [
      MemberId.make("00000000-0000-4000-8000-00000000000a"),
      MemberId.make("00000000-0000-4000-8000-00000000000b")
    ]
    const [model] = session(academyId, 0).students
    const entry = (studentId: MemberId, name: string, status: "PRESENT" | "ABSENT") => ({
      ...model,
      studentId,
      name,
      status,
      expected: true,
      requestedAt: null,
      confirmedAt: null,
      attendanceId: null,
      leave: null,
      absence: null
    })
    const month = monthOf([
      session(academyId, 1, { students: [entry(b, "나", "PRESENT")] }),
      session(academyId, 2, { students: [entry(a, "가", "ABSENT"), entry(b, "나", "ABSENT")] })
    ])
    expect(month.students).toEqual([
      { studentId: a, name: "가", statuses: [null, "ABSENT"] },
      { studentId: b, name: "나", statuses: ["PRESENT", "ABSENT"] }
    ])
    expect(month.sessions.map(({ className }) => className)).toEqual(["class 1", "class 2"])
    expect(JSON.stringify(month.sessions)).not.toContain("studentId")
    expect(monthOf([])).toEqual({ sessions: [], students: [] })
  })

  it.each([["2024-02", "2024-02-29"], ["2026-12", "2026-12-31"], ["2026-02", "2026-02-28"]])(
    "%s ends on %s",
    (month, until) => {
      expect(daysOf(Month.make(month))).toEqual({ from: `${month}-01`, until })
    }
  )

  it.each(["2026-13", "2026-00", "1899-12", "2026-1", "2026-03-01", ""])("%j is no month", (text) => {
    expect(Schema.is(Month)(text)).toBe(false)
  })
})
