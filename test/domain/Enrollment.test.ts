import { describe, expect, it } from "@effect/vitest"
import { DateTime, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import {
  cancel,
  enroll,
  type Enrollment,
  EnrollmentStatus,
  firstFullDay,
  NewEnrollment,
  type Range,
  wait
} from "../../src/domain/Enrollment.ts"
import { EnrollmentId, MemberId, WaitingId } from "../../src/domain/Ids.ts"
import { addDays, type LocalDate } from "../../src/domain/LocalTime.ts"
import { academyId, classId, date, studentId, uuid, whole } from "./given.ts"

const first = date("2026-03-01")
const day = (n: number) => addDays(first, n)
/** Later than any day of a generated range. */
const end = 120
const days = Array.from({ length: end }, (_, n) => day(n))
const covers = (range: Range, on: LocalDate) => range.from <= on && (range.until === null || on <= range.until)

const anyRange: Arbitrary.Arbitrary<Range> = Arbitrary.map(
  Arbitrary.all({
    from: whole(0, 40),
    lasts: Arbitrary.schema(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))))
  }),
  ({ from, lasts }) => ({ from: day(from), until: lasts === null ? null : day(from + lasts) })
)

describe("the first full day", () => {
  it.prop("is the one that counting every single day finds", {
    capacity: whole(1, 6),
    taken: Arbitrary.array(anyRange, { maxLength: 14 }),
    wanted: anyRange
  }, ({ capacity, taken, wanted }) => {
    const full = days.find((on) => covers(wanted, on) && taken.filter((range) => covers(range, on)).length >= capacity)
    expect(firstFullDay(capacity, taken, wanted)).toBe(full)
  }, { arbitrary: { runs: 2000 } })

  it("is no day of one who never came", () => {
    const taken = [{ from: day(5), until: day(4) }]
    expect(firstFullDay(1, taken, { from: day(0), until: null })).toBeUndefined()
  })

  it("is not the last day of one who leaves when the other comes the day after", () => {
    const taken = [{ from: day(0), until: day(9) }]
    expect(firstFullDay(1, taken, { from: day(9), until: null })).toBe(day(9))
    expect(firstFullDay(1, taken, { from: day(10), until: null })).toBeUndefined()
  })
})

const into = {
  id: classId,
  academyId,
  capacity: 2,
  status: "ACTIVE",
  startDate: day(0),
  endDate: day(90)
} as const
const given = {
  id: EnrollmentId.make(uuid(8)),
  class: into,
  student: { roles: ["STUDENT"], status: "ACTIVE", hasGuardian: true },
  taken: [],
  today: day(10)
} as const
const seat = (n: number, from: number, until: number | null) => ({
  studentId: MemberId.make(uuid(100 + n)),
  from: day(from),
  until: until === null ? null : day(until)
})

describe("enrolling", () => {
  it("without dates goes from today to the end of the class", () => {
    const { enrollment, event } = Result.getOrThrow(enroll({ studentId }, given))
    expect(enrollment).toEqual({
      id: given.id,
      academyId,
      classId,
      studentId,
      from: day(10),
      until: day(90),
      status: "ACTIVE",
      version: 1
    })
    expect(event).toEqual({
      type: "StudentEnrolled",
      aggregate: { type: "enrollment", id: given.id, version: 1 },
      payload: { classId, studentId, enrollmentId: given.id }
    })
  })

  it("into a class that begins later goes from its first day", () => {
    const later = { ...given, class: { ...into, startDate: day(20) } }
    expect(Result.getOrThrow(enroll({ studentId }, later)).enrollment.from).toBe(day(20))
  })

  it("into a class without end has none", () => {
    const endless = { ...given, class: { ...into, endDate: null } }
    expect(Result.getOrThrow(enroll({ studentId }, endless)).enrollment.until).toBeNull()
  })

  const tag = (result: ReturnType<typeof enroll>) => Result.isFailure(result) ? result.failure._tag : "enrolled"

  it.each(["INACTIVE", "COMPLETED"] as const)("into a class that is %s is refused", (status) => {
    expect(tag(enroll({ studentId }, { ...given, class: { ...into, status } }))).toBe("ClassNotActive")
  })

  it.each(
    [
      ["who is no student", { ...given.student, roles: ["PARENT"] }],
      ["who is not active yet", { ...given.student, status: "PENDING" }],
      ["who has left", { ...given.student, status: "INACTIVE" }]
    ] as const
  )("of somebody %s is refused", (_, student) => {
    expect(tag(enroll({ studentId }, { ...given, student }))).toBe("NotAStudent")
  })

  it.each([
    ["begins before the class", { from: day(-1) }],
    ["ends after the class", { until: day(91) }],
    ["ends before it begins", { from: day(20), until: day(19) }],
    ["begins after the class has ended", { from: day(91) }]
  ])("for a time that %s is refused", (_, range) => {
    expect(tag(enroll({ studentId, ...range }, given))).toBe("InvalidRange")
  })

  it("for one day, and for all days of the class, is possible", () => {
    expect(tag(enroll({ studentId, from: day(90), until: day(90) }, given))).toBe("enrolled")
    expect(tag(enroll({ studentId, from: day(0), until: day(90) }, given))).toBe("enrolled")
  })

  it("twice at the same time is refused, one time after the other is not", () => {
    const taken = [{ ...seat(0, 10, 20), studentId }]
    expect(tag(enroll({ studentId, from: day(20) }, { ...given, taken }))).toBe("AlreadyEnrolled")
    expect(tag(enroll({ studentId, from: day(21) }, { ...given, taken }))).toBe("enrolled")
  })

  it("names the first day without a seat", () => {
    const taken = [seat(1, 0, 30), seat(2, 15, 40)]
    expect(Result.getOrThrow(Result.flip(enroll({ studentId, from: day(10) }, { ...given, taken }))))
      .toMatchObject({ _tag: "ClassFull", capacity: 2, day: day(15) })
    expect(tag(enroll({ studentId, from: day(10), until: day(14) }, { ...given, taken }))).toBe("enrolled")
    expect(tag(enroll({ studentId, from: day(31) }, { ...given, taken }))).toBe("enrolled")
  })

  it.prop("one after the other never puts more students into a class than it has seats, on any day", {
    capacity: whole(1, 4),
    wishes: Arbitrary.array(anyRange, { maxLength: 20 })
  }, ({ capacity, wishes }) => {
    const taken: Array<Range & { readonly studentId: MemberId }> = []
    for (const [n, { from, until }] of wishes.entries()) {
      const input = { studentId: seat(n, 0, 0).studentId, from, ...(until === null ? {} : { until }) }
      const result = enroll(input, { ...given, taken, class: { ...into, capacity } })
      if (Result.isSuccess(result)) taken.push(result.success.enrollment)
    }
    const busiest = Math.max(...days.map((on) => taken.filter((range) => covers(range, on)).length))
    expect(busiest).toBeLessThanOrEqual(capacity)
    expect(taken.length).toBeGreaterThanOrEqual(Math.min(1, wishes.length))
  }, { arbitrary: { runs: 500 } })
})

describe("a student of whom nobody may be told", () => {
  const orphan = { ...given, student: { ...given.student, hasGuardian: false } }

  it("is enrolled only with a reason, which is handed on", () => {
    expect(Result.getOrThrow(Result.flip(enroll({ studentId }, orphan)))._tag).toBe("NoGuardian")
    const input = { studentId, withoutGuardian: true, reason: "comes of age" }
    expect(Result.getOrThrow(enroll(input, orphan)).exception).toBe("comes of age")
    expect(Result.getOrThrow(enroll(input, given)).exception).toBeNull()
  })

  it("needs both the word and the reason", () => {
    const is = Schema.is(NewEnrollment)
    expect(is({ studentId, withoutGuardian: true, reason: "comes of age" })).toBe(true)
    expect(is({ studentId, withoutGuardian: false })).toBe(true)
    expect(is({ studentId, withoutGuardian: true })).toBe(false)
    expect(is({ studentId, reason: "comes of age" })).toBe(false)
  })
})

describe("cancelling", () => {
  const enrollment: Enrollment = {
    id: given.id,
    academyId,
    classId,
    studentId,
    from: day(10),
    until: day(90),
    status: "ACTIVE",
    version: 1
  }
  const until = (...[one, lastDay, today]: Parameters<typeof cancel>) =>
    Result.getOrThrow(cancel(one, lastDay, today)).enrollment.until

  it("ends with yesterday, or with the day that is said", () => {
    const { enrollment: ended, event } = Result.getOrThrow(cancel(enrollment, undefined, day(20)))
    expect(ended).toEqual({ ...enrollment, until: day(19), status: "CANCELLED", version: 2 })
    expect(event).toEqual({
      type: "EnrollmentCancelled",
      aggregate: { type: "enrollment", id: given.id, version: 2 },
      payload: { classId, studentId, enrollmentId: given.id }
    })
    expect(until(enrollment, day(30), day(20))).toBe(day(30))
    expect(until({ ...enrollment, until: null }, day(200), day(20))).toBe(day(200))
  })

  it("leaves no day of what never began", () => {
    for (const today of [day(0), day(10)]) expect(until(enrollment, undefined, today)).toBe(day(9))
    expect(until(enrollment, day(2), day(20))).toBe(day(9))
  })

  it("prolongs nothing", () => {
    expect(until(enrollment, undefined, day(100))).toBe(day(90))
    expect(Result.getOrThrow(Result.flip(cancel(enrollment, day(91), day(20))))._tag).toBe("InvalidRange")
  })

  it("is done once", () => {
    for (const status of ["CANCELLED", "COMPLETED"] as const) {
      expect(Result.getOrThrow(Result.flip(cancel({ ...enrollment, status }, undefined, day(20)))))
        .toMatchObject({ _tag: "EnrollmentNotActive", current: status })
    }
  })

  it.prop("covers only days that were covered, and none behind the last day", {
    range: anyRange,
    status: Arbitrary.schema(EnrollmentStatus),
    lastDay: Arbitrary.schema(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })))),
    today: whole(1, 100)
  }, ({ lastDay, range, status, today }) => {
    const last = lastDay === null ? day(today - 1) : day(lastDay)
    const result = cancel({ ...enrollment, ...range, status }, lastDay === null ? undefined : last, day(today))
    if (Result.isFailure(result)) return
    for (const on of days) expect(covers(result.success.enrollment, on)).toBe(covers(range, on) && on <= last)
  }, { arbitrary: { runs: 500 } })
})

describe("waiting for a seat", () => {
  const now = DateTime.makeUnsafe("2026-03-11T00:00:00Z")
  const line = { ...given, id: WaitingId.make(uuid(9)), waiting: [], now }
  const tag = (changed: Partial<Parameters<typeof wait>[1]>) => {
    const result = wait(studentId, { ...line, ...changed })
    return Result.isFailure(result) ? result.failure._tag : "waits"
  }

  it("begins now, whether the class is full or not", () => {
    expect(Result.getOrThrow(wait(studentId, line))).toEqual({ id: line.id, academyId, classId, studentId, since: now })
    expect(tag({ taken: [seat(1, 0, null), seat(2, 0, null)], waiting: [seat(3, 0, 0).studentId] })).toBe("waits")
  })

  it("is for students of a running class who neither attend it nor wait already", () => {
    expect(tag({ waiting: [studentId] })).toBe("AlreadyWaiting")
    expect(tag({ taken: [{ ...seat(0, 0, 10), studentId }] })).toBe("AlreadyEnrolled")
    expect(tag({ taken: [{ ...seat(0, 0, 9), studentId }] })).toBe("waits")
    expect(tag({ class: { ...into, status: "COMPLETED" } })).toBe("ClassNotActive")
    expect(tag({ student: { ...given.student, status: "INACTIVE" } })).toBe("NotAStudent")
  })
})
