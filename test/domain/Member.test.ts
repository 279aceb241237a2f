import { describe, expect, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import { link } from "../../src/domain/Guardianship.ts"
import { GuardianshipId } from "../../src/domain/Ids.ts"
import { create, LoginId, NewMember, Password } from "../../src/domain/Member.ts"
import type { Role } from "../../src/domain/Permission.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { academyId, instant, parentId, studentId, uuid } from "./given.ts"

const phone = PhoneNumber.make("+821012345678")
const studentProfile = { schoolName: "한빛초등학교", schoolType: "PRIMARY", grade: 5 } as const
const teacherProfile = { specialty: "mathematics", careerYears: 7 }
const loginId = LoginId.make("minjun")
const password = Redacted.make("correct horse")

const student: NewMember = { name: "김민준", roles: ["STUDENT"], studentProfile }
const parent: NewMember = { name: "김영희", roles: ["PARENT"], phone }
const teacher: NewMember = { name: "이선생", roles: ["TEACHER"], phone, teacherProfile }
const administrator: NewMember = { name: "Root", roles: ["ADMINISTRATOR"] }

describe("a new member", () => {
  it("is active at once, in Korean unless told otherwise, and one event tells of it", () => {
    const { event, member } = Result.getOrThrow(create(student, studentId, academyId))
    expect(member).toEqual({
      id: studentId,
      academyId,
      name: "김민준",
      phone: null,
      birthDate: null,
      gender: null,
      locale: "ko",
      loginId: null,
      roles: ["STUDENT"],
      status: "ACTIVE",
      studentProfile,
      teacherProfile: null,
      version: 1
    })
    expect(event).toEqual({
      type: "MemberCreated",
      aggregate: { type: "member", id: studentId, version: 1 },
      payload: { roles: ["STUDENT"] }
    })
  })

  it("has one spelling of the name, however it was typed", () => {
    const { member } = Result.getOrThrow(create({ ...student, name: "김민준".normalize("NFD") }, studentId, academyId))
    expect(member.name).toBe("김민준")
  })

  it.each<readonly [string, NewMember, boolean]>([
    ["a parent", parent, true],
    ["a teacher", teacher, true],
    ["a teacher whose child attends", { ...teacher, roles: ["TEACHER", "PARENT"] }, true],
    ["a student with a login", { ...student, loginId, password }, true],
    ["an administrator, of no academy and without a phone", administrator, false]
  ])("may be %s", (_, input, inAcademy) => {
    expect(Result.isSuccess(create(input, studentId, inAcademy ? academyId : null))).toBe(true)
  })

  const { phone: _phone, ...unreachable } = parent
  const { studentProfile: _school, ...schoolless } = student
  const { teacherProfile: _specialty, ...subjectless } = teacher
  const refused: ReadonlyArray<readonly [string, NewMember, boolean, string]> = [
    ["a parent without a phone", unreachable, true, "phone"],
    ["a student who is a parent, without a phone", { ...student, roles: ["STUDENT", "PARENT"] }, true, "phone"],
    ["a manager without a phone", { name: "박실장", roles: ["MANAGER"] }, true, "phone"],
    ["a student without a school", schoolless, true, "studentProfile"],
    ["a teacher without a specialty", subjectless, true, "teacherProfile"],
    ["a login id without a password", { ...student, loginId }, true, "password"],
    ["a password without a login id", { ...student, password }, true, "loginId"],
    ["an administrator inside an academy", administrator, true, "roles"],
    ["an administrator who is also a parent", { ...parent, roles: ["ADMINISTRATOR", "PARENT"] }, false, "roles"],
    ["a parent of no academy", parent, false, "roles"]
  ]

  it.each(refused)("is not %s", (_, input, inAcademy, field) => {
    const result = create(input, studentId, inAcademy ? academyId : null)
    expect(Result.getOrThrow(Result.flip(result))).toMatchObject({ _tag: "MemberIncomplete", field })
  })
})

describe("what somebody types", () => {
  const accepts = (changed: object) => {
    const typed: unknown = { name: "김민준", roles: ["STUDENT"], ...changed }
    return Schema.decodeUnknownResult(NewMember)(typed)
  }

  it.each([
    ["no role", { roles: [] }],
    ["a role twice", { roles: ["STUDENT", "STUDENT"] }],
    ["a role that does not exist", { roles: ["OWNER"] }],
    ["no name", { name: "" }],
    ["a name of 61 letters", { name: "김".repeat(61) }],
    ["a phone number of letters", { phone: "call me" }],
    ["a birthday that does not exist", { birthDate: "2015-02-30" }],
    ["a seventh grade", { studentProfile: { ...studentProfile, grade: 7 } }],
    ["a login id in capitals", { loginId: "MINJUN", password: "correct horse" }],
    ["a password of seven letters", { loginId: "minjun", password: "1234567" }]
  ])("is refused with %s", (_, changed) => {
    expect(Result.isFailure(accepts(changed))).toBe(true)
  })

  it("becomes a number in E.164, and a password that no print shows", () => {
    const input = Result.getOrThrow(accepts({ phone: "010-1234-5678", loginId: "minjun", password: "correct horse" }))
    expect(input.phone).toBe("+821012345678")
    expect(JSON.stringify(input) + String(input.password)).not.toContain("correct horse")
    expect(String(Result.getOrThrow(Result.flip(Schema.decodeResult(Password)("hunter2"))))).not.toContain(
      "hunter2"
    )
  })
})

describe("linking a student and a parent", () => {
  const given = { id: GuardianshipId.make(uuid(9)), academyId, studentId, parentId, relationship: "MOTHER" } as const
  const now = instant("2026-03-02T07:00:00Z")
  const roles = (student: ReadonlyArray<Role>, parent: ReadonlyArray<Role>) => ({ student, parent })

  it("lets the parent be told, from the moment of the consent", () => {
    const { event, guardianship } = Result.getOrThrow(link(given, roles(["STUDENT"], ["TEACHER", "PARENT"]), now))
    expect(guardianship).toEqual({ ...given, primary: false, mayBeTold: true, consentAt: now, version: 1 })
    expect(event).toEqual({
      type: "GuardianLinked",
      aggregate: { type: "guardianship", id: given.id, version: 1 },
      payload: { studentId, parentId }
    })
  })

  it("keeps a custody that forbids telling", () => {
    const linked = link({ ...given, mayBeTold: false, primary: true }, roles(["STUDENT"], ["PARENT"]), now)
    expect(Result.getOrThrow(linked).guardianship).toMatchObject({ mayBeTold: false, primary: true })
  })

  it.each([
    ["the student is none", given, roles(["PARENT"], ["PARENT"])],
    ["the parent is none", given, roles(["STUDENT"], ["TEACHER"])],
    ["both are one person", { ...given, parentId: studentId }, roles(["STUDENT", "PARENT"], ["STUDENT", "PARENT"])]
  ])("is refused when %s", (_, input, roles) => {
    expect(Result.getOrThrow(Result.flip(link(input, roles, now)))._tag).toBe("NotStudentAndParent")
  })
})
