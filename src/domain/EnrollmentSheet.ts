/** A file of enrollments, read: what each line says, and what is wrong with its cells. */
import { Schema } from "effect"
import * as Cells from "./ImportCells.ts"
import { type Headings, type Reading, readSheet, type Row, sheetOf, type Table } from "./ImportTable.ts"
import { LocalDate } from "./LocalTime.ts"
import { PhoneNumber } from "./PhoneNumber.ts"

const headings = {
  student: ["학생", "학생 이름", "이름", "성명", "원생명", "name", "studentName"],
  birthDate: ["생년월일", "생일"],
  phone: ["전화번호", "학생 전화번호", "휴대폰", "연락처"],
  class: ["반", "반 이름", "수업", "강좌", "className"],
  from: ["시작일", "수강 시작일", "등록일"],
  until: ["종료일", "수강 종료일"],
  reason: ["보호자 없는 사유", "사유"]
} as const satisfies Headings<string>
type Field = keyof typeof headings

/** What could be read of a line; `null` for what is empty, or could not. */
export const EnrollmentLine = Schema.Struct({
  line: Schema.Int,
  student: Schema.NullOr(Schema.String),
  birthDate: Schema.NullOr(LocalDate),
  phone: Schema.NullOr(PhoneNumber),
  class: Schema.NullOr(Schema.String),
  from: Schema.NullOr(LocalDate),
  until: Schema.NullOr(LocalDate),
  /** Why it is though nobody may be told of the student. */
  reason: Schema.NullOr(Schema.String)
})
export type EnrollmentLine = typeof EnrollmentLine.Type

export const EnrollmentSheet = sheetOf(EnrollmentLine)
export type EnrollmentSheet = typeof EnrollmentSheet.Type

const lineOf = (row: Row, { isEmpty, read, refuse }: Reading<Field>): EnrollmentLine => {
  if (isEmpty("student")) refuse("student", "REQUIRED", { ko: "학생의 이름", en: "the student's name" })
  if (isEmpty("class")) refuse("class", "REQUIRED", { ko: "반의 이름", en: "the class's name" })
  if (isEmpty("birthDate") && isEmpty("phone")) {
    refuse("birthDate", "REQUIRED", { ko: "학생의 생년월일 또는 전화번호", en: "the student's birth date, or number" })
  }
  return {
    line: row.line,
    student: read("student", Cells.text(60)),
    birthDate: read("birthDate", Cells.date),
    phone: read("phone", Cells.phone),
    class: read("class", Cells.text(100)),
    from: read("from", Cells.date),
    until: read("until", Cells.date),
    reason: read("reason", Cells.text(500))
  }
}

export const readEnrollments = (table: Table): EnrollmentSheet =>
  readSheet(table, headings, ["student", "class"], lineOf)
