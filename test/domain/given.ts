/** Values that the tests of the domain begin with, and arbitraries of them. */
import { DateTime, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { type AcademySettings, defaultSettings } from "../../src/domain/Academy.ts"
import { type Attendance, AttendanceStatus, type Change, type Roll } from "../../src/domain/Attendance.ts"
import { ClassStatus } from "../../src/domain/Class.ts"
import { AcademyId, AttendanceId, ClassId, MemberId, SessionId } from "../../src/domain/Ids.ts"
import { addDays, dateIn, LocalDate, LocalTime, TimeZoneName } from "../../src/domain/LocalTime.ts"
import { SessionStatus } from "../../src/domain/Session.ts"

export const uuid = (n: number) => `01960000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
export const date = (text: string) => LocalDate.make(text)
export const time = (text: string) => LocalTime.make(text)
export const zone = (text: string) => TimeZoneName.make(text)
export const instant = (text: string) => DateTime.makeUnsafe(text)
export const later = (at: DateTime.Utc, millis: number) => DateTime.add(at, { milliseconds: millis })
export const minutes = (n: number) => n * 60_000

export const academyId = AcademyId.make(uuid(1))
export const classId = ClassId.make(uuid(2))
export const sessionId = SessionId.make(uuid(3))
export const studentId = MemberId.make(uuid(4))
export const teacherId = MemberId.make(uuid(5))
export const parentId = MemberId.make(uuid(6))
export const attendanceId = AttendanceId.make(uuid(7))

// ---- arbitraries

export const whole = (minimum: number, maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

const days = whole(0, 365 * 50)
/** Days from 2000 to 2049: what people enter, leap days and changes of the clock among them. */
export const anyDate = Arbitrary.map(days, (n) => addDays(date("2000-01-01"), n))
export const anyTime = Arbitrary.schema(LocalTime)
/** Instants from 2000 to 2049, to the millisecond. */
export const anyInstant = Arbitrary.map(
  Arbitrary.all([days, whole(0, 86_399_999)]),
  ([day, millis]) => later(instant("2000-01-01T00:00:00Z"), day * 86_400_000 + millis)
)
/** Without daylight saving, with it on either half of the globe, by half an hour, at midnight, and far from UTC. */
export const zones = [
  "Asia/Seoul",
  "America/New_York",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Pacific/Kiritimati",
  "UTC"
].map(zone)
export const anyZone = Arbitrary.map(whole(0, zones.length - 1), (n) => zones[n] ?? zone("UTC"))

/** A session on 2026-03-02 from 16:00 to 17:30 in Seoul, its student enrolled, nothing known of the student yet. */
export const roll: Roll = {
  session: {
    id: sessionId,
    academyId,
    classId,
    date: date("2026-03-02"),
    startsAt: instant("2026-03-02T07:00:00Z"),
    endsAt: instant("2026-03-02T08:30:00Z"),
    status: "SCHEDULED"
  },
  classStatus: "ACTIVE",
  settings: defaultSettings,
  studentId,
  enrolled: true,
  attendance: null,
  absence: null,
  newId: attendanceId
}

export const attendanceOf = (status: AttendanceStatus, changed?: Partial<Attendance>): Attendance => ({
  id: attendanceId,
  academyId,
  sessionId,
  classId,
  studentId,
  status,
  requestedAt: status === "REQUESTED" ? roll.session.startsAt : null,
  confirmedAt: status === "NONE" || status === "REQUESTED" ? null : roll.session.startsAt,
  confirmedBy: status === "NONE" || status === "REQUESTED" ? null : teacherId,
  note: null,
  version: 3,
  ...changed
})

export const byTeacher = (now: DateTime.Utc): Change => ({
  actorId: teacherId,
  actorRole: "TEACHER",
  channel: "API",
  now,
  office: false
})
export const byManager = (now: DateTime.Utc): Change => ({ ...byTeacher(now), actorRole: "MANAGER", office: true })
export const byStudent = (now: DateTime.Utc): Change => ({
  actorId: studentId,
  actorRole: "STUDENT",
  channel: "API",
  now,
  office: false
})

const minutesOfADay = whole(0, 240)
export const anySettings: Arbitrary.Arbitrary<AcademySettings> = Arbitrary.all({
  checkInOpensBeforeMinutes: minutesOfADay,
  lateAfterMinutes: minutesOfADay,
  missingAfterMinutes: minutesOfADay,
  rollChaseAfterMinutes: minutesOfADay,
  closesAfterMinutes: whole(0, 1440),
  consecutiveAbsences: whole(0, 30),
  quietHours: Arbitrary.schema(Schema.Null)
})

/** Rolls of every kind, also those that no database should hold, with an instant near one of their edges. */
export const anyMoment: Arbitrary.Arbitrary<{ readonly roll: Roll; readonly now: DateTime.Utc }> = Arbitrary.map(
  Arbitrary.all({
    startsAt: anyInstant,
    length: whole(1, 24 * 60),
    zone: anyZone,
    settings: anySettings,
    sessionStatus: Arbitrary.schema(SessionStatus),
    classStatus: Arbitrary.schema(ClassStatus),
    enrolled: Arbitrary.schema(Schema.Literals([true, true, false])),
    status: Arbitrary.schema(Schema.NullOr(AttendanceStatus)),
    version: whole(1, 1000),
    requested: whole(-300, 300),
    edge: Arbitrary.schema(Schema.Literals(["opens", "starts", "late", "ends"])),
    off: Arbitrary.schema(Schema.Union([
      Schema.Literals([-1, 0, 1]),
      Schema.Int.check(Schema.isBetween({ minimum: -minutes(600), maximum: minutes(600) }))
    ]))
  }),
  (drawn) => {
    const endsAt = later(drawn.startsAt, minutes(drawn.length))
    const edges = {
      opens: later(drawn.startsAt, -minutes(drawn.settings.checkInOpensBeforeMinutes)),
      starts: drawn.startsAt,
      late: later(drawn.startsAt, minutes(drawn.settings.lateAfterMinutes)),
      ends: endsAt
    }
    const requestedAt = later(drawn.startsAt, minutes(drawn.requested))
    return {
      now: later(edges[drawn.edge], drawn.off),
      roll: {
        session: {
          ...roll.session,
          date: dateIn(drawn.zone, drawn.startsAt),
          startsAt: drawn.startsAt,
          endsAt,
          status: drawn.sessionStatus
        },
        classStatus: drawn.classStatus,
        settings: drawn.settings,
        studentId,
        enrolled: drawn.enrolled,
        absence: null,
        attendance: drawn.status === null ? null : attendanceOf(drawn.status, {
          version: drawn.version,
          ...(drawn.status === "REQUESTED" ? { requestedAt } : {})
        }),
        newId: attendanceId
      }
    }
  }
)
