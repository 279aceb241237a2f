/** A file of members, read: what each line says, and what is wrong with its cells. */
import { Schema } from "effect"
import { Relationship } from "./Guardianship.ts"
import * as Cells from "./ImportCells.ts"
import { type Headings, type Reading, readSheet, type Row, sheetOf, type Table } from "./ImportTable.ts"
import { LocalDate } from "./LocalTime.ts"
import { Gender, StudentProfile, TeacherProfile } from "./Member.ts"
import { PhoneNumber } from "./PhoneNumber.ts"

const headings = {
  role: ["역할", "구분", "role"],
  name: ["이름", "성명", "학생이름", "학생명", "원생명"],
  phone: ["전화번호", "휴대폰", "휴대전화", "연락처", "학생전화번호", "학생연락처"],
  birthDate: ["생년월일", "생일"],
  gender: ["성별"],
  schoolName: ["학교", "학교명"],
  schoolType: ["학교급", "학교구분"],
  grade: ["학년"],
  guardianName: ["보호자 이름", "보호자", "학부모", "학부모 이름", "보호자 성명"],
  guardianPhone: ["보호자 전화번호", "보호자 연락처", "보호자 휴대폰", "학부모 전화번호", "학부모 연락처"],
  relationship: ["관계", "보호자 관계"],
  guardian2Name: ["보호자2 이름", "보호자2"],
  guardian2Phone: ["보호자2 전화번호", "보호자2 연락처"],
  relationship2: ["관계2", "보호자2 관계"],
  specialty: ["과목", "담당과목", "전공"],
  careerYears: ["경력", "경력년수"],
  introduction: ["소개"]
} as const satisfies Headings<string>
type Field = keyof typeof headings

/** The columns of a student's guardians. */
export const guardianFields = [
  { name: "guardianName", phone: "guardianPhone", relationship: "relationship" },
  { name: "guardian2Name", phone: "guardian2Phone", relationship: "relationship2" }
] as const satisfies ReadonlyArray<Readonly<Record<"name" | "phone" | "relationship", Field>>>

const NamedGuardian = Schema.Struct({
  /** Which of the two. */
  place: Schema.Literals([0, 1]),
  /** Not needed where the number is known. */
  name: Schema.NullOr(Schema.String),
  phone: PhoneNumber,
  relationship: Relationship
})
export type NamedGuardian = typeof NamedGuardian.Type

/** What could be read of a line; `null` for what is empty, or could not. */
export const MemberLine = Schema.Struct({
  line: Schema.Int,
  role: Schema.NullOr(Cells.ImportedRole),
  name: Schema.NullOr(Schema.String),
  phone: Schema.NullOr(PhoneNumber),
  birthDate: Schema.NullOr(LocalDate),
  gender: Schema.NullOr(Gender),
  studentProfile: Schema.NullOr(StudentProfile),
  teacherProfile: Schema.NullOr(TeacherProfile),
  guardians: Schema.Array(NamedGuardian)
})
export type MemberLine = typeof MemberLine.Type

export const MemberSheet = sheetOf(MemberLine)
export type MemberSheet = typeof MemberSheet.Type

const ofStudents = [
  "schoolName",
  "schoolType",
  "grade",
  "guardianName",
  "guardianPhone",
  "relationship",
  "guardian2Name",
  "guardian2Phone",
  "relationship2"
] as const satisfies ReadonlyArray<Field>
const ofTeachers = ["specialty", "careerYears", "introduction"] as const satisfies ReadonlyArray<Field>
/** What says nothing of whoever has the role. */
const notOf = { STUDENT: ofTeachers, PARENT: [...ofStudents, ...ofTeachers], TEACHER: ofStudents }

const roleNames = {
  STUDENT: { ko: "학생", en: "student" },
  PARENT: { ko: "학부모", en: "parent" },
  TEACHER: { ko: "강사", en: "teacher" }
}

const studentProfile = ({ isEmpty, read, refuse }: Reading<Field>): StudentProfile | null => {
  const schoolName = read("schoolName", Cells.text(100))
  const at = read("grade", Cells.grade)
  const schoolType = read("schoolType", Cells.schoolType) ?? at?.schoolType ?? null
  if (isEmpty("schoolName")) refuse("schoolName", "REQUIRED", { ko: "학생의 학교", en: "a student's school" })
  if (isEmpty("grade")) refuse("grade", "REQUIRED", { ko: "학생의 학년", en: "a student's grade" })
  if (isEmpty("schoolType") && at !== null && schoolType === null) {
    refuse("schoolType", "REQUIRED", {
      ko: "초, 중, 고, 대. 학년에 초3처럼 적어도 됩니다",
      en: "the kind of school; a grade such as 초3 says it too"
    })
  }
  return schoolName === null || at === null || schoolType === null ? null : { schoolName, schoolType, grade: at.grade }
}

const teacherProfile = ({ isEmpty, read, refuse }: Reading<Field>): TeacherProfile | null => {
  const specialty = read("specialty", Cells.text(100))
  const careerYears = read("careerYears", Cells.years) ?? 0
  const introduction = read("introduction", Cells.text(2000))
  if (isEmpty("specialty")) refuse("specialty", "REQUIRED", { ko: "강사의 과목", en: "a teacher's subject" })
  return specialty === null ? null : { specialty, careerYears, ...(introduction === null ? {} : { introduction }) }
}

const guardians = ({ isEmpty, read, refuse }: Reading<Field>): ReadonlyArray<NamedGuardian> =>
  guardianFields.flatMap((field, index) => {
    const name = read(field.name, Cells.text(60))
    const phone = read(field.phone, Cells.phone)
    const relationship = read(field.relationship, Cells.relationship) ?? "GUARDIAN"
    if (isEmpty(field.phone) && !(isEmpty(field.name) && isEmpty(field.relationship))) {
      refuse(field.phone, "REQUIRED", { ko: "보호자의 번호", en: "the guardian's number" })
    }
    return phone === null ? [] : [{ place: index === 0 ? 0 : 1, name, phone, relationship }]
  })

const lineOf = (row: Row, reading: Reading<Field>): MemberLine => {
  const { isEmpty, read, refuse } = reading
  // A list of students rarely says that they are.
  const said = isEmpty("role") ? "STUDENT" : read("role", Cells.role)
  if (said === "MANAGER") refuse("role", "ROLE_NOT_IMPORTED")
  const role = said === "MANAGER" ? null : said
  if (isEmpty("name")) refuse("name", "REQUIRED", { ko: "이름", en: "a name" })
  const line = {
    line: row.line,
    role,
    name: read("name", Cells.text(60)),
    phone: read("phone", Cells.phone),
    birthDate: read("birthDate", Cells.date),
    gender: read("gender", Cells.gender),
    studentProfile: role === "STUDENT" ? studentProfile(reading) : null,
    teacherProfile: role === "TEACHER" ? teacherProfile(reading) : null,
    guardians: role === "STUDENT" ? guardians(reading) : []
  }
  if (role === null) return line
  for (const field of notOf[role]) if (!isEmpty(field)) refuse(field, "NOT_FOR_ROLE", roleNames[role])
  if (role !== "STUDENT" && isEmpty("phone")) {
    refuse("phone", "REQUIRED", { ko: "학부모와 강사의 번호", en: "the number of a parent or teacher" })
  }
  // By one of them a student is known again when the file comes a second time.
  if (role === "STUDENT" && isEmpty("phone") && isEmpty("birthDate")) {
    refuse("birthDate", "REQUIRED", { ko: "학생의 생년월일 또는 전화번호", en: "a student's birth date, or number" })
  }
  return line
}

export const readMembers = (table: Table): MemberSheet => readSheet(table, headings, ["name"], lineOf)
