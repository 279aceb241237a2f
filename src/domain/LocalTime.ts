/**
 * Dates and times of day as people at an academy say them, and the way from there to instants.
 *
 * Instants are stored in UTC; every day, week and month boundary is taken in the academy's zone.
 */
import { DateTime, Option, Schema } from "effect"

/** A calendar day from 1900 on, `YYYY-MM-DD`. */
export const LocalDate = Schema.String.check(
  Schema.isPattern(/^\d{4}-\d{2}-\d{2}$/u, { expected: "a date such as 2026-03-02", format: "date" }),
  Schema.makeFilter((text: string) => (text >= "1900" && isRealDate(text)) || "a day of the calendar from 1900 on")
).pipe(Schema.brand("LocalDate"))
export type LocalDate = typeof LocalDate.Type

/** A time of day, `HH:mm`. */
export const LocalTime = Schema.String.check(
  Schema.isPattern(/^([01]\d|2[0-3]):[0-5]\d$/u, { expected: "a time such as 16:30" })
).pipe(Schema.brand("LocalTime"))
export type LocalTime = typeof LocalTime.Type

/** An instant from 1900 on, with its offset: `2026-03-02T07:30:00Z`, `2026-03-02T16:30:00.250+09:00`. */
export const Instant = Schema.String.check(
  Schema.isPattern(
    /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/u,
    { expected: "an instant such as 2026-03-02T07:30:00Z", format: "date-time" }
  ),
  Schema.makeFilter((text: string) =>
    (text >= "1900" && isRealDate(text.slice(0, 10))) || "a day of the calendar from 1900 on"
  )
).pipe(Schema.decodeTo(Schema.DateTimeUtcFromString))

/** A month of the calendar, `YYYY-MM`, from 1900 on. */
export const Month = Schema.String.check(
  Schema.isPattern(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])$/u, { expected: "a month such as 2026-03" })
).pipe(Schema.brand("Month"))
export type Month = typeof Month.Type

export const DayOfWeek = Schema.Literals(["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"])
export type DayOfWeek = typeof DayOfWeek.Type

/** An IANA zone, as in `Asia/Seoul`. No bare offset: what is `+09:00` here is nine hours west in PostgreSQL. */
export const TimeZoneName = Schema.String.annotate({ examples: ["Asia/Seoul", "America/New_York"] }).check(
  Schema.makeFilter((text: string) =>
    (/^[A-Z]/i.test(text) && Option.isSome(DateTime.zoneMakeNamed(text))) || "an IANA time zone such as Asia/Seoul"
  )
).pipe(Schema.brand("TimeZoneName"))
export type TimeZoneName = typeof TimeZoneName.Type

const days: ReadonlyArray<DayOfWeek> = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

const utcMidnight = (date: string) => Date.parse(`${date}T00:00:00Z`)
/** Cheap, since every event that names a day is read through it. */
const isRealDate = (text: string) => {
  const year = Number(text.slice(0, 4)), month = Number(text.slice(5, 7)), day = Number(text.slice(8))
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return month >= 1 && month <= 12 && day >= 1 && day <= length
}

export const dayOfWeek = (date: LocalDate): DayOfWeek =>
  days[DateTime.getPartUtc(DateTime.makeUnsafe(utcMidnight(date)), "weekDay")] ?? "SUN"

export const addDays = (date: LocalDate, count: number): LocalDate =>
  LocalDate.make(DateTime.formatIsoDateUtc(DateTime.makeUnsafe(utcMidnight(date) + count * 86_400_000)))

/** Whole days from one day to another; 0 for the same. */
export const daysBetween = (from: LocalDate, to: LocalDate): number =>
  (utcMidnight(to) - utcMidnight(from)) / 86_400_000

/** The month's first and last day. */
export const daysOf = (month: Month): { readonly from: LocalDate; readonly until: LocalDate } => {
  const from = LocalDate.make(`${month}-01`)
  return { from, until: lastOfMonth(from) }
}

/** The last day of the day's month. */
export const lastOfMonth = (date: LocalDate): LocalDate => {
  const firstOf = (day: string) => LocalDate.make(`${day.slice(0, 7)}-01`)
  return addDays(firstOf(addDays(firstOf(date), 31)), -1)
}

/** The day that it is in the zone at the instant. */
export const dateIn = (zone: TimeZoneName, at: DateTime.Utc): LocalDate =>
  LocalDate.make(DateTime.formatIsoDate(DateTime.setZoneNamedUnsafe(at, zone)))

/** The time of day that it is in the zone at the instant, seconds dropped. */
export const timeIn = (zone: TimeZoneName, at: DateTime.Utc): LocalTime =>
  LocalTime.make(DateTime.formatIsoOffset(DateTime.setZoneNamedUnsafe(at, zone)).slice(11, 16))

/**
 * The instant at which a clock in the zone shows this day and time. A time that the zone skips (spring) is moved
 * forward by the gap; a time that it has twice (autumn) is the earlier one.
 */
export const instantAt = (zone: TimeZoneName, date: LocalDate, time: LocalTime): DateTime.Utc =>
  DateTime.toUtc(
    DateTime.makeZonedUnsafe(`${date}T${time}:00`, {
      timeZone: zone,
      adjustForTimeZone: true,
      disambiguation: "compatible"
    })
  )

const minuteOfDay = (time: LocalTime) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
const week = 7 * 24 * 60

/** Do two of these weekly slots share a minute of the week? One that ends before it starts ends the next day. */
export const overlapping = (
  slots: ReadonlyArray<{ readonly dayOfWeek: DayOfWeek; readonly startTime: LocalTime; readonly endTime: LocalTime }>
): boolean => {
  const spans = slots.map(({ dayOfWeek, endTime, startTime }) => {
    const start = days.indexOf(dayOfWeek) * 1440 + minuteOfDay(startTime)
    const length = minuteOfDay(endTime) - minuteOfDay(startTime)
    return { start, length: length > 0 ? length : length + 1440 }
  })
  // From where one starts, round the week, to where the other starts.
  const way = (from: number, to: number) => (to - from + week) % week
  return spans.some((a, n) =>
    spans.slice(n + 1).some((b) => way(a.start, b.start) < a.length || way(b.start, a.start) < b.length)
  )
}
