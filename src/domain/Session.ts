/** One meeting of a class on one date, made from its weekly slots. */
import { DateTime, Schema } from "effect"
import type { Class, Schedule } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, ScheduleId, SessionId } from "./Ids.ts"
import { addDays, dayOfWeek, instantAt, LocalDate, TimeZoneName } from "./LocalTime.ts"

export const SessionStatus = Schema.Literals(["SCHEDULED", "CANCELLED", "CLOSED"])
export type SessionStatus = typeof SessionStatus.Type

export const Session = Schema.Struct({
  id: SessionId,
  academyId: AcademyId,
  classId: ClassId,
  /** The slot and the day that it was planned from: its origin, kept when it is moved or cancelled. */
  scheduleId: ScheduleId,
  plannedOn: LocalDate,
  startsAt: Schema.DateTimeUtc,
  endsAt: Schema.DateTimeUtc,
  status: SessionStatus,
  version: Schema.Int
})
export type Session = typeof Session.Type

/** How far ahead sessions exist, in days. */
export const planningHorizonDays = 30

export interface Planned {
  readonly scheduleId: ScheduleId
  readonly plannedOn: LocalDate
  readonly startsAt: DateTime.Utc
  readonly endsAt: DateTime.Utc
}

const utc = TimeZoneName.make("UTC")

const meeting = (slot: Schedule, date: LocalDate, zone: TimeZoneName): Planned => {
  const lastDay = slot.endTime > slot.startTime ? date : addDays(date, 1)
  const times = (zone: TimeZoneName) => ({
    startsAt: instantAt(zone, date, slot.startTime),
    endsAt: instantAt(zone, lastDay, slot.endTime)
  })
  const { endsAt, startsAt } = times(zone)
  // A start that the zone skips has moved forward, perhaps past the end: then the end moves with it.
  const skipped = DateTime.isLessThanOrEqualTo(endsAt, startsAt)
  const length = DateTime.distance(times(utc).startsAt, times(utc).endsAt)
  return {
    scheduleId: slot.id,
    plannedOn: date,
    startsAt,
    endsAt: skipped ? DateTime.addDuration(startsAt, length) : endsAt
  }
}

/**
 * The meetings of a class that have not ended by `now`, for the rolling horizon from today, by start. Begins with
 * yesterday, since a slot over midnight of yesterday may still run. Planning twice gives the same meetings.
 */
export const plan = (
  subject: Pick<Class, "schedules" | "startDate" | "endDate">,
  zone: TimeZoneName,
  today: LocalDate,
  now: DateTime.Utc
): ReadonlyArray<Planned> => {
  const planned: Array<Planned> = []
  for (let offset = -1; offset < planningHorizonDays; offset++) {
    const date = addDays(today, offset)
    if (date < subject.startDate || (subject.endDate !== null && date > subject.endDate)) continue
    const weekday = dayOfWeek(date)
    for (const slot of subject.schedules) {
      if (slot.dayOfWeek !== weekday) continue
      const one = meeting(slot, date, zone)
      if (DateTime.isGreaterThan(one.endsAt, now)) planned.push(one)
    }
  }
  return planned.sort((a, b) => DateTime.Order(a.startsAt, b.startsAt))
}

/** The meetings that do not exist yet: a meeting is known by its slot and day, also after it was moved or cancelled. */
export const missing = (
  meetings: ReadonlyArray<Planned>,
  existing: ReadonlyArray<Pick<Planned, "scheduleId" | "plannedOn">>
): ReadonlyArray<Planned> => {
  const known = new Set(existing.map(({ plannedOn, scheduleId }) => `${scheduleId} ${plannedOn}`))
  return meetings.filter(({ plannedOn, scheduleId }) => !known.has(`${scheduleId} ${plannedOn}`))
}

export const sessionsPlanned = (
  of: Pick<Class, "id" | "version">,
  sessions: ReadonlyArray<Session>
): EventFact => ({
  type: "SessionsPlanned",
  aggregate: { type: "class", id: of.id, version: of.version },
  payload: {
    sessionIds: sessions.map((session) => session.id),
    dates: [...new Set(sessions.map((session) => session.plannedOn))]
  }
})
