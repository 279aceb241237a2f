import { describe, expect, it } from "@effect/vitest"
import { NotificationKind } from "../../src/domain/Notification.ts"
import { type Line, render, template, templateNames } from "../../src/domain/NotificationText.ts"
import { date } from "./given.ts"

describe("the text", () => {
  const line = (kind: NotificationKind, status = "NONE"): Line => ({
    kind,
    studentName: "김민준",
    className: "중2 수학",
    day: date("2026-03-02"),
    until: date("2026-03-04"),
    time: "15:58",
    status,
    count: 3
  })

  it.each(
    [
      ["CHECK_IN", "PRESENT", "김민준 학생이 15:58 중2 수학 수업에 출석했습니다."],
      ["LATE", "LATE", "김민준 학생이 15:58 중2 수학 수업에 지각 출석했습니다."],
      ["CORRECTED", "PRESENT", "김민준 학생의 중2 수학 출결이 출석(으)로 정정되었습니다."],
      ["CORRECTED", "LATE", "김민준 학생의 중2 수학 출결이 지각(으)로 정정되었습니다."],
      ["CORRECTED", "ABSENT", "김민준 학생의 중2 수학 출결이 결석(으)로 정정되었습니다."],
      ["CORRECTED", "EXCUSED", "김민준 학생의 중2 수학 출결이 인정 결석(으)로 정정되었습니다."],
      ["MISSING", "NONE", "김민준 학생이 15:58에 시작한 중2 수학 수업에 아직 오지 않았습니다."],
      ["ARRIVED", "LATE", "김민준 학생이 15:58 중2 수학 수업에 도착했습니다."],
      ["ROLL_UNMARKED", "NONE", "15:58에 시작한 중2 수학 수업의 출석부를 확인해 주세요. 미확인 3명입니다."],
      ["SESSION_CANCELLED", "NONE", "김민준 학생의 3월 2일(월) 15:58 중2 수학 수업이 취소되었습니다."],
      ["SESSION_MOVED", "NONE", "김민준 학생의 중2 수학 수업이 3월 2일(월) 15:58(으)로 변경되었습니다."],
      ["LEAVE_REQUESTED", "NONE", "김민준 학생의 3월 2일(월)~3월 4일(수) 결석 신청을 확인해 주세요."],
      ["LEAVE_APPROVED", "NONE", "김민준 학생의 3월 2일(월)~3월 4일(수) 결석 신청이 승인되었습니다."],
      ["LEAVE_REJECTED", "NONE", "김민준 학생의 3월 2일(월)~3월 4일(수) 결석 신청이 반려되었습니다."],
      ["ABSENCES_REPEATED", "NONE", "김민준 학생이 중2 수학 수업에 3회 연속 결석했습니다."]
    ] as const
  )("in Korean, %s %s", (kind, status, text) => {
    expect(render("ko", "한빛학원", [line(kind, status)]).body).toBe(`[한빛학원]\n${text}`)
  })

  it.each(
    [
      ["CHECK_IN", "PRESENT", "김민준 was checked in to 중2 수학 at 15:58."],
      ["LATE", "LATE", "김민준 came late to 중2 수학, at 15:58."],
      ["CORRECTED", "ABSENT", "김민준's attendance at 중2 수학 was corrected to absent."],
      ["MISSING", "NONE", "김민준 has not come yet to 중2 수학, which began at 15:58."],
      ["ARRIVED", "LATE", "김민준 has arrived at 중2 수학, at 15:58."],
      ["ROLL_UNMARKED", "NONE", "Please mark the roll of 중2 수학, which began at 15:58: 3 students wait."],
      ["SESSION_CANCELLED", "NONE", "김민준's 중2 수학 on 2 March at 15:58 is cancelled."],
      ["SESSION_MOVED", "NONE", "김민준's 중2 수학 was moved to 2 March at 15:58."],
      ["LEAVE_REQUESTED", "NONE", "Please decide about 김민준's leave from 2 March to 4 March."],
      ["LEAVE_APPROVED", "NONE", "김민준's leave from 2 March to 4 March was approved."],
      ["LEAVE_REJECTED", "NONE", "김민준's leave from 2 March to 4 March was rejected."],
      ["ABSENCES_REPEATED", "NONE", "김민준 has missed 중2 수학 3 times in a row."]
    ] as const
  )("in English, %s %s", (kind, status, text) => {
    expect(render("en", "Hanbit", [line(kind, status)]).body).toBe(`[Hanbit]\n${text}`)
  })

  it("has a line for each sibling, in their order", () => {
    const sister = { ...line("LATE", "LATE"), studentName: "김서연" }
    expect(render("en", "Hanbit", [line("CHECK_IN", "PRESENT"), sister]).body.split("\n")).toEqual([
      "[Hanbit]",
      "김민준 was checked in to 중2 수학 at 15:58.",
      "김서연 came late to 중2 수학, at 15:58."
    ])
  })

  it("to the teacher names no child, and leave of one day one day", () => {
    const lesson = { ...line("SESSION_CANCELLED"), studentName: "" }
    expect(render("ko", "한빛학원", [lesson]).body).toBe(
      "[한빛학원]\n3월 2일(월) 15:58 중2 수학 수업이 취소되었습니다."
    )
    expect(render("en", "Hanbit", [lesson]).body).toBe("[Hanbit]\n중2 수학 on 2 March at 15:58 is cancelled.")
    const day = { ...line("LEAVE_APPROVED"), until: date("2026-03-02") }
    expect(render("ko", "한빛학원", [day]).body).toBe(
      "[한빛학원]\n김민준 학생의 3월 2일(월) 결석 신청이 승인되었습니다."
    )
    expect(render("en", "Hanbit", [day]).body).toBe("[Hanbit]\n김민준's leave on 2 March was approved.")
  })
})

describe("as an approved template", () => {
  const line = (studentName: string, kind: NotificationKind = "CHECK_IN"): Line => ({
    kind,
    studentName,
    className: "중2 수학",
    day: date("2026-03-02"),
    until: date("2026-03-02"),
    time: "15:58",
    status: "PRESENT",
    count: 3
  })

  it("names what it leaves open, and nothing that it does not", () => {
    expect(render("ko", "한빛학원", [line("김민준")]).templated).toEqual({
      key: "CHECK_IN/ko",
      variables: { "#{학원명}": "한빛학원", "#{학생명}": "김민준", "#{시각}": "15:58", "#{수업명}": "중2 수학" }
    })
    expect(render("en", "Hanbit", [line("", "SESSION_MOVED")]).templated).toEqual({
      key: "SESSION_MOVED_STAFF/en",
      variables: { "#{academy}": "Hanbit", "#{class}": "중2 수학", "#{day}": "2 March", "#{time}": "15:58" }
    })
  })

  it("is word by word the text that everybody else reads", () => {
    for (const locale of ["ko", "en"] as const) {
      for (const name of templateNames) {
        const staff = name.endsWith("_STAFF")
        const kind = NotificationKind.literals.find((kind) => kind === name.replace("_STAFF", "")) ?? "CHECK_IN"
        const text = render(locale, "한빛학원", [line(staff ? "" : "김민준", kind)])
        expect(text.templated?.key).toBe(`${name}/${locale}`)
        const filled = Object.entries(text.templated?.variables ?? {}).reduce(
          (sum, [marker, value]) => sum.replaceAll(marker, value),
          template(name, locale)
        )
        expect(filled).toBe(text.body)
        expect(filled).not.toContain("#{")
      }
    }
  })

  it("lists what siblings do not share, and is none where their news differ", () => {
    const two = render("ko", "한빛학원", [line("김민준"), { ...line("김서연"), time: "16:01" }])
    expect(two.templated?.variables).toEqual({
      "#{학원명}": "한빛학원",
      "#{학생명}": "김민준, 김서연",
      "#{시각}": "15:58, 16:01",
      "#{수업명}": "중2 수학"
    })
    expect(render("ko", "한빛학원", [line("김민준"), line("김서연", "LATE")]).templated).toBeNull()
  })
})
