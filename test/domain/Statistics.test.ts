import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { addDays, dayOfWeek, LocalDate } from "../../src/domain/LocalTime.ts"
import { attendanceRate, type DayFigures, fold, isPeriod, partsOf, Span } from "../../src/domain/Statistics.ts"
import { whole } from "./given.ts"

describe("the attendance rate", () => {
  const count = whole(0, 60)

  it.prop("lies between 0 and 1 whatever the figures, and is none when nobody is known to have come or not", {
    present: count,
    late: count,
    absent: count
  }, (day) => {
    const rate = attendanceRate(day)
    expect(rate === null).toBe(day.present + day.late + day.absent === 0)
    expect(rate ?? 0).toBeGreaterThanOrEqual(0)
    expect(rate ?? 0).toBeLessThanOrEqual(1)
  })

  it.each([
    [{ present: 7, late: 1, absent: 2 }, 0.8],
    [{ present: 7, late: 1, absent: 0 }, 1],
    [{ present: 0, late: 0, absent: 3 }, 0],
    [{ present: 0, late: 0, absent: 0 }, null]
  ])("of %j is %j", (day, rate) => {
    expect(attendanceRate(day)).toBe(rate)
  })
})

describe("days fold into weeks, months and ranges", () => {
  const start = LocalDate.make("2024-01-31")
  const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
  const days = Schema.Array(Schema.Tuple([upTo(80), upTo(9), upTo(9)]))
  const figuresOf = (given: ReadonlyArray<readonly [number, number, number]>): ReadonlyArray<DayFigures> =>
    given.map(([n, present, absent]) => ({
      date: addDays(start, n),
      sessions: 1,
      held: n % 2,
      expected: present + absent,
      requested: 0,
      present,
      late: 0,
      absent,
      excused: 0
    }))
  const arrivedOf = (given: ReadonlyArray<DayFigures>) =>
    given.map(({ date, present }) => ({ date, newMembers: present, newEnrollments: 1 }))

  it.prop(
    "the parts cover the period without gap or overlap, and their sums are the range's",
    { days, first: whole(0, 40), length: whole(0, 60), span: Span },
    ({ days, first, length, span }) => {
      const figures = figuresOf(days)
      const from = addDays(start, first)
      const until = addDays(from, length)
      const parts = partsOf(span, from, until)
      expect(parts.at(0)?.from).toBe(from)
      expect(parts.at(-1)?.until).toBe(until)
      for (const [n, part] of parts.entries()) {
        expect(part.from <= part.until).toBe(true)
        if (n > 0) expect(part.from).toBe(addDays(parts[n - 1]?.until ?? from, 1))
      }
      const rows = fold(span, from, until, figures, arrivedOf(figures))
      expect(rows.map(({ from, until }) => ({ from, until }))).toEqual(parts)
      const [range] = fold("RANGE", from, until, figures, arrivedOf(figures))
      for (
        const field of ["sessions", "held", "expected", "present", "absent", "newMembers", "newEnrollments"] as const
      ) {
        expect(rows.reduce((sum, row) => sum + (row[field] ?? 0), 0)).toBe(range?.[field])
      }
      expect(range?.attendanceRate).toBe(range === undefined ? undefined : attendanceRate(range))
    }
  )

  it.prop("any cut of the period sums up to the whole", { days, cut: whole(0, 79) }, ({ cut, days }) => {
    const figures = figuresOf(days)
    const until = addDays(start, 80)
    const of = (from: LocalDate, to: LocalDate) => fold("RANGE", from, to, figures, null)[0]?.present ?? 0
    expect(of(start, addDays(start, cut)) + of(addDays(start, cut + 1), until)).toBe(of(start, until))
  })

  it("weeks begin on Monday, months on the first; the ends may be shorter", () => {
    const weeks = partsOf("WEEK", LocalDate.make("2026-03-04"), LocalDate.make("2026-03-17"))
    expect(weeks.map(({ from }) => dayOfWeek(from))).toEqual(["WED", "MON", "MON"])
    expect(weeks.at(-1)).toEqual({ from: "2026-03-16", until: "2026-03-17" })
    expect(partsOf("MONTH", LocalDate.make("2024-01-31"), LocalDate.make("2024-03-01"))).toEqual([
      { from: "2024-01-31", until: "2024-01-31" },
      { from: "2024-02-01", until: "2024-02-29" },
      { from: "2024-03-01", until: "2024-03-01" }
    ])
    expect(fold("DAY", start, start, [], null)).toMatchObject([{ newMembers: null, attendanceRate: null, expected: 0 }])
  })

  it("a period has at most two years", () => {
    const is = (from: string, until: string) => isPeriod(LocalDate.make(from), LocalDate.make(until))
    expect(is("2026-03-02", "2026-03-02")).toBe(true)
    expect(is("2024-01-01", "2025-12-31")).toBe(true)
    expect(is("2024-01-01", "2026-01-01")).toBe(false)
    expect(is("2026-03-02", "2026-03-01")).toBe(false)
  })
})
