import { describe, expect, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { payloads } from "../../src/domain/DomainEvent.ts"
import { LeaveId } from "../../src/domain/Ids.ts"
import { decide, type Leave, LeaveStatus, request } from "../../src/domain/Leave.ts"
import { addDays, dateIn, daysBetween } from "../../src/domain/LocalTime.ts"
import {
  academyId,
  anyDate,
  anyInstant,
  anyZone,
  date,
  instant,
  parentId,
  studentId,
  teacherId,
  uuid,
  whole,
  zone
} from "./given.ts"

const id = LeaveId.make(uuid(30))
const now = instant("2026-03-02T07:00:00Z")
const given = {
  id,
  academyId,
  by: { memberId: parentId, decides: false },
  others: [],
  zone: zone("Asia/Seoul"),
  now
} as const
const today = date("2026-03-02")
const input = (from: number, until: number) => ({
  studentId,
  from: addDays(today, from),
  until: addDays(today, until),
  reason: "flu"
})
const note = (from: number, until: number, status: LeaveStatus) => ({ ...input(from, until), status })
const tag = (result: ReturnType<typeof request>) =>
  Result.isFailure(result) ? result.failure._tag : result.success.leave.status

describe("leave", () => {
  it("of a parent waits for the office; what the office enters is approved by whoever enters it", () => {
    const asked = Result.getOrThrow(request(input(0, 2), given))
    expect(asked.leave).toEqual({
      ...input(0, 2),
      id,
      academyId,
      status: "REQUESTED",
      askedBy: parentId,
      decidedBy: null,
      decidedAt: null,
      answer: null,
      version: 1
    })
    expect(asked.event).toEqual({
      type: "LeaveRequested",
      aggregate: { type: "leave", id, version: 1 },
      payload: { leaveId: id, studentId, from: today, until: addDays(today, 2) }
    })
    const entered = Result.getOrThrow(request(input(0, 2), { ...given, by: { memberId: teacherId, decides: true } }))
    expect(entered.leave).toMatchObject({
      status: "APPROVED",
      askedBy: teacherId,
      decidedBy: teacherId,
      decidedAt: now
    })
    expect(entered.event.type).toBe("LeaveApproved")
  })

  it.each([
    ["begins a week ago", -7, 0, "REQUESTED"],
    ["begins earlier", -8, 0, "InvalidLeave"],
    ["is one day", 5, 5, "REQUESTED"],
    ["ends before it begins", 5, 4, "InvalidLeave"],
    ["is a leap year", 0, 365, "REQUESTED"],
    ["is longer", 0, 366, "InvalidLeave"]
  ])("that %s", (_, from, until, expected) => {
    expect(tag(request(input(from, until), given))).toBe(expected)
  })

  it("takes the day of the academy: at nine in the evening in London it is tomorrow in Seoul", () => {
    const evening = { ...given, now: instant("2026-03-02T21:00:00Z") }
    expect(tag(request(input(-7, 0), evening))).toBe("InvalidLeave")
    expect(tag(request(input(-6, 0), evening))).toBe("REQUESTED")
  })

  it("is decided once", () => {
    const { leave } = Result.getOrThrow(request(input(0, 2), given))
    const by = { memberId: teacherId, answer: "get well", now }
    const { event, leave: approved } = Result.getOrThrow(decide(leave, "APPROVED", by))
    expect(approved).toEqual({
      ...leave,
      status: "APPROVED",
      decidedBy: teacherId,
      decidedAt: now,
      answer: "get well",
      version: 2
    })
    expect(event).toMatchObject({ type: "LeaveApproved", aggregate: { version: 2 } })
    expect(Result.getOrThrow(decide(leave, "REJECTED", by)).event.type).toBe("LeaveRejected")
    for (const to of ["APPROVED", "REJECTED"] as const) {
      expect(Result.getOrThrow(Result.flip(decide(approved, to, by))))
        .toMatchObject({ _tag: "LeaveNotRequested", current: "APPROVED", requested: to })
    }
  })

  const anyOther: Arbitrary.Arbitrary<Pick<Leave, "from" | "until" | "status">> = Arbitrary.map(
    Arbitrary.all({ from: whole(-30, 60), lasts: whole(0, 20), status: Arbitrary.schema(LeaveStatus) }),
    ({ from, lasts, status }) => note(from, from + lasts, status)
  )

  it.prop("never shares a day with another note that is not rejected", {
    others: Arbitrary.array(anyOther, { maxLength: 6 }),
    from: whole(-7, 40),
    lasts: whole(0, 20)
  }, ({ from, lasts, others }) => {
    const wanted = input(from, from + lasts)
    const shared = others.some((one) =>
      one.status !== "REJECTED"
      && Array.from({ length: lasts + 1 }, (_, n) => addDays(wanted.from, n)).some((day) =>
        one.from <= day && day <= one.until
      )
    )
    expect(tag(request(wanted, { ...given, others }))).toBe(shared ? "LeaveOverlaps" : "REQUESTED")
  }, { arbitrary: { runs: 1000 } })

  it.prop("of whatever days, wherever and whenever, is decided as the page says", {
    from: anyDate,
    until: anyDate,
    now: anyInstant,
    zone: anyZone
  }, ({ from, now, until, zone }) => {
    const good = daysBetween(dateIn(zone, now), from) >= -7 && until >= from && daysBetween(from, until) <= 365
    const outcome = request({ studentId, from, until, reason: "flu" }, { ...given, now, zone })
    expect(Result.isSuccess(outcome)).toBe(good)
    if (Result.isSuccess(outcome)) {
      const { event } = outcome.success
      expect(Schema.is(payloads[event.type])(event.payload)).toBe(true)
    }
  }, { arbitrary: { runs: 1000 } })
})
