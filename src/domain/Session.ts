/**
 * One meeting of a class on one date. Most are made from its weekly slots, for a rolling 30 days:
 *
 * ```
 *                                holiday, or a person
 *   (plan) ──▶ SCHEDULED ──────────────────────────────────▶ CANCELLED
 *                │   ▲                                           │
 *                │   └─────────── no holiday any more ───────────┘
 *                └── some time after its end ──▶ CLOSED
 * ```
 *
 * What a person has touched (moved, cancelled, added, or where somebody has checked in) is no plan's business any more.
 */
import { DateTime, Schema } from "effect"
import type { Class, Schedule } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, ScheduleId, SessionId } from "./Ids.ts"
import { addDays, dateIn, dayOfWeek, instantAt, LocalDate, type LocalTime, TimeZoneName } from "./LocalTime.ts"

export const SessionStatus = Schema.Literals(["SCHEDULED", "CANCELLED", "CLOSED"])
export type SessionStatus = typeof SessionStatus.Type

/** Why a session is CANCELLED. */
export const CancelCause = Schema.Literals(["HOLIDAY", "PERSON"])
export type CancelCause = typeof CancelCause.Type

export const Session = Schema.Struct({
  id: SessionId,
  academyId: AcademyId,
  classId: ClassId,
  /** The slot and the day that it was planned from: its origin, kept when it is moved or cancelled; none when added. */
  scheduleId: Schema.NullOr(ScheduleId),
  plannedOn: Schema.NullOr(LocalDate),
  /** The day at the academy on which it is held. */
  date: LocalDate,
  startsAt: Schema.DateTimeUtc,
  endsAt: Schema.DateTimeUtc,
  status: SessionStatus,
  moved: Schema.Boolean,
  cause: Schema.NullOr(CancelCause),
  /** In the words of the one who moved or cancelled it, or the holiday's name. */
  reason: Schema.NullOr(Schema.String),
  version: Schema.Int
})
export type Session = typeof Session.Type

/** How far ahead sessions exist, in days. */
export const planningHorizonDays = 30

/** One meeting as the timetable wants it. */
export interface Planned {
  readonly scheduleId: ScheduleId
  readonly plannedOn: LocalDate
  readonly startsAt: DateTime.Utc
  readonly endsAt: DateTime.Utc
}

/** What of a class says when it meets. */
export type Meets = Pick<Class, "schedules" | "startDate" | "endDate">

const utc = TimeZoneName.make("UTC")

const meeting = (slot: Schedule, date: LocalDate, zone: TimeZoneName): Planned => {
  const { endsAt, startsAt } = span(date, slot, zone)
  return { scheduleId: slot.id, plannedOn: date, startsAt, endsAt }
}

/** From one time of a day to another, on the next day when that is earlier. */
export const span = (
  date: LocalDate,
  { endTime, startTime }: { readonly startTime: LocalTime; readonly endTime: LocalTime },
  zone: TimeZoneName
): { readonly startsAt: DateTime.Utc; readonly endsAt: DateTime.Utc } => {
  const lastDay = endTime > startTime ? date : addDays(date, 1)
  const times = (zone: TimeZoneName) => ({
    startsAt: instantAt(zone, date, startTime),
    endsAt: instantAt(zone, lastDay, endTime)
  })
  const { endsAt, startsAt } = times(zone)
  // A start that the zone skips has moved forward, perhaps past the end: then the end moves with it.
  const skipped = DateTime.isLessThanOrEqualTo(endsAt, startsAt)
  const length = DateTime.distance(times(utc).startsAt, times(utc).endsAt)
  return { startsAt, endsAt: skipped ? DateTime.addDuration(startsAt, length) : endsAt }
}

/** The meetings of a class on these days, both included, by start. */
export const meetings = (
  subject: Meets,
  zone: TimeZoneName,
  from: LocalDate,
  until: LocalDate
): ReadonlyArray<Planned> => {
  const found: Array<Planned> = []
  const first = from < subject.startDate ? subject.startDate : from
  const last = subject.endDate !== null && subject.endDate < until ? subject.endDate : until
  for (let date = first; date <= last; date = addDays(date, 1)) {
    const weekday = dayOfWeek(date)
    for (const slot of subject.schedules) if (slot.dayOfWeek === weekday) found.push(meeting(slot, date, zone))
  }
  return found.sort((a, b) => DateTime.Order(a.startsAt, b.startsAt))
}

/**
 * The meetings of a class that have not ended by `now`, for the rolling horizon from today, by start. Begins with
 * yesterday, since a slot over midnight of yesterday may still run. Planning twice gives the same meetings.
 */
export const plan = (
  subject: Meets,
  zone: TimeZoneName,
  today: LocalDate,
  now: DateTime.Utc
): ReadonlyArray<Planned> =>
  meetings(subject, zone, addDays(today, -1), addDays(today, planningHorizonDays - 1))
    .filter((one) => DateTime.isGreaterThan(one.endsAt, now))

/** The academy's calendar: its zone, and the days on which nobody comes, by name. */
export interface Calendar {
  readonly zone: TimeZoneName
  readonly holidays: ReadonlyMap<LocalDate, string>
}

/** A session that there is, and whether somebody has checked in to it, asked to, or been excused. */
export interface Existing extends Session {
  readonly attended: boolean
}

/** A session to be made; its id comes from outside. */
export type NewSession = Omit<Session, "id" | "academyId" | "classId">

/** What brings the sessions to the plan. */
export interface Replanned {
  readonly added: ReadonlyArray<NewSession>
  /** At another time, cancelled for a holiday, or back from one. */
  readonly changed: ReadonlyArray<Session>
  /** Those of them that a holiday takes away now. */
  readonly cancelled: ReadonlyArray<Session>
  readonly removed: ReadonlyArray<Session>
  /** To come, touched by somebody, and so left as they are. */
  readonly leftAlone: ReadonlyArray<Session>
}

const isTouched = (session: Existing): boolean =>
  session.scheduleId === null || session.moved || session.cause === "PERSON" || session.attended

const origin = (one: Pick<Session, "scheduleId" | "plannedOn">) => `${one.scheduleId} ${one.plannedOn}`

/**
 * Brings the sessions of a class to what its timetable, its academy's zone and its holidays say now. Whatever was
 * planned and edited before, the same class comes to the same sessions, but for those that began or were touched.
 */
export const replan = (
  subject: Meets & Pick<Class, "status">,
  existing: ReadonlyArray<Existing>,
  calendar: Calendar,
  now: DateTime.Utc
): Replanned => {
  const today = dateIn(calendar.zone, now)
  const wanted = subject.status === "ACTIVE" ? plan(subject, calendar.zone, today, now) : []
  const known = new Set(existing.map(origin))
  const toCome = existing.filter((one) => one.status !== "CLOSED" && DateTime.isGreaterThan(one.startsAt, now))
  const free = new Map(toCome.filter((one) => !isTouched(one)).map((one) => [origin(one), one]))

  const added: Array<NewSession> = []
  const changed: Array<Session> = []
  const cancelled: Array<Session> = []
  for (const { endsAt, plannedOn, scheduleId, startsAt } of wanted) {
    const holiday = calendar.holidays.get(plannedOn)
    const as = {
      date: plannedOn,
      startsAt,
      endsAt,
      ...(holiday === undefined
        ? { status: "SCHEDULED", cause: null, reason: null } as const
        : { status: "CANCELLED", cause: "HOLIDAY", reason: holiday } as const)
    }
    const key = origin({ scheduleId, plannedOn })
    const there = free.get(key)
    free.delete(key)
    if (there === undefined) {
      if (!known.has(key)) added.push({ scheduleId, plannedOn, moved: false, version: 1, ...as })
    } else if (!isSame(there, as)) {
      const { attended: _, ...session } = there
      const next: Session = { ...session, ...as, version: there.version + 1 }
      changed.push(next)
      if (there.status !== "CANCELLED" && next.status === "CANCELLED") cancelled.push(next)
    }
  }
  return {
    added,
    changed,
    cancelled,
    // What lies behind the horizon was planned by a zone in which it is later; the next days bring it back.
    removed: [...free.values()],
    leftAlone: toCome.filter(isTouched)
  }
}

const isSame = (a: Session, b: Omit<NewSession, "scheduleId" | "plannedOn" | "moved" | "version">): boolean =>
  DateTime.Equivalence(a.startsAt, b.startsAt) && DateTime.Equivalence(a.endsAt, b.endsAt) && a.date === b.date
  && a.status === b.status && a.cause === b.cause && a.reason === b.reason

/** What a run of planning has changed, for those who hear of it: nothing, when it has changed nothing. */
export const sessionsPlanned = (
  of: Pick<Class, "id" | "version">,
  added: ReadonlyArray<Session>,
  { cancelled, changed, removed }: Pick<Replanned, "changed" | "cancelled" | "removed"> = nothingElse
): ReadonlyArray<EventFact> => {
  const kept = [...added, ...changed]
  if (kept.length === 0 && removed.length === 0) return []
  return [
    {
      type: "SessionsPlanned",
      aggregate: { type: "class", id: of.id, version: of.version },
      payload: {
        sessionIds: kept.map((session) => session.id),
        ...(removed.length === 0 ? {} : { removed: removed.map((session) => session.id) }),
        dates: [...new Set([...kept, ...removed].map((session) => session.date))].sort()
      }
    },
    ...cancelled.map((session) => sessionCancelled(session, "HOLIDAY"))
  ]
}
const nothingElse = { changed: [], cancelled: [], removed: [] }

export const sessionCancelled = (session: Session, cause: CancelCause): EventFact => ({
  type: "SessionCancelled",
  aggregate: { type: "session", id: session.id, version: session.version },
  payload: { sessionId: session.id, classId: session.classId, sessionDate: session.date, cause }
})
