import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import { type ClassThere, planEnrollments, type StudentThere } from "../../src/domain/EnrollmentImport.ts"
import { readEnrollments } from "../../src/domain/EnrollmentSheet.ts"
import { ClassId, MemberId, ScheduleId } from "../../src/domain/Ids.ts"
import type { DayOfWeek } from "../../src/domain/LocalTime.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { academyId, date, teacherId, time, uuid, zone } from "./given.ts"
import { decide, ids, refusedBy, table } from "./imports.ts"

const today = date("2026-03-10")
const born = date("2015-03-02")
const student = (n: number, name: string, given: Partial<StudentThere> = {}): StudentThere => ({
  id: MemberId.make(uuid(n)),
  name,
  phone: null,
  birthDate: born,
  roles: ["STUDENT"],
  hasGuardian: true,
  ...given
})

const open = { status: "ACTIVE", startDate: date("2026-03-02"), endDate: date("2026-12-31") } as const
const room = (
  n: number,
  name: string,
  dayOfWeek: DayOfWeek,
  capacity = 10,
  taken: ClassThere["taken"] = []
): ClassThere => {
  const id = ClassId.make(uuid(n))
  const { endDate, startDate } = open
  const slot = { id: ScheduleId.make(uuid(n + 1)), dayOfWeek, startTime: time("16:00"), endTime: time("17:30") }
  return {
    class: { id, academyId, capacity, ...open },
    taken,
    booking: {
      classId: id,
      className: name,
      teacherId,
      classroomId: null,
      students: taken,
      meets: { startDate, endDate, schedules: [slot] },
      sessions: []
    }
  }
}
const enrolled = (n: number, from = "2026-03-02", until: string | null = null) => ({
  studentId: MemberId.make(uuid(n)),
  from: date(from),
  until: until === null ? null : date(until),
  status: "ACTIVE" as const
})

const students = [student(1, "가"), student(2, "나"), student(3, "다"), student(4, "라", { hasGuardian: false })]
const planned = (classes: ReadonlyArray<ClassThere>, ...lines: ReadonlyArray<string>) =>
  decide(planEnrollments(
    readEnrollments(table("학생,생년월일,전화번호,반,시작일,종료일,보호자 없는 사유", ...lines)),
    { students, classes, zone: zone("Asia/Seoul"), today, ids }
  ))

describe("enrollments of a file", () => {
  it("are made in their order with their events, from today and until the class ends, if nothing is said", () => {
    const plan = Result.getOrThrow(planned(
      [room(100, "수학", "MON"), room(200, "영어", "TUE")],
      "가,2015-03-02,,수학,,,",
      "가,2015-03-02,,영어,2026-04-01,2026-04-30,",
      "라,2015-03-02,,수학,,,성인"
    ))
    expect(plan.enrollments).toMatchObject([
      { classId: uuid(100), studentId: uuid(1), from: "2026-03-10", until: "2026-12-31", status: "ACTIVE" },
      { classId: uuid(200), studentId: uuid(1), from: "2026-04-01", until: "2026-04-30" },
      { classId: uuid(100), studentId: uuid(4) }
    ])
    expect(plan.events.map(({ type }) => type)).toEqual(["StudentEnrolled", "StudentEnrolled", "StudentEnrolled"])
    expect([...plan.exceptions]).toEqual([[plan.enrollments[2]?.id, "성인"]])
  })

  it("give the last seat to the upper line, on each day", () => {
    const seats = [enrolled(9, "2026-03-02", "2026-03-31")]
    expect(refusedBy(planned(
      [room(100, "수학", "MON", 2, seats)],
      "가,2015-03-02,,수학,,,",
      "나,2015-03-02,,수학,2026-04-01,,",
      "다,2015-03-02,,수학,,2026-03-31,"
    ))).toEqual(["4 반 CLASS_FULL"])
  })

  it("are skipped where they are there already, whatever is not said", () => {
    const class_ = room(100, "수학", "MON", 10, [enrolled(1), enrolled(2, "2026-03-05", "2026-04-30")])
    const plan = Result.getOrThrow(planned(
      [class_],
      "가,2015-03-02,,수학,2026-03-02,,",
      "나,2015-03-02,,수학,,2026-04-30,",
      "다,2015-03-02,,수학,,,"
    ))
    expect(plan.alreadyThere).toEqual([2, 3])
    expect(plan.enrollments).toHaveLength(1)
  })

  it("put nobody in two places, neither beside what there is nor among themselves", () => {
    expect(refusedBy(planned(
      [
        room(100, "수학", "MON", 10, [enrolled(1)]),
        room(200, "영어", "MON"),
        room(300, "국어", "TUE"),
        room(400, "과학", "TUE")
      ],
      "가,2015-03-02,,영어,,,",
      "나,2015-03-02,,국어,,,",
      "나,2015-03-02,,과학,,,",
      "나,2015-03-02,,수학,,,"
    ))).toEqual(["2 반 SCHEDULE_CONFLICT", "4 반 SCHEDULE_CONFLICT"])
  })

  it("are all refused with every problem of every line, when there is one", () => {
    const twin = student(5, "가", { phone: PhoneNumber.make("+821011112222") })
    const classes = [
      room(100, "수학", "MON", 10, [enrolled(2)]),
      room(200, "영어", "TUE"),
      room(300, "영어", "WED")
    ]
    const sheet = readEnrollments(table(
      "학생,생년월일,전화번호,반,시작일,종료일,보호자 없는 사유",
      "가,2015-03-02,,수학,,,", // 2
      "가,,010-1111-2222,수학,,,", // 3: good
      "누구,2015-03-02,,수학,,,", // 4
      "나,2016-01-01,,수학,,,", // 5
      "나,2015-03-02,,영어,,,", // 6
      "나,2015-03-02,,미술,,,", // 7
      "나,2015-03-02,,수학,2026-04-01,2026-05-01,", // 8
      "다,2015-03-02,,수학,2025-01-01,,", // 9
      "라,2015-03-02,,수학,,,", // 10
      "다,2015-03-02,,수학,,,", // 11: good
      "다,2015-03-02,,수학,,,", // 12
      "다,,,,2026-13-01,x," // 13
    ))
    const given = { students: [...students, twin], classes, zone: zone("Asia/Seoul"), today, ids }
    expect(refusedBy(decide(planEnrollments(sheet, given)))).toEqual([
      "2 학생 STUDENT_AMBIGUOUS",
      "4 학생 STUDENT_NOT_FOUND",
      "5 학생 STUDENT_NOT_FOUND",
      "6 반 CLASS_AMBIGUOUS",
      "7 반 CLASS_NOT_FOUND",
      "8 시작일 ALREADY_ENROLLED",
      "9 시작일 INVALID_RANGE",
      "10 보호자 없는 사유 NO_GUARDIAN",
      "12 - SAME_AS_LINE",
      "13 반 REQUIRED",
      "13 생년월일 REQUIRED",
      "13 시작일 INVALID",
      "13 종료일 INVALID"
    ])
  })
})
