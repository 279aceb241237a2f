import { describe, expect, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { create, NewClass } from "../../src/domain/Class.ts"
import { ScheduleId } from "../../src/domain/Ids.ts"
import { academyId, classId, date, teacherId, time, uuid } from "./given.ts"

const slot = (dayOfWeek: "MON" | "WED", startTime: string, endTime: string) => ({
  dayOfWeek,
  startTime: time(startTime),
  endTime: time(endTime)
})
const input: NewClass = {
  name: "중2 수학",
  subject: "mathematics",
  teacherId,
  capacity: 12,
  schedules: [slot("MON", "16:00", "17:30"), slot("WED", "22:00", "00:30")]
}
const given = {
  id: classId,
  academyId,
  today: date("2026-03-02"),
  scheduleIds: [ScheduleId.make(uuid(11)), ScheduleId.make(uuid(12))],
  teacher: { roles: ["PARENT", "TEACHER"], status: "ACTIVE" }
} as const

describe("a new class", () => {
  it("begins today unless told otherwise, keeps each slot under its id, and one event tells of it", () => {
    const { class: made, event } = Result.getOrThrow(create(input, given))
    expect(made).toEqual({
      id: classId,
      academyId,
      name: "중2 수학",
      subject: "mathematics",
      teacherId,
      classroomId: null,
      capacity: 12,
      startDate: "2026-03-02",
      endDate: null,
      audience: null,
      description: null,
      curriculum: null,
      fee: null,
      status: "ACTIVE",
      schedules: [
        { id: uuid(11), dayOfWeek: "MON", startTime: "16:00", endTime: "17:30" },
        { id: uuid(12), dayOfWeek: "WED", startTime: "22:00", endTime: "00:30" }
      ],
      version: 1
    })
    expect(event).toEqual({
      type: "ClassCreated",
      aggregate: { type: "class", id: classId, version: 1 },
      payload: { teacherId }
    })
  })

  it.each(
    [
      ["no teacher", { roles: ["MANAGER"], status: "ACTIVE" }],
      ["a teacher whom no manager has approved", { roles: ["TEACHER"], status: "PENDING" }],
      ["a teacher who has left", { roles: ["TEACHER"], status: "INACTIVE" }]
    ] as const
  )("is refused for %s", (_, teacher) => {
    expect(Result.getOrThrow(Result.flip(create(input, { ...given, teacher })))._tag).toBe("NotATeacher")
  })

  it.each([
    ["ends before it starts", { startDate: date("2026-04-01"), endDate: date("2026-03-31") }],
    ["ends before today, when it would start", { endDate: date("2026-03-01") }],
    ["has a slot without length", { schedules: [slot("MON", "16:00", "16:00")] }]
  ])("is refused when it %s", (_, changed) => {
    expect(Result.getOrThrow(Result.flip(create({ ...input, ...changed }, given)))._tag).toBe("InvalidSchedule")
  })

  it("may last one day", () => {
    expect(Result.isSuccess(create({ ...input, endDate: given.today }, given))).toBe(true)
  })

  it.each([
    ["no slot", { schedules: [] }],
    ["22 slots", { schedules: Array.from({ length: 22 }, () => slot("MON", "16:00", "17:00")) }],
    ["no seat", { capacity: 0 }],
    ["half a seat", { capacity: 1.5 }],
    ["a negative fee", { fee: -1 }],
    ["no name", { name: "" }]
  ])("is not taken in with %s", (_, changed) => {
    expect(Schema.is(NewClass)(input)).toBe(true)
    expect(Schema.is(NewClass)({ ...input, ...changed })).toBe(false)
  })
})
