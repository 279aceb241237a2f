import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { Schedule } from "../../src/domain/Class.ts"
import { ScheduleId, SessionId } from "../../src/domain/Ids.ts"
import { addDays, dateIn, DayOfWeek, dayOfWeek, LocalDate, timeIn } from "../../src/domain/LocalTime.ts"
import { plan, type Planned, planningHorizonDays, sessionsPlanned } from "../../src/domain/Session.ts"
import {
  academyId,
  anyInstant,
  anyTime,
  anyZone,
  classId,
  date,
  instant,
  later,
  time,
  uuid,
  whole,
  zone
} from "./given.ts"

const millis = DateTime.toEpochMillis
const slot = (dayOfWeek: DayOfWeek, start: string, end: string, n = 1): Schedule => ({
  id: ScheduleId.make(uuid(n)),
  dayOfWeek,
  startTime: time(start),
  endTime: time(end)
})
/** From, until and origin of what is planned at that instant in that zone. */
const planned = (
  name: string,
  now: string,
  schedules: ReadonlyArray<Schedule>,
  between: { readonly startDate?: LocalDate; readonly endDate?: LocalDate } = {}
) => {
  const subject = { schedules, startDate: between.startDate ?? date("2020-01-01"), endDate: between.endDate ?? null }
  const at = instant(now)
  return plan(subject, zone(name), dateIn(zone(name), at), at).map((one) => [
    DateTime.formatIso(one.startsAt).slice(0, 16),
    DateTime.formatIso(one.endsAt).slice(0, 16),
    one.plannedOn
  ])
}

describe("planning", () => {
  it("makes a meeting each week, at the academy's time, for 30 days from today", () => {
    expect(planned("Asia/Seoul", "2026-03-01T15:00:00Z", [slot("MON", "16:00", "17:30")])).toEqual([
      ["2026-03-02T07:00", "2026-03-02T08:30", "2026-03-02"],
      ["2026-03-09T07:00", "2026-03-09T08:30", "2026-03-09"],
      ["2026-03-16T07:00", "2026-03-16T08:30", "2026-03-16"],
      ["2026-03-23T07:00", "2026-03-23T08:30", "2026-03-23"],
      ["2026-03-30T07:00", "2026-03-30T08:30", "2026-03-30"]
    ])
  })

  it("of a daily slot makes 30, from today on", () => {
    const daily = DayOfWeek.literals.map((day, n) => slot(day, "10:00", "11:00", n))
    const days = planned("Asia/Seoul", "2026-03-01T15:00:00Z", daily).map(([, , plannedOn]) => plannedOn)
    expect(days).toEqual(Array.from({ length: 30 }, (_, n) => addDays(date("2026-03-02"), n)))
  })

  it("leaves out what has ended, to the millisecond, and keeps what still runs", () => {
    const monday = [slot("MON", "16:00", "17:30")]
    expect(planned("Asia/Seoul", "2026-03-02T08:29:59.999Z", monday)[0]?.[2]).toBe("2026-03-02")
    expect(planned("Asia/Seoul", "2026-03-02T08:30:00.000Z", monday)[0]?.[2]).toBe("2026-03-09")
  })

  it("a slot that ends before it starts ends the next day, and yesterday's may still run", () => {
    const friday = [slot("FRI", "22:00", "01:00")]
    expect(planned("Asia/Seoul", "2026-03-06T15:59:00Z", friday)[0])
      .toEqual(["2026-03-06T13:00", "2026-03-06T16:00", "2026-03-06"])
    expect(planned("Asia/Seoul", "2026-03-06T16:00:00Z", friday)[0]?.[2]).toBe("2026-03-13")
  })

  it("keeps to the class's first and last day, both included", () => {
    const daily = DayOfWeek.literals.map((day, n) => slot(day, "10:00", "11:00", n))
    const between = { startDate: date("2026-03-04"), endDate: date("2026-03-06") }
    expect(planned("Asia/Seoul", "2026-03-01T15:00:00Z", daily, between).map(([, , plannedOn]) => plannedOn))
      .toEqual(["2026-03-04", "2026-03-05", "2026-03-06"])
    expect(planned("Asia/Seoul", "2026-03-06T15:00:00Z", daily, between)).toEqual([])
  })

  it("the last day's slot over midnight runs into the day after", () => {
    const between = { endDate: date("2026-03-06") }
    expect(planned("Asia/Seoul", "2026-03-06T15:30:00Z", [slot("FRI", "22:00", "01:00")], between)).toHaveLength(1)
  })
})

describe("when New York changes its clocks", () => {
  const newYork = (now: string, schedule: Schedule) =>
    planned("America/New_York", now, [schedule]).slice(0, 2).map(([start, end]) => `${start} ${end}`)

  it("the lesson stays at the same time of day", () => {
    expect(newYork("2026-03-01T12:00:00Z", slot("SAT", "16:00", "17:00")))
      .toEqual(["2026-03-07T21:00 2026-03-07T22:00", "2026-03-14T20:00 2026-03-14T21:00"])
    expect(newYork("2026-10-25T12:00:00Z", slot("SAT", "16:00", "17:00")))
      .toEqual(["2026-10-31T20:00 2026-10-31T21:00", "2026-11-07T21:00 2026-11-07T22:00"])
  })

  const spring = "2026-03-07T12:00:00Z"
  const autumn = "2026-10-31T12:00:00Z"
  it.each([
    ["begins in the hour that is skipped: an hour later, as long as ever", spring, "02:30", "03:00", "07:30", "08:00"],
    ["lies wholly in the hour that is skipped", spring, "02:15", "02:45", "07:15", "07:45"],
    ["goes over the skipped hour: by the clock, so an hour shorter", spring, "01:30", "03:30", "06:30", "07:30"],
    ["ends in the skipped hour", spring, "01:30", "02:30", "06:30", "07:30"],
    [
      "goes over the hour that comes twice: by the clock, so an hour longer",
      autumn,
      "00:30",
      "02:30",
      "04:30",
      "07:30"
    ],
    ["begins in the hour that comes twice: the first of the two", autumn, "01:30", "01:45", "05:30", "05:45"]
  ])("a lesson that %s", (_, now, start, end, from, until) => {
    const day = now === spring ? "2026-03-08" : "2026-11-01"
    expect(newYork(now, slot("SUN", start, end))[0]).toBe(`${day}T${from} ${day}T${until}`)
  })
})

const anySlots = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.all([Arbitrary.schema(DayOfWeek), anyTime, anyTime]).pipe(
      Arbitrary.filter(([, start, end]) => start !== end)
    ),
    { minLength: 1, maxLength: 7 }
  ),
  (slots) => slots.map(([day, start, end], n) => slot(day, start, end, n))
)
const origin = (one: Planned) => `${one.scheduleId} ${one.plannedOn}`

describe("for any slots, zone, hour and duration of the class", () => {
  const subject = {
    schedules: anySlots,
    zone: anyZone,
    now: anyInstant,
    starts: whole(-40, 40),
    lasts: Arbitrary.schema(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))))
  }

  it.prop("every meeting that has not ended is planned once, on its weekday, by start", subject, (given) => {
    const { now, schedules, zone } = given
    const today = dateIn(zone, now)
    const startDate = addDays(today, given.starts)
    const endDate = given.lasts === null ? null : addDays(startDate, given.lasts)
    const meetings = plan({ schedules, startDate, endDate }, zone, today, now)

    expect(new Set(meetings.map(origin)).size).toBe(meetings.length)
    expect(meetings.map((one) => millis(one.startsAt))).toEqual(
      meetings.map((one) => millis(one.startsAt)).sort((a, b) => a - b)
    )
    for (const { endsAt, plannedOn, scheduleId, startsAt } of meetings) {
      const its = schedules.find((one) => one.id === scheduleId)
      expect(its?.dayOfWeek).toBe(dayOfWeek(plannedOn))
      expect(plannedOn >= startDate && (endDate === null || plannedOn <= endDate)).toBe(true)
      expect(dateIn(zone, startsAt)).toBe(plannedOn)
      expect(timeIn(zone, startsAt) >= (its?.startTime ?? "")).toBe(true)
      expect(millis(endsAt)).toBeGreaterThan(Math.max(millis(now), millis(startsAt)))
      expect(millis(endsAt) - millis(startsAt)).toBeLessThanOrEqual(25 * 3_600_000)
    }
    // Day by day: from today all are there, but those of today that may have ended.
    const planned = new Set(meetings.map(origin))
    for (let n = 1; n < planningHorizonDays; n++) {
      const day = addDays(today, n)
      if (day < startDate || (endDate !== null && day > endDate)) continue
      for (const { dayOfWeek: weekday, id } of schedules) {
        expect(planned.has(`${id} ${day}`)).toBe(weekday === dayOfWeek(day))
      }
    }
  }, { arbitrary: { runs: 200 } })

  it.prop(
    "planning again later moves nothing that was planned",
    { ...subject, wait: whole(0, 20 * 86_400_000) },
    (given) => {
      const { now, schedules, zone } = given
      const planAt = (at: DateTime.Utc) =>
        plan({ schedules, startDate: dateIn(zone, now), endDate: null }, zone, dateIn(zone, at), at)
      const then = later(now, given.wait)
      const before = planAt(now).filter((one) => DateTime.isGreaterThan(one.endsAt, then))
      const after = new Map(planAt(then).map((one) => [origin(one), one]))
      expect(before.map((one) => after.get(origin(one)))).toEqual(before)
    },
    { arbitrary: { runs: 200 } }
  )
})

it("one event tells of a planning run: each session, each day once", () => {
  const session = (n: number, day: string) => ({
    id: SessionId.make(uuid(n)),
    academyId,
    classId,
    scheduleId: ScheduleId.make(uuid(n)),
    plannedOn: date(day),
    date: date(day),
    startsAt: instant(`${day}T07:00:00Z`),
    endsAt: instant(`${day}T08:00:00Z`),
    status: "SCHEDULED" as const,
    moved: false,
    cause: null,
    reason: null,
    version: 1
  })
  const sessions = [session(1, "2026-03-02"), session(2, "2026-03-02"), session(3, "2026-03-03")]
  expect(sessionsPlanned({ id: classId, version: 4 }, sessions)).toEqual([{
    type: "SessionsPlanned",
    aggregate: { type: "class", id: classId, version: 4 },
    payload: { sessionIds: sessions.map((one) => one.id), dates: ["2026-03-02", "2026-03-03"] }
  }])
})
