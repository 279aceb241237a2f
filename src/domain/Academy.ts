import { Data, Duration, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId } from "./Ids.ts"
import { LocalDate, TimeZoneName } from "./LocalTime.ts"
import { Quiet } from "./QuietHours.ts"

/** How attendance runs at an academy. Whole minutes, 0 to 240. */
const Minutes = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 240 }))

const minutesAndCounts = {
  /** Students may press "I am here" from this long before the session starts. */
  checkInOpensBeforeMinutes: Minutes,
  /** A request (or else the confirmation) later than start + this is LATE. */
  lateAfterMinutes: Minutes,
  /** Who has not come by start + this is missing: the guardians are told, or the teacher if nobody is confirmed yet. */
  missingAfterMinutes: Minutes,
  /** So long after that the managers are told that the roll is still unmarked. */
  rollChaseAfterMinutes: Minutes,
  /** So long after its end a session closes by itself; from then on only the office changes it. */
  closesAfterMinutes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1440 })),
  /** So many sessions of one class missed in a row are told to the managers; 0: never. */
  consecutiveAbsences: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))
}

export const AcademySettings = Schema.Struct({
  ...minutesAndCounts,
  /** Hours of each day in which messages wait; `null`: they go out at any hour. */
  quietHours: Schema.NullOr(Quiet)
})
export type AcademySettings = typeof AcademySettings.Type

/** As somebody enters them: quiet hours that are left out stay as they are, and are none at first. */
const EnteredSettings = Schema.Struct({
  ...minutesAndCounts,
  quietHours: Schema.optionalKey(AcademySettings.fields.quietHours)
})

/** The figures of the domain page. */
export const defaultSettings: AcademySettings = {
  checkInOpensBeforeMinutes: 30,
  lateAfterMinutes: 10,
  missingAfterMinutes: 10,
  rollChaseAfterMinutes: 10,
  closesAfterMinutes: 60,
  consecutiveAbsences: 3,
  quietHours: null
}

export const checkInOpensBefore = (settings: Pick<AcademySettings, "checkInOpensBeforeMinutes">) =>
  Duration.minutes(settings.checkInOpensBeforeMinutes)
export const lateAfter = (settings: Pick<AcademySettings, "lateAfterMinutes">) =>
  Duration.minutes(settings.lateAfterMinutes)

export const missingAfter = (settings: Pick<AcademySettings, "missingAfterMinutes">) =>
  Duration.minutes(settings.missingAfterMinutes)
export const closesAfter = (settings: Pick<AcademySettings, "closesAfterMinutes">) =>
  Duration.minutes(settings.closesAfterMinutes)
export const rollChaseAfter = (settings: Pick<AcademySettings, "rollChaseAfterMinutes">) =>
  Duration.minutes(settings.rollChaseAfterMinutes)

export const AcademyStatus = Schema.Literals(["ACTIVE", "INACTIVE", "SUSPENDED"])

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(100))
const Phone = Schema.String.check(Schema.isMaxLength(24))
const Address = Schema.String.check(Schema.isMaxLength(200))
const ZipCode = Schema.String.check(Schema.isMaxLength(10))

/** What somebody tells us of an academy when it joins. */
export const NewAcademy = Schema.Struct({
  name: Name,
  phone: Schema.optionalKey(Phone),
  address: Schema.optionalKey(Address),
  zipCode: Schema.optionalKey(ZipCode),
  /** Business registration number; no two academies have the same. */
  registrationNumber: Schema.NonEmptyString.check(Schema.isMaxLength(20)),
  timeZone: Schema.optionalKey(TimeZoneName),
  settings: Schema.optionalKey(EnteredSettings)
})
export type NewAcademy = typeof NewAcademy.Type

export const Academy = Schema.Struct({
  id: AcademyId,
  name: Schema.String,
  phone: Schema.NullOr(Schema.String),
  address: Schema.NullOr(Schema.String),
  zipCode: Schema.NullOr(Schema.String),
  registrationNumber: Schema.String,
  timeZone: TimeZoneName,
  status: AcademyStatus,
  settings: AcademySettings,
  version: Schema.Int
})
export type Academy = typeof Academy.Type

export const create = (
  input: NewAcademy,
  id: AcademyId
): { readonly academy: Academy; readonly event: EventFact } => ({
  academy: {
    id,
    name: input.name,
    phone: input.phone ?? null,
    address: input.address ?? null,
    zipCode: input.zipCode ?? null,
    registrationNumber: input.registrationNumber,
    timeZone: input.timeZone ?? TimeZoneName.make("Asia/Seoul"),
    status: "ACTIVE",
    settings: { ...defaultSettings, ...input.settings },
    version: 1
  },
  event: { type: "AcademyCreated", aggregate: { type: "academy", id, version: 1 }, payload: {} }
})

/** What is left out stays as it is. */
export const AcademyChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  phone: Schema.optionalKey(Schema.NullOr(Phone)),
  address: Schema.optionalKey(Schema.NullOr(Address)),
  zipCode: Schema.optionalKey(Schema.NullOr(ZipCode)),
  timeZone: Schema.optionalKey(TimeZoneName),
  settings: Schema.optionalKey(EnteredSettings)
}).check(Schema.makeFilter((change: object) => Object.keys(change).length > 0 || "something to change", {
  toJsonSchema: () => ({ minProperties: 1 })
}))
export type AcademyChange = typeof AcademyChange.Type

export const change = (
  academy: Academy,
  to: AcademyChange
): { readonly academy: Academy; readonly event: EventFact } => ({
  academy: {
    ...academy,
    ...to,
    settings: { ...academy.settings, ...to.settings },
    version: academy.version + 1
  },
  event: {
    type: "AcademyUpdated",
    aggregate: { type: "academy", id: academy.id, version: academy.version + 1 },
    payload: {}
  }
})

/** A day on which nobody comes. */
export const Holiday = Schema.Struct({ date: LocalDate, name: Schema.NonEmptyString.check(Schema.isMaxLength(60)) })
export type Holiday = typeof Holiday.Type

/** Holidays are of today and of days to come: what was held stays held. */
export class HolidayPast extends Data.TaggedError("HolidayPast")<{ readonly today: LocalDate }> {}

/** `holiday`: whether the day is one from now on. */
export const setHoliday = (
  academy: Pick<Academy, "id" | "version">,
  date: LocalDate,
  holiday: boolean,
  today: LocalDate
): Result.Result<EventFact, HolidayPast> =>
  date < today ? Result.fail(new HolidayPast({ today })) : Result.succeed({
    type: "HolidayChanged",
    aggregate: { type: "academy", id: academy.id, version: academy.version },
    payload: { date, holiday }
  })
