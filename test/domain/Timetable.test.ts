import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { Schedule } from "../../src/domain/Class.ts"
import type { Range } from "../../src/domain/Enrollment.ts"
import { ClassId, ClassroomId, MemberId, ScheduleId, SessionId } from "../../src/domain/Ids.ts"
import { addDays, DayOfWeek, LocalTime } from "../../src/domain/LocalTime.ts"
import { meetings } from "../../src/domain/Session.ts"
import { type Booking, conflict } from "../../src/domain/Timetable.ts"
import { anyTime, date, instant, studentId, teacherId, uuid, whole, zone } from "./given.ts"

const utc = zone("UTC")
const today = date("2026-03-02")
const slot = (dayOfWeek: DayOfWeek, start: string, end: string): Schedule => ({
  id: ScheduleId.make(uuid(11)),
  dayOfWeek,
  startTime: LocalTime.make(start),
  endTime: LocalTime.make(end)
})
const booking = (n: number, changed: Partial<Booking> = {}): Booking => ({
  classId: ClassId.make(uuid(100 + n)),
  className: `class ${n}`,
  teacherId: MemberId.make(uuid(200 + n)),
  classroomId: null,
  students: [],
  meets: { schedules: [], startDate: date("2026-01-01"), endDate: null },
  sessions: [],
  ...changed
})
const session = (n: number, from: string, until: string) => ({
  id: SessionId.make(uuid(300 + n)),
  date: date(from.slice(0, 10)),
  startsAt: instant(from),
  endsAt: instant(until)
})

describe("two bookings", () => {
  const four = session(1, "2026-03-04T07:00:00Z", "2026-03-04T08:00:00Z")
  const half = session(2, "2026-03-04T07:30:00Z", "2026-03-04T08:30:00Z")

  it("of one teacher may not overlap; the other session is named", () => {
    const found = conflict(
      booking(1, { teacherId, sessions: [four] }),
      [booking(2, { teacherId, sessions: [half] })],
      utc,
      today
    )
    expect(found).toMatchObject({
      shared: "TEACHER",
      id: teacherId,
      classId: uuid(102),
      className: "class 2",
      sessionId: half.id,
      startsAt: half.startsAt,
      endsAt: half.endsAt
    })
  })

  it("may follow each other, or share nobody", () => {
    const next = session(2, "2026-03-04T08:00:00Z", "2026-03-04T09:00:00Z")
    const own = booking(1, { teacherId, sessions: [four] })
    expect(conflict(own, [booking(2, { teacherId, sessions: [next] })], utc, today)).toBeUndefined()
    expect(conflict(own, [booking(2, { sessions: [half] })], utc, today)).toBeUndefined()
    // No room is no room that two share.
    expect(conflict(own, [booking(2, { sessions: [half], classroomId: null })], utc, today)).toBeUndefined()
  })

  it("of one room or one student may not overlap, the student's on days of both enrollments only", () => {
    const classroomId = ClassroomId.make(uuid(9))
    const room = conflict(
      booking(1, { classroomId, sessions: [four] }),
      [booking(2, { classroomId, sessions: [half] })],
      utc,
      today
    )
    expect(room).toMatchObject({ shared: "CLASSROOM", id: classroomId })
    const student = (range: Range) =>
      conflict(
        booking(1, { students: [{ studentId, from: date("2026-03-01"), until: null }], sessions: [four] }),
        [booking(2, { students: [{ studentId, ...range }], sessions: [half] })],
        utc,
        today
      )
    expect(student({ from: date("2026-03-04"), until: date("2026-03-04") })).toMatchObject({ shared: "STUDENT" })
    expect(student({ from: date("2026-03-05"), until: null })).toBeUndefined()
    expect(student({ from: date("2026-01-01"), until: date("2026-03-03") })).toBeUndefined()
  })

  it("within one class: a session is no conflict with itself, but with another one", () => {
    const own = booking(1, { teacherId, sessions: [four] })
    expect(conflict(own, [own], utc, today)).toBeUndefined()
    expect(conflict(own, [{ ...own, sessions: [four, half] }], utc, today)).toMatchObject({ sessionId: half.id })
  })

  it("that meet every week far ahead overlap already now, by local time", () => {
    const at = zone("America/New_York")
    const startDate = date("2026-09-07")
    const weekly = { schedules: [slot("MON", "23:00", "01:00")], startDate, endDate: null }
    const early = { schedules: [slot("TUE", "00:30", "02:00")], startDate: date("2026-01-01"), endDate: null }
    const found = conflict(
      booking(1, { teacherId, meets: weekly }),
      [booking(2, { teacherId, meets: early })],
      at,
      today
    )
    expect(found).toMatchObject({ sessionId: null, startsAt: instant("2026-09-08T04:30:00Z") })
  })

  const anyMeets = Arbitrary.map(
    Arbitrary.all({
      slots: Arbitrary.array(
        Arbitrary.all([Arbitrary.schema(DayOfWeek), anyTime, anyTime]).pipe(Arbitrary.filter(([, a, b]) => a !== b)),
        { minLength: 1, maxLength: 3 }
      ),
      starts: whole(-20, 20),
      lasts: Arbitrary.schema(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))))
    }),
    ({ lasts, slots, starts }) => {
      const startDate = addDays(today, starts)
      return {
        schedules: slots.map(([day, start, end], n) => ({ ...slot(day, start, end), id: ScheduleId.make(uuid(n)) })),
        startDate,
        endDate: lasts === null ? null : addDays(startDate, lasts)
      }
    }
  )
  it.prop(
    "overlap every week just when some two of their meetings of 12 weeks do",
    { a: anyMeets, b: anyMeets },
    ({ a, b }) => {
      const all = (meets: typeof a) => meetings(meets, utc, addDays(today, -1), addDays(today, 84))
      const overlap = all(a).some((one) =>
        all(b).some((other) =>
          DateTime.isLessThan(one.startsAt, other.endsAt) && DateTime.isLessThan(other.startsAt, one.endsAt)
        )
      )
      const found = conflict(booking(1, { teacherId, meets: a }), [booking(2, { teacherId, meets: b })], utc, today)
      expect(found !== undefined).toBe(overlap)
    },
    { arbitrary: { runs: 150 } }
  )
})
