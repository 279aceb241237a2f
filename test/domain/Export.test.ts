import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  Export,
  fileName,
  type MonthSheet,
  monthTable,
  registerTable,
  sheetOf,
  titleOf
} from "../../src/domain/Export.ts"
import { LocalDate, Month, TimeZoneName } from "../../src/domain/LocalTime.ts"
import { classMonth, register, student } from "../support/sheets.ts"

describe("the register of a session", () => {
  const { columns, rows } = registerTable(register([
    student("홍길동", { requestedAt: "2026-11-23T06:58:00.000Z", confirmedAt: "2026-11-23T15:01:59.000Z" }),
    student("김하나", { status: "EXCUSED", leave: "APPROVED" }),
    student("이두리", { status: "LATE", absence: { state: "RETRACTED", reason: "CAME_AFTER_ALL" } }),
    student("박세나", { status: "NONE", absence: { state: "ALERTED", reason: "NOT_THERE" } }),
    student("최네오", { status: "REQUESTED", leave: "REQUESTED" }),
    student("정다섯", { status: "ABSENT", absence: null })
  ]))

  it("says in Korean who came, when by the academy's clock, and why not", () => {
    expect(columns.map(({ heading }) => heading)).toEqual(
      ["번호", "이름", "상태", "출석 요청 시각", "확인 시각", "휴가", "비고"]
    )
    expect(rows).toEqual([
      [1, "홍길동", "출석", "15:58", "00:01", null, null],
      [2, "김하나", "인정결석", null, null, "승인", null],
      [3, "이두리", "지각", null, null, null, "미출석 알림 후 도착"],
      [4, "박세나", "미확인", null, null, null, "보호자에게 미출석 알림"],
      [5, "최네오", "대기", null, null, "신청", null],
      [6, "정다섯", "결석", null, null, null, null]
    ])
  })
})

describe("a month of a class", () => {
  const day = (date: string, startsAt: string, status: "SCHEDULED" | "CANCELLED" | "CLOSED" = "CLOSED") => ({
    date: LocalDate.make(`2026-11-${date}`),
    startsAt: `2026-11-${startsAt}:00.000Z`,
    status
  })
  const given = (marks: MonthSheet["students"][number]["statuses"]): MonthSheet => ({
    className: "수학",
    month: Month.make("2026-11"),
    timeZone: TimeZoneName.make("Asia/Seoul"),
    asOf: "2026-11-20T00:00:00Z",
    sessions: [
      day("02", "02T07:00"),
      day("02", "02T10:30"),
      day("03", "03T07:00", "CANCELLED"),
      day("16", "16T07:00", "SCHEDULED"),
      day("23", "23T07:00", "SCHEDULED")
    ],
    students: [{ name: "홍길동", statuses: marks }]
  })
  const figures = (marks: MonthSheet["students"][number]["statuses"]) => monthTable(given(marks)).rows[0]?.slice(-7)

  it("has a column for each session, told apart by time where a day has two, and figures at the end", () => {
    expect(monthTable(given([])).columns.map(({ heading }) => heading)).toEqual([
      "번호",
      "이름",
      "11/2(월) 16:00",
      "11/2(월) 19:30",
      "11/3(화) 휴강",
      "11/16(월)",
      "11/23(월)",
      "수업",
      "출석",
      "지각",
      "결석",
      "인정결석",
      "대기",
      "출석률"
    ])
  })

  it("tells unmarked from not yet, and leaves empty what was not the student's", () => {
    expect(monthTable(given(["NONE", null, "NONE", "ABSENT", "NONE"])).rows).toEqual([
      [1, "홍길동", "미확인", null, null, "결석", null, 2, 0, 0, 1, 0, 0, 0]
    ])
  })

  it("counts what has begun and was not cancelled; excused sessions are not held against anybody", () => {
    expect(figures(["PRESENT", "LATE", "PRESENT", "EXCUSED", "PRESENT"])).toEqual([3, 1, 1, 0, 1, 0, 1])
    expect(figures(["PRESENT", "REQUESTED", "NONE", "ABSENT", "NONE"])).toEqual([3, 1, 0, 1, 0, 1, 1 / 2])
    expect(figures(["EXCUSED", null, null, "EXCUSED", null])).toEqual([2, 0, 0, 0, 2, 0, null])
    expect(figures([null, null, null, null, null])).toEqual([0, 0, 0, 0, 0, 0, null])
  })

  it("counts as absent whoever has no mark where a roll was marked that is over, as the statistics do", () => {
    const present = {
      name: "김민수",
      statuses: ["PRESENT", "NONE", null, "PRESENT", null]
    } as const
    const month = given(["NONE", "NONE", null, "NONE", null])
    const [first] = monthTable({ ...month, students: [...month.students, present] }).rows
    // The second was over, and nobody marked it; the last is still open.
    expect(first?.slice(-7)).toEqual([3, 0, 0, 1, 0, 0, 0])
  })

  it("has as many cells in each row as columns", () => {
    const { columns, rows } = monthTable(classMonth(30, 31))
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([columns.length]))
  })
})

describe("a file's name", () => {
  it("is the sheet's title", () => {
    const asked = { format: "csv", of: { _tag: "ClassMonth", month: classMonth(1, 1) } } as const
    expect(titleOf(asked.of)).toBe("수학 A/심화 2026-10 출결")
    expect(sheetOf(asked).title).toBe(titleOf(asked.of))
  })

  it("has nothing in it that leads elsewhere or that a file system refuses", () => {
    expect(fileName("수학 A", "xlsx")).toBe("수학 A.xlsx")
    expect(fileName("../a\\b:c*d?\"e\"<f>|\r\n\0\u0085\ud800", "csv")).toBe(".._a_b_c_d__e__f______\ufffd.csv")
  })
})

it("a month is one of the calendar", () => {
  const is = Schema.is(Month)
  expect(["2026-01", "1900-12", "2026-13", "2026-00", "1899-12", "2026-1", "2026-01-01", "x"].filter(is)).toEqual(
    ["2026-01", "1900-12"]
  )
})

it("what is to be written is its own encoding, as what crosses to a thread must be", () => {
  for (
    const asked of [
      { format: "csv", of: { _tag: "ClassMonth", month: classMonth(3, 3) } },
      {
        format: "xlsx",
        of: {
          _tag: "Register",
          register: register([student("홍길동", { absence: { state: "ALERTED", reason: "NOT_THERE" } })])
        }
      }
    ] as const
  ) {
    expect(Schema.encodeSync(Export)(asked)).toEqual(asked)
    expect(Schema.decodeSync(Export)(structuredClone(asked))).toEqual(asked)
  }
})
