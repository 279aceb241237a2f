/**
 * One meeting of a class on one date. Most are made from its weekly slots, for a rolling 30 days:
 *
 * ```
 *                a holiday, a person, or the timetable drops it
 *   (plan) ──▶ SCHEDULED ────────────────────────────────────────▶ CANCELLED
 *                │   ▲                                                 │
 *                │   └── no holiday any more, in the timetable again ──┘
 *                └── some time after its end ──▶ CLOSED
 * ```
 *
 * What a person has touched (moved, cancelled, added, or where somebody has checked in) is no plan's business any more.
 */
import { DateTime, Schema, Struct } from "effect"
import type { Class, Schedule } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassId, ScheduleId, SessionId } from "./Ids.ts"
import { addDays, dateIn, dayOfWeek, instantAt, LocalDate, type LocalTime, TimeZoneName } from "./LocalTime.ts"

export const SessionStatus = Schema.Literals(["SCHEDULED", "CANCELLED", "CLOSED"])
export type SessionStatus = typeof SessionStatus.Type

/** Why a session is CANCELLED. PLAN: the timetable no longer has it; it comes back when the timetable does. */
export const CancelCause = Schema.Literals(["HOLIDAY", "PERSON", "PLAN"])
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

/** A session that there is, and what has happened at it. */
export interface Existing extends Session {
  /** Somebody has asked to be confirmed, also if that was refused. */
  readonly attended: boolean
  /** Somebody's attendance is confirmed. */
  readonly confirmed: boolean
}

/** The session alone. */
export const sessionOf = (existing: Existing): Session => Struct.omit(existing, ["attended", "confirmed"])

/** A session to be made; its id comes from outside. */
export type NewSession = Omit<Session, "id" | "academyId" | "classId">

/** What brings the sessions to the plan. */
export interface Replanned {
  readonly added: ReadonlyArray<NewSession>
  /** At another time, taken away by a holiday or the timetable, or back again. */
  readonly changed: ReadonlyArray<Session>
  /** Those of them that a holiday takes away now. */
  readonly cancelled: ReadonlyArray<Session>
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
  // A class that is over takes back also what a person had placed.
  const touched = toCome.filter((one) => subject.status === "ACTIVE" ? isTouched(one) : one.cause === "PERSON")
  const free = new Set(toCome.filter((one) => !touched.includes(one)))
  const byOrigin = new Map([...free].map((one) => [origin(one), one]))

  const added: Array<NewSession> = []
  const changed: Array<Session> = []
  const cancelled: Array<Session> = []
  const change = (there: Session, to: State) => {
    if (isSame(there, to)) return
    const { cause, date, endsAt, reason, startsAt, status } = to
    const next: Session = { ...there, cause, date, endsAt, reason, startsAt, status, version: there.version + 1 }
    changed.push(next)
    if (there.status !== "CANCELLED" && next.cause === "HOLIDAY") cancelled.push(next)
  }
  for (const { endsAt, plannedOn, scheduleId, startsAt } of wanted) {
    const holiday = calendar.holidays.get(plannedOn)
    const state: State = {
      date: plannedOn,
      startsAt,
      endsAt,
      ...(holiday === undefined
        ? { status: "SCHEDULED", cause: null, reason: null }
        : { status: "CANCELLED", cause: "HOLIDAY", reason: holiday })
    }
    const key = origin({ scheduleId, plannedOn })
    const there = byOrigin.get(key)
    if (there !== undefined) {
      free.delete(there)
      change(sessionOf(there), state)
    } else if (!known.has(key)) {
      added.push({ scheduleId, plannedOn, moved: false, version: 1, ...state })
    }
  }
  for (const one of free) change(sessionOf(one), { ...one, status: "CANCELLED", cause: "PLAN", reason: null })
  return { added, changed, cancelled, leftAlone: touched.map(sessionOf) }
}

/** What planning may say of a session. */
type State = Pick<Session, "date" | "startsAt" | "endsAt" | "status" | "cause" | "reason">
const isSame = (a: State, b: State): boolean =>
  DateTime.Equivalence(a.startsAt, b.startsAt) && DateTime.Equivalence(a.endsAt, b.endsAt) && a.date === b.date
  && a.status === b.status && a.cause === b.cause && a.reason === b.reason

/** The sessions that are to be held after a run of planning, of those that have not ended. */
export const toBeHeld = (
  existing: ReadonlyArray<Existing>,
  added: ReadonlyArray<Session>,
  changed: ReadonlyArray<Session>,
  now: DateTime.Utc
): ReadonlyArray<Session> => {
  const latest = new Map<SessionId, Session>(existing.map((one) => [one.id, sessionOf(one)]))
  for (const one of [...changed, ...added]) latest.set(one.id, one)
  return [...latest.values()].filter(({ endsAt, status }) => status === "SCHEDULED" && DateTime.isLessThan(now, endsAt))
}

/** What a run of planning has changed, for those who hear of it: nothing, when it has changed nothing. */
export const sessionsPlanned = (
  of: Pick<Class, "id" | "version">,
  added: ReadonlyArray<Session>,
  { cancelled, changed }: Pick<Replanned, "changed" | "cancelled"> = { changed: [], cancelled: [] }
): ReadonlyArray<EventFact> => {
  const sessions = [...added, ...changed]
  if (sessions.length === 0) return []
  return [
    {
      type: "SessionsPlanned",
      aggregate: { type: "class", id: of.id, version: of.version },
      payload: {
        sessionIds: sessions.map((session) => session.id),
        dates: [...new Set(sessions.map((session) => session.date))].sort()
      }
    },
    ...cancelled.map((session) => sessionCancelled(session, "HOLIDAY"))
  ]
}

export const sessionCancelled = (session: Session, cause: "HOLIDAY" | "PERSON"): EventFact => ({
  type: "SessionCancelled",
  aggregate: { type: "session", id: session.id, version: session.version },
  payload: { sessionId: session.id, classId: session.classId, sessionDate: session.date, cause }
})
