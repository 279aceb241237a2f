import { describe, expect, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { readEnrollments } from "../../src/domain/EnrollmentSheet.ts"
import { ImportProblemCode, problemAt } from "../../src/domain/ImportProblem.ts"
import { readMembers } from "../../src/domain/MemberSheet.ts"
import { briefly, table } from "./imports.ts"

/** What one line says, of these columns. */
const lineOf = (headings: string, cells: string) => readMembers(table(headings, cells)).lines[0]
const problemsOf = (...lines: ReadonlyArray<string>) => briefly(readMembers(table(...lines)).problems)

describe("a file of members", () => {
  it("has its headings in Korean or English, in any order, with blanks, case and signs as one likes", () => {
    const said = { role: "STUDENT", name: "김민준", phone: "+821012345678", birthDate: "2015-03-02", gender: "MALE" }
    const profile = { schoolName: "한빛초", schoolType: "PRIMARY", grade: 3 }
    const guardian = { place: 0, name: "박지영", phone: "+821023456789", relationship: "MOTHER" }
    const cells = "한빛초,초3,김민준,010-1234-5678,2015-03-02,남,박지영,010-2345-6789,모"
    for (
      const headings of [
        "학교,학년,이름,전화번호,생년월일,성별,보호자 이름,보호자 전화번호,관계",
        "학교명,학 년,학생 이름,휴대폰,생년 월일,성별,학부모,학부모 연락처,보호자-관계",
        "SchoolName,grade,NAME,Phone,birth date,gender,guardian_name,Guardian Phone,relationship"
      ]
    ) {
      expect(lineOf(headings, cells)).toMatchObject({ ...said, studentProfile: profile, guardians: [guardian] })
    }
  })

  it("says of every heading that nobody knows, that is missing, or is there twice; remarks are the office's own", () => {
    expect(problemsOf("번호,이름,이름,전하번호,비고,", "1,가,나,다,라,")).toEqual([
      "1 이름 COLUMN_TWICE",
      "1 전하번호 UNKNOWN_COLUMN",
      "2 학교 REQUIRED",
      "2 학년 REQUIRED",
      "2 생년월일 REQUIRED"
    ])
    expect(problemsOf("성별", "남")).toEqual(["1 - MISSING_COLUMN"])
    expect(problemsOf("이름,역할,전화번호", "가,학부모,01012345678,,더")).toEqual(["2 - TOO_MANY_CELLS"])
  })

  it.each([
    ["010-1234-5678", "+821012345678"],
    ["010 1234 5678", "+821012345678"],
    ["1012345678", "+821012345678"],
    ["+82 10-1234-5678", "+821012345678"],
    ["'+821012345678", "+821012345678"],
    ["02-123-4567", "+8221234567"]
  ])("reads the number %s", (text, phone) => {
    expect(lineOf("이름,역할,전화번호", `가,학부모,${text}`)).toMatchObject({ phone })
  })

  it.each(["2015-03-02", "2015.3.2", "2015. 3. 2.", "2015/3/2", "2015년 3월 2일", "20150302"])(
    "reads the day %s",
    (text) => {
      expect(lineOf("이름,생년월일", `가,${text}`)).toMatchObject({ birthDate: "2015-03-02" })
    }
  )

  it.each([
    ["초3", "", "PRIMARY", 3],
    ["중 2", "", "MIDDLE", 2],
    ["고1학년", "", "HIGH", 1],
    ["3학년", "초등학교", "PRIMARY", 3],
    ["3", "HIGH", "HIGH", 3]
  ])("reads the grade %s of %s", (grade, schoolType, expected, number) => {
    expect(lineOf("이름,학교,학년,학교급", `가,나,${grade},${schoolType}`)).toMatchObject({
      studentProfile: { schoolType: expected, grade: number }
    })
  })

  it("names every cell that cannot be read, in every line", () => {
    expect(problemsOf(
      "역할,이름,전화번호,생년월일,성별,학교,학년,학교급,보호자 이름,보호자 전화번호,관계,과목,경력",
      "학생,가,123,2015-02-30,x,나,7,y,다,456,z,,",
      "학생,,,,,,,,다,,,,",
      "학생,가,010-1234-5678,,,나,3,,,,,수학,",
      "강사,가,,,,나,,,,,,,100",
      "학부모,가,010-1234-5678,,,,,,다,010-1234-5679,,,",
      "원장,가,010-1234-5678,,,,,,,,,,",
      "뭐,가,,,,,,,,,,,"
    )).toEqual([
      "2 전화번호 INVALID",
      "2 생년월일 INVALID",
      "2 성별 INVALID",
      "2 학년 INVALID",
      "2 학교급 INVALID",
      "2 보호자 전화번호 INVALID",
      "2 관계 INVALID",
      "3 이름 REQUIRED",
      "3 학교 REQUIRED",
      "3 학년 REQUIRED",
      "3 보호자 전화번호 REQUIRED",
      "3 생년월일 REQUIRED",
      "4 학교급 REQUIRED",
      "4 과목 NOT_FOR_ROLE",
      "5 경력 INVALID",
      "5 과목 REQUIRED",
      "5 학교 NOT_FOR_ROLE",
      "5 전화번호 REQUIRED",
      "6 보호자 이름 NOT_FOR_ROLE",
      "6 보호자 전화번호 NOT_FOR_ROLE",
      "7 역할 ROLE_NOT_IMPORTED",
      "8 역할 INVALID"
    ])
  })

  it("has a template whose headings are all known", () => {
    const headingsOf = (name: string) =>
      readFileSync(new URL(`../../docs/import/${name}.csv`, import.meta.url), "utf8").replace(/^\ufeff/, "").trim()
    expect(readMembers(table(headingsOf("members"))).problems).toEqual([])
    expect(readEnrollments(table(headingsOf("enrollments"))).problems).toEqual([])
  })
})

describe("a problem", () => {
  it.each(ImportProblemCode.literals)("%s is told in both languages, and stands in the document", (code) => {
    const { en, ko } = problemAt(1, null, code, { ko: "무엇", en: "something" })
    expect(ko).toMatch(/[가-힣].*\.$/)
    expect(en).toMatch(/^[A-Z][^가-힣]*\.$/)
    expect(readFileSync(new URL("../../docs/import.md", import.meta.url), "utf8")).toContain(`\`${code}\``)
  })
})
