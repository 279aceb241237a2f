import { describe, expect, it } from "@effect/vitest"
import { attendanceRate } from "../../src/domain/Statistics.ts"
import { whole } from "./given.ts"

describe("the attendance rate", () => {
  const count = whole(0, 60)

  it.prop("lies between 0 and 1 whatever the figures, and is none when nobody was due", {
    expected: count,
    excused: count,
    present: count,
    late: count
  }, (day) => {
    const rate = attendanceRate(day)
    expect(rate === null).toBe(day.expected <= day.excused)
    expect(rate ?? 0).toBeGreaterThanOrEqual(0)
    expect(rate ?? 0).toBeLessThanOrEqual(1)
  })

  it.prop("and the share of those away make one, when everybody is marked", [count, count, count, count], (marked) => {
    const [present, late, absent, excused] = marked
    const due = present + late + absent
    const rate = attendanceRate({ expected: due + excused, excused, present, late })
    expect(rate === null ? 1 : rate + absent / due).toBeCloseTo(1, 10)
  })

  it.each([
    [{ expected: 10, excused: 0, present: 7, late: 1 }, 0.8],
    [{ expected: 10, excused: 2, present: 7, late: 1 }, 1],
    [{ expected: 10, excused: 0, present: 0, late: 0 }, 0],
    [{ expected: 0, excused: 0, present: 0, late: 0 }, null],
    [{ expected: 3, excused: 3, present: 0, late: 0 }, null]
  ])("of %j is %j", (day, rate) => {
    expect(attendanceRate(day)).toBe(rate)
  })
})
