/** A manager cancels, moves or adds one session; planning leaves it alone from then on. */
import { Data, DateTime, Result, Schema } from "effect"
import type { Class } from "./Class.ts"
import type { EventFact } from "./DomainEvent.ts"
import { ClassNotActive } from "./Enrollment.ts"
import { addDays, dateIn, LocalDate, LocalTime, type TimeZoneName } from "./LocalTime.ts"
import {
  type Existing,
  type NewSession,
  planningHorizonDays,
  type Session,
  sessionCancelled,
  sessionOf,
  span
} from "./Session.ts"

/** When a session is to be, at the academy. One that ends before it starts ends the next day. */
export const When = Schema.Struct({ date: LocalDate, startTime: LocalTime, endTime: LocalTime })
export type When = typeof When.Type

/** It is over, closed or cancelled already. */
export class SessionOver extends Data.TaggedError("SessionOver")<{ readonly status: string }> {}
/** It has begun, or somebody has checked in: what is known of it would be lost. */
export class SessionAttended extends Data.TaggedError("SessionAttended")<{}> {}
/** Sessions are placed between now and the end of what is planned, on days of their class. */
export class OutsidePlanning extends Data.TaggedError("OutsidePlanning")<{
  readonly from: LocalDate
  readonly until: LocalDate
}> {}

interface Changed {
  readonly session: Session
  readonly event: EventFact
}

/** Until it ends, unless somebody has been confirmed: a teacher may fall ill in the middle. */
export const cancel = (
  session: Existing,
  reason: string,
  now: DateTime.Utc
): Result.Result<Changed, SessionOver | SessionAttended> => {
  if (session.status !== "SCHEDULED" || DateTime.isGreaterThanOrEqualTo(now, session.endsAt)) {
    return Result.fail(new SessionOver({ status: session.status }))
  }
  if (session.confirmed) return Result.fail(new SessionAttended())
  const cancelled: Session = {
    ...sessionOf(session),
    status: "CANCELLED",
    cause: "PERSON",
    reason,
    version: session.version + 1
  }
  return Result.succeed({ session: cancelled, event: sessionCancelled(cancelled, "PERSON") })
}

const place = (
  of: Pick<Class, "startDate" | "endDate">,
  when: When,
  zone: TimeZoneName,
  now: DateTime.Utc
): Result.Result<Pick<Session, "date" | "startsAt" | "endsAt">, OutsidePlanning> => {
  const today = dateIn(zone, now)
  const horizon = addDays(today, planningHorizonDays - 1)
  const from = of.startDate > today ? of.startDate : today
  const until = of.endDate !== null && of.endDate < horizon ? of.endDate : horizon
  const { endsAt, startsAt } = span(when.date, when, zone)
  return when.startTime === when.endTime || when.date < from || when.date > until
      || DateTime.isLessThanOrEqualTo(startsAt, now)
    ? Result.fail(new OutsidePlanning({ from, until }))
    : Result.succeed({ date: when.date, startsAt, endsAt })
}

/** Before it begins and before anybody has checked in, to a time that is still to come. */
export const move = (
  session: Existing,
  of: Pick<Class, "startDate" | "endDate">,
  when: When,
  reason: string,
  zone: TimeZoneName,
  now: DateTime.Utc
): Result.Result<Changed, SessionOver | SessionAttended | OutsidePlanning> => {
  if (session.status !== "SCHEDULED") return Result.fail(new SessionOver({ status: session.status }))
  if (session.attended || DateTime.isGreaterThanOrEqualTo(now, session.startsAt)) {
    return Result.fail(new SessionAttended())
  }
  return Result.map(place(of, when, zone, now), (placed) => {
    const moved: Session = { ...sessionOf(session), ...placed, moved: true, reason, version: session.version + 1 }
    return {
      session: moved,
      event: {
        type: "SessionMoved",
        aggregate: { type: "session", id: moved.id, version: moved.version },
        payload: { sessionId: moved.id, classId: moved.classId, sessionDate: moved.date, fromDate: session.date }
      }
    }
  })
}

/** One more than the timetable has; also on a holiday, if somebody wants it so. */
export const add = (
  of: Pick<Class, "status" | "startDate" | "endDate">,
  when: When,
  reason: string | null,
  zone: TimeZoneName,
  now: DateTime.Utc
): Result.Result<NewSession, ClassNotActive | OutsidePlanning> =>
  of.status !== "ACTIVE" ? Result.fail(new ClassNotActive()) : Result.map(place(of, when, zone, now), (placed) => ({
    scheduleId: null,
    plannedOn: null,
    ...placed,
    status: "SCHEDULED",
    moved: false,
    cause: null,
    reason,
    version: 1
  }))
