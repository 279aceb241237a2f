import { describe, expect, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { type Class, edit, type Schedule, type Slot } from "../../src/domain/Class.ts"
import { ScheduleId, SessionId } from "../../src/domain/Ids.ts"
import {
  addDays,
  dateIn,
  DayOfWeek,
  type LocalDate,
  LocalTime,
  overlapping,
  type TimeZoneName
} from "../../src/domain/LocalTime.ts"
import { type Calendar, type Existing, replan, type Session, toBeHeld } from "../../src/domain/Session.ts"
import { academyId, anyInstant, anyZone, classId, date, instant, later, teacherId, uuid, whole, zone } from "./given.ts"

/** Hours that do not overlap, so that any set of them is a timetable. */
const anySlots: Arbitrary.Arbitrary<ReadonlyArray<Slot>> = Arbitrary.map(
  Arbitrary.array(Arbitrary.all([whole(0, 6), whole(0, 22)]), { minLength: 1, maxLength: 5 }),
  (drawn) =>
    [...new Map(drawn.map(([day, hour]) => [`${day} ${hour}`, { day, hour }])).values()].map(({ day, hour }) => ({
      dayOfWeek: DayOfWeek.literals[day] ?? "MON",
      startTime: LocalTime.make(`${String(hour).padStart(2, "0")}:00`),
      endTime: LocalTime.make(`${String(hour).padStart(2, "0")}:50`)
    }))
)

type Step =
  | { readonly do: "plan" }
  | { readonly do: "edit"; readonly slots: ReadonlyArray<Slot> }
  | { readonly do: "end"; readonly after: number | null }
  | { readonly do: "holiday"; readonly day: number }
  | { readonly do: "move to"; readonly zone: TimeZoneName }

const anyStep: Arbitrary.Arbitrary<Step> = Arbitrary.map(
  Arbitrary.all([whole(0, 4), anySlots, whole(0, 40), anyZone]),
  ([kind, slots, n, zone]): Step =>
    kind === 0
      ? { do: "plan" }
      : kind === 1
      ? { do: "edit", slots }
      : kind === 2
      ? { do: "end", after: n > 35 ? null : n }
      : kind === 3
      ? { do: "holiday", day: n % 30 }
      : { do: "move to", zone }
)

interface World {
  readonly class: Class
  readonly slots: ReadonlyArray<Schedule>
  readonly calendar: Calendar
  readonly sessions: ReadonlyArray<Existing>
}

let ids = 1000
const freshSchedules = () => Array.from({ length: 7 }, () => ScheduleId.make(uuid(++ids)))

const begin = (slots: ReadonlyArray<Slot>, zone: TimeZoneName, now: DateTime.Utc): World => {
  const schedules = slots.map((slot) => ({ ...slot, id: ScheduleId.make(uuid(++ids)) }))
  return {
    class: {
      id: classId,
      academyId,
      name: "c",
      subject: "s",
      teacherId,
      classroomId: null,
      capacity: 10,
      startDate: addDays(dateIn(zone, now), -100),
      endDate: null,
      audience: null,
      description: null,
      curriculum: null,
      fee: null,
      status: "ACTIVE",
      schedules,
      version: 1
    },
    slots: schedules,
    calendar: { zone, holidays: new Map() },
    sessions: []
  }
}

/** What the database would have after a run of planning. */
const planned = (world: World, now: DateTime.Utc) => {
  const { added, changed, leftAlone } = replan(world.class, world.sessions, world.calendar, now)
  const next = new Map(world.sessions.map((one) => [one.id, one]))
  for (const one of changed) {
    expect(next.get(one.id)?.version).toBe(one.version - 1)
    next.set(one.id, { ...one, attended: false, confirmed: false })
  }
  for (const one of added) {
    const id = SessionId.make(uuid(++ids))
    next.set(id, { ...one, id, academyId, classId, attended: false, confirmed: false })
  }
  return { world: { ...world, sessions: [...next.values()] }, changed, added, leftAlone }
}

const step = (world: World, what: Step, now: DateTime.Utc): World => {
  const today = dateIn(world.calendar.zone, now)
  const changed = (change: Parameters<typeof edit>[1]): World => {
    const given = { slots: world.slots, scheduleIds: freshSchedules(), teacher: null, taken: [], today }
    const { class: edited } = Result.getOrThrow(edit(world.class, change, given))
    const known = new Map([...world.slots, ...edited.schedules].map((slot) => [slot.id, slot]))
    return { ...world, class: edited, slots: [...known.values()] }
  }
  const apply = (): World => {
    switch (what.do) {
      case "plan":
        return world
      case "edit":
        return changed({ schedules: what.slots })
      case "end":
        return changed({ endDate: what.after === null ? null : addDays(today, what.after) })
      case "holiday": {
        const holidays = new Map(world.calendar.holidays)
        const day = addDays(today, what.day)
        if (!holidays.delete(day)) holidays.set(day, `day ${what.day}`)
        return { ...world, calendar: { ...world.calendar, holidays } }
      }
      case "move to":
        return { ...world, calendar: { ...world.calendar, zone: what.zone } }
    }
  }
  return planned(apply(), now).world
}

const origin = (one: Pick<Session, "scheduleId" | "plannedOn">) => `${one.scheduleId} ${one.plannedOn}`
const said = (sessions: ReadonlyArray<Omit<Session, "id" | "academyId" | "classId">>, now: DateTime.Utc) =>
  new Map(
    sessions.filter((one) => one.cause !== "PLAN" && DateTime.isGreaterThan(one.startsAt, now)).map((one) => [
      origin(one),
      {
        date: one.date,
        from: one.startsAt,
        until: one.endsAt,
        status: one.status,
        cause: one.cause,
        reason: one.reason
      }
    ])
  )

describe("planning and editing", () => {
  it.prop(
    "in any order yield the same sessions to come as planning once",
    { slots: anySlots, zone: anyZone, now: anyInstant, steps: Arbitrary.array(anyStep, { maxLength: 8 }) },
    ({ now, slots, steps, zone }) => {
      const grown = steps.reduce<World>(
        (world, what) => step(world, what, now),
        planned(begin(slots, zone, now), now).world
      )
      const once = replan(grown.class, [], grown.calendar, now).added
      // One that has begun is held, whatever zone it would be in now.
      const begun = new Set(grown.sessions.filter((one) => !DateTime.isGreaterThan(one.startsAt, now)).map(origin))
      expect(said(grown.sessions, now)).toEqual(said(once.filter((one) => !begun.has(origin(one))), now))
      // And planning again changes nothing.
      const again = planned(grown, now)
      expect([again.added, again.changed]).toEqual([[], []])
    },
    { arbitrary: { runs: 200 } }
  )

  it.prop(
    "leave alone and name whatever somebody has touched",
    {
      slots: anySlots,
      zone: anyZone,
      now: anyInstant,
      steps: Arbitrary.array(anyStep, { minLength: 1, maxLength: 6 }),
      which: whole(0, 30),
      how: whole(0, 2)
    },
    ({ how, now, slots, steps, which, zone }) => {
      const before = planned(begin(slots, zone, now), now).world
      const toCome = before.sessions.filter(({ startsAt }) => DateTime.isGreaterThan(startsAt, now))
      const chosen = toCome[which % Math.max(1, toCome.length)]
      if (chosen === undefined) return
      const touched: Existing = how === 0
        ? { ...chosen, moved: true, startsAt: later(chosen.startsAt, 60_000), endsAt: later(chosen.endsAt, 60_000) }
        : how === 1
        ? { ...chosen, status: "CANCELLED", cause: "PERSON", reason: "why" }
        : { ...chosen, attended: true }
      const sessions = before.sessions.map((one) => (one.id === touched.id ? touched : one))
      const grown = steps.reduce<World>((world, what) => step(world, what, now), { ...before, sessions })
      expect(grown.sessions.find(({ id }) => id === touched.id)).toEqual(touched)
      expect(planned(grown, now).leftAlone.map(({ id }) => id)).toContain(touched.id)
      // No ghost takes its place.
      expect(grown.sessions.filter((one) => origin(one) === origin(touched))).toHaveLength(1)
    },
    { arbitrary: { runs: 200 } }
  )

  const now = instant("2026-03-02T05:00:00Z")
  const slot = (day: DayOfWeek, start: string, end: string): Slot => ({
    dayOfWeek: day,
    startTime: LocalTime.make(start),
    endTime: LocalTime.make(end)
  })
  const monday = begin([slot("MON", "16:00", "17:30")], zone("Asia/Seoul"), now)

  it("a holiday takes its sessions away and gives them back, and tells which", () => {
    const before = planned(monday, now).world
    const holidays = new Map<LocalDate, string>([[date("2026-03-09"), "휴원"]])
    const { cancelled, changed } = replan(before.class, before.sessions, { ...before.calendar, holidays }, now)
    expect(cancelled).toEqual(changed)
    expect(cancelled).toMatchObject([{ date: "2026-03-09", status: "CANCELLED", cause: "HOLIDAY", reason: "휴원" }])
    const there = before.sessions.map((one) => ({ ...one, ...changed.find(({ id }) => id === one.id) }))
    const back = replan(before.class, there, before.calendar, now)
    expect(back.cancelled).toEqual([])
    expect(back.changed).toMatchObject([{ date: "2026-03-09", status: "SCHEDULED", cause: null, reason: null }])
  })

  it("what is planned on a holiday is cancelled from the beginning, and nobody is told", () => {
    const holidays = new Map<LocalDate, string>([[date("2026-03-09"), "휴원"]])
    const { added, cancelled } = replan(monday.class, [], { ...monday.calendar, holidays }, now)
    expect(added.map(({ status }) => status)).toEqual(["SCHEDULED", "CANCELLED", "SCHEDULED", "SCHEDULED", "SCHEDULED"])
    expect(cancelled).toEqual([])
  })

  it("a class that is over keeps what has begun and what a person cancelled, and nothing else", () => {
    const before = planned(monday, now).world
    const [first, second, ...others] = before.sessions
    if (first === undefined || second === undefined) throw new Error("too few")
    const begun = instant("2026-03-02T07:10:00Z")
    const sessions: ReadonlyArray<Existing> = [
      first,
      { ...second, status: "CANCELLED", cause: "PERSON", reason: "ill" },
      ...others.map((one, n) => ({ ...one, moved: n === 0, attended: n === 1 }))
    ]
    const over = replan({ ...before.class, status: "COMPLETED" }, sessions, before.calendar, begun)
    expect(over.changed.map(({ cause, status }) => `${status} ${cause}`)).toEqual(others.map(() => "CANCELLED PLAN"))
    expect(over.leftAlone.map(({ id }) => id)).toEqual([second.id])
    expect(toBeHeld(sessions, [], over.changed, begun).map(({ id }) => id)).toEqual([first.id])
  })

  it("two slots share a minute of the week, over midnight and over its end", () => {
    expect(overlapping([slot("MON", "16:00", "17:00"), slot("MON", "17:00", "18:00")])).toBe(false)
    expect(overlapping([slot("MON", "16:00", "17:00"), slot("MON", "16:59", "18:00")])).toBe(true)
    expect(overlapping([slot("MON", "23:00", "01:00"), slot("TUE", "00:30", "02:00")])).toBe(true)
    expect(overlapping([slot("SAT", "23:00", "01:00"), slot("SUN", "00:30", "02:00")])).toBe(true)
    expect(overlapping([slot("SAT", "23:00", "01:00"), slot("SUN", "01:00", "02:00")])).toBe(false)
    expect(overlapping([slot("MON", "16:00", "17:00"), slot("MON", "16:00", "17:00")])).toBe(true)
  })
})
