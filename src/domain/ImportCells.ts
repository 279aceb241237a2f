/** Cells as Korean offices write them, and as spreadsheets spoil them. */
import { Result, Schema } from "effect"
import type { Relationship } from "./Guardianship.ts"
import type { Text } from "./ImportProblem.ts"
import { LocalDate } from "./LocalTime.ts"
import type { Gender, StudentProfile } from "./Member.ts"
import { normalize, PhoneNumber } from "./PhoneNumber.ts"

/** A cell's value, or what was expected there. */
export type Read<A> = (text: string) => Result.Result<A, Text>

/** What stands for each value, without blanks and in small letters. */
const oneOf = <A>(
  words: ReadonlyArray<readonly [value: A, ...words: ReadonlyArray<string>]>,
  expected: Text
): Read<A> => {
  const values = new Map(words.flatMap(([value, ...texts]) => texts.map((text) => [text, value] as const)))
  return (text) => {
    const value = values.get(text.toLowerCase().replace(/\s/g, ""))
    return value === undefined ? Result.fail(expected) : Result.succeed(value)
  }
}

/** Of so many characters, none of which PostgreSQL could not keep. */
export const text = (most: number): Read<string> => (given) =>
  given.length <= most && given.isWellFormed() && !/[\0\ufffd]/.test(given)
    ? Result.succeed(given)
    : Result.fail({ ko: `${most}자 이내의 글`, en: `a text of up to ${most} characters` })

export const ImportedRole = Schema.Literals(["STUDENT", "PARENT", "TEACHER"])
export type ImportedRole = typeof ImportedRole.Type

/** `MANAGER`: of whom nobody is made by import. */
export const role = oneOf<ImportedRole | "MANAGER">([
  ["STUDENT", "student", "학생", "원생", "수강생"],
  ["PARENT", "parent", "학부모", "부모", "보호자"],
  ["TEACHER", "teacher", "강사", "선생님", "교사", "선생"],
  ["MANAGER", "manager", "administrator", "매니저", "관리자", "원장", "실장"]
], { ko: "학생, 학부모, 강사 중 하나", en: "STUDENT, PARENT or TEACHER" })

export const gender = oneOf<Gender>([
  ["FEMALE", "female", "f", "여", "여자", "여성"],
  ["MALE", "male", "m", "남", "남자", "남성"],
  ["OTHER", "other", "기타"]
], { ko: "남 또는 여", en: "FEMALE, MALE or OTHER" })

export const relationship = oneOf<typeof Relationship.Type>([
  ["FATHER", "father", "부", "아버지", "아빠", "父"],
  ["MOTHER", "mother", "모", "어머니", "엄마", "母"],
  ["GUARDIAN", "guardian", "보호자", "기타", "조부", "조모", "조부모", "할머니", "할아버지", "이모", "고모", "삼촌"]
], { ko: "부, 모 또는 보호자", en: "FATHER, MOTHER or GUARDIAN" })

const schoolTypes = [
  ["PRIMARY", "primary", "초", "초등", "초등학교", "초등학생"],
  ["MIDDLE", "middle", "중", "중등", "중학교", "중학생"],
  ["HIGH", "high", "고", "고등", "고등학교", "고등학생"],
  ["UNIVERSITY", "university", "대", "대학", "대학교", "대학생"]
] as const
export const schoolType = oneOf<StudentProfile["schoolType"]>(schoolTypes, {
  ko: "초, 중, 고, 대 중 하나",
  en: "PRIMARY, MIDDLE, HIGH or UNIVERSITY"
})

/** `3`, `3학년`; or with the kind of school, as in `초3`. */
export const grade: Read<{ readonly grade: number; readonly schoolType?: StudentProfile["schoolType"] }> = (given) => {
  const [, type, digit] = /^(초|중|고|대|초등|중등|고등)?\s*([1-6])\s*(?:학년)?$/.exec(given) ?? []
  if (digit === undefined) return Result.fail({ ko: "1~6 또는 초3, 중2, 고1", en: "1 to 6, or as in 초3, 중2, 고1" })
  const of = type === undefined ? undefined : schoolTypes.find(([, ...words]) => words.some((word) => word === type))
  return Result.succeed({ grade: Number(digit), ...(of === undefined ? {} : { schoolType: of[0] }) })
}

/** Whole years, as in `5` or `5년`. */
export const years: Read<number> = (given) => {
  const [, digits] = /^(\d{1,2})\s*년?$/.exec(given) ?? []
  return digits !== undefined && Number(digits) <= 80
    ? Result.succeed(Number(digits))
    : Result.fail({ ko: "0~80의 햇수", en: "0 to 80 years" })
}

/** A spreadsheet that takes a number for one drops its first 0. */
const withZero = (given: string) => given.replace(/^(1[016789]\d{7,8})$/, "0$1")

const isPhone = Schema.is(PhoneNumber)
export const phone: Read<PhoneNumber> = (given) => {
  const number = normalize(withZero(given.replace(/[\s().-]/g, "")))
  return isPhone(number)
    ? Result.succeed(number)
    : Result.fail({ ko: "010-1234-5678과 같은 번호", en: "a number such as 010-1234-5678" })
}

const isDate = Schema.is(LocalDate)
/** `2015-03-02`, `2015.3.2`, `2015. 3. 2.`, `2015/3/2`, `2015년 3월 2일`, `20150302`. The year in full: 15 may be 1915. */
export const date: Read<LocalDate> = (given) => {
  const [, year, month = "", day = ""] = /^(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})\s*[.일]?$/.exec(given) ??
    /^(\d{4})(\d{2})(\d{2})$/.exec(given) ?? []
  const found = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
  return isDate(found)
    ? Result.succeed(found)
    : Result.fail({ ko: "2015-03-02와 같은 날짜(연도는 네 자리)", en: "a day such as 2015-03-02" })
}
