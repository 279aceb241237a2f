import { describe, expect, it } from "@effect/vitest"
import { DateTime, Option, Schema } from "effect"
import {
  addDays,
  dateIn,
  dayOfWeek,
  Instant,
  instantAt,
  LocalDate,
  LocalTime,
  timeIn,
  TimeZoneName
} from "../../src/domain/LocalTime.ts"
import { anyDate, anyInstant, anyTime, anyZone, date, instant, later, minutes, time, whole, zone } from "./given.ts"

const minuteOfDay = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
const pad = (n: number) => String(n).padStart(2, "0")
const clock = (minute: number) => `${pad(Math.floor(minute / 60) % 24)}:${pad(minute % 60)}`
const millis = DateTime.toEpochMillis

describe("the instant at which a clock shows a day and a time", () => {
  it.prop(
    "is one at which it shows them, or the clock skips them",
    [anyZone, anyDate, anyTime],
    ([zone, day, asked]) => {
      const at = instantAt(zone, day, asked)
      const shown = timeIn(zone, at)
      expect(dateIn(zone, at)).toBe(day)
      // Skipped: `gap` minutes of real time took the clock from before the asked time to `gap` minutes after it.
      const gap = minuteOfDay(shown) - minuteOfDay(asked)
      expect(gap === 0 || gap === 30 || gap === 60).toBe(true)
      expect(timeIn(zone, later(at, -minutes(gap)))).toBe(clock(minuteOfDay(asked) - gap + 24 * 60))
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop("comes back from what the clock shows, or is the earlier one of two", [anyZone, anyInstant], ([zone, at]) => {
    const minute = later(at, -(millis(at) % minutes(1)))
    const back = instantAt(zone, dateIn(zone, at), timeIn(zone, at))
    const between = (millis(minute) - millis(back)) / minutes(1)
    expect([0, 30, 60]).toContain(between)
    expect([dateIn(zone, back), timeIn(zone, back)]).toEqual([dateIn(zone, at), timeIn(zone, at)])
  }, { arbitrary: { runs: 2000 } })

  it.each([
    ["Asia/Seoul", "2026-03-02", "16:00", "2026-03-02T07:00:00.000Z"],
    ["Asia/Seoul", "2026-03-02", "00:30", "2026-03-01T15:30:00.000Z"],
    ["America/New_York", "2026-03-07", "16:00", "2026-03-07T21:00:00.000Z"],
    ["America/New_York", "2026-03-08", "16:00", "2026-03-08T20:00:00.000Z"],
    ["America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30:00.000Z"],
    ["America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00.000Z"]
  ])("in %s on %s at %s is %s", (name, day, at, expected) => {
    expect(DateTime.formatIso(instantAt(zone(name), date(day), time(at)))).toBe(expected)
  })

  it("a day begins at the academy's midnight, not at London's", () => {
    const seoul = zone("Asia/Seoul")
    const midnight = instant("2026-03-01T15:00:00Z")
    expect([dateIn(seoul, later(midnight, -1)), dateIn(seoul, midnight)]).toEqual(["2026-03-01", "2026-03-02"])
    expect([timeIn(seoul, later(midnight, -1)), timeIn(seoul, midnight)]).toEqual(["23:59", "00:00"])
  })
})

describe("days", () => {
  it.prop(
    "are counted forth and back, a week later it is the same weekday",
    [anyDate, whole(-1000, 1000)],
    ([day, n]) => {
      expect(addDays(addDays(day, n), -n)).toBe(day)
      expect(dayOfWeek(addDays(day, 7 * n))).toBe(dayOfWeek(day))
      expect(addDays(day, 1) > day).toBe(true)
    }
  )

  it.each([["2026-03-02", "MON"], ["2024-02-29", "THU"], ["2000-01-01", "SAT"], ["2026-03-08", "SUN"]])(
    "%s is a %s",
    (day, weekday) => {
      expect(dayOfWeek(date(day))).toBe(weekday)
    }
  )
})

describe("what is taken from outside", () => {
  const lengthOf = (year: number, month: number) =>
    month === 2
      ? ((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28)
      : [4, 6, 9, 11].includes(month)
      ? 30
      : 31

  it.prop("a date is one of the calendar", [whole(1900, 2150), whole(0, 14), whole(0, 33)], ([year, month, day]) => {
    const exists = month >= 1 && month <= 12 && day >= 1 && day <= lengthOf(year, month)
    expect(Schema.is(LocalDate)(`${year}-${pad(month)}-${pad(day)}`)).toBe(exists)
  }, { arbitrary: { runs: 1000 } })

  it.each([
    "",
    "2026-02-29",
    "1900-02-29",
    "1899-12-31",
    "2026-3-2",
    "26-03-02",
    "2026-03-02T00:00:00Z",
    "2026-03-02 ",
    "오늘"
  ])(
    "the date %j is refused",
    (text) => {
      expect(Schema.is(LocalDate)(text)).toBe(false)
    }
  )

  it.each(["", "24:00", "7:30", "07:60", "07:30:00", "07:30 "])("the time %j is refused", (text) => {
    expect(Schema.is(LocalTime)(text)).toBe(false)
  })

  it.each([
    "",
    "-1",
    "1e99",
    "yesterday",
    "2026-03-02",
    "2026-03-02T07:30:00",
    "2026-02-30T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T07:60Z",
    "2026-03-02T07:30:00+24:00",
    "2026-03-02 07:30:00Z"
  ])("the instant %j is refused", (text) => {
    expect(Option.isNone(Schema.decodeOption(Instant)(text))).toBe(true)
  })

  it.each([
    ["2026-03-02T07:30Z", "2026-03-02T07:30:00.000Z"],
    ["2026-03-02T16:30:00+09:00", "2026-03-02T07:30:00.000Z"],
    ["2026-03-02T07:30:00.250Z", "2026-03-02T07:30:00.250Z"]
  ])("the instant %j is %j", (text, utc) => {
    const instant = Schema.decodeSync(Instant)(text)
    expect(Schema.encodeSync(Instant)(instant)).toBe(utc)
    expect(Schema.decodeSync(Instant)(utc)).toEqual(instant)
  })

  it.each(["", "KST", "Mars/Olympus", "local", "+09:00", "-0500"])("the time zone %j is refused", (text) => {
    expect(Schema.is(TimeZoneName)(text)).toBe(false)
  })

  it.each(["Asia/Seoul", "America/New_York", "UTC"])("the time zone %s is known", (text) => {
    expect(Schema.is(TimeZoneName)(text)).toBe(true)
  })
})
