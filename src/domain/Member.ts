import { Data, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, MemberId } from "./Ids.ts"
import { LocalDate } from "./LocalTime.ts"
import { Role } from "./Permission.ts"
import { PhoneNumber, PhoneNumberInput } from "./PhoneNumber.ts"

export const MemberStatus = Schema.Literals(["PENDING", "ACTIVE", "INACTIVE"])
export type MemberStatus = typeof MemberStatus.Type

export const StudentProfile = Schema.Struct({
  schoolName: Schema.String.check(Schema.isMaxLength(100)),
  schoolType: Schema.Literals(["PRIMARY", "MIDDLE", "HIGH", "UNIVERSITY"]),
  grade: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 }))
})
export type StudentProfile = typeof StudentProfile.Type

export const TeacherProfile = Schema.Struct({
  specialty: Schema.String.check(Schema.isMaxLength(100)),
  careerYears: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 })),
  introduction: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000)))
})
export type TeacherProfile = typeof TeacherProfile.Type

export const LoginId = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9._@-]{2,63}$/, {
    expected: "3 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit"
  })
).pipe(Schema.brand("LoginId"))
export type LoginId = typeof LoginId.Type

/** 8 to 128 characters, as typed; never logged, never stored. */
export const Password = Schema.RedactedFromValue(
  Schema.String.check(Schema.isMinLength(8), Schema.isMaxLength(128))
)
export type Password = typeof Password.Type

/** A member as a manager enters one. */
export const NewMember = Schema.Struct({
  name: Schema.NonEmptyString.check(Schema.isMaxLength(60)),
  phone: Schema.optionalKey(PhoneNumberInput),
  birthDate: Schema.optionalKey(LocalDate),
  gender: Schema.optionalKey(Schema.Literals(["FEMALE", "MALE", "OTHER"])),
  locale: Schema.optionalKey(Schema.Literals(["ko", "en"])),
  /** The first one is the primary role. */
  roles: Schema.NonEmptyArray(Role).check(Schema.isMaxLength(5), Schema.isUnique()),
  loginId: Schema.optionalKey(LoginId),
  password: Schema.optionalKey(Password),
  studentProfile: Schema.optionalKey(StudentProfile),
  teacherProfile: Schema.optionalKey(TeacherProfile)
})
export type NewMember = typeof NewMember.Type

export const Member = Schema.Struct({
  id: MemberId,
  /** `null` only for an administrator. */
  academyId: Schema.NullOr(AcademyId),
  name: Schema.String,
  phone: Schema.NullOr(PhoneNumber),
  birthDate: Schema.NullOr(LocalDate),
  gender: Schema.NullOr(Schema.String),
  locale: Schema.Literals(["ko", "en"]),
  loginId: Schema.NullOr(Schema.String),
  roles: Schema.NonEmptyArray(Role),
  status: MemberStatus,
  studentProfile: Schema.NullOr(StudentProfile),
  teacherProfile: Schema.NullOr(TeacherProfile),
  version: Schema.Int
})
export type Member = typeof Member.Type

/** Somebody at this academy has the number already; a student may share a parent's. */
export class PhoneTaken extends Data.TaggedError("PhoneTaken")<{}> {}
export class LoginIdTaken extends Data.TaggedError("LoginIdTaken")<{}> {}
export class RegistrationNumberTaken extends Data.TaggedError("RegistrationNumberTaken")<{}> {}
/** What is missing for one of the roles, in the words of the request's fields. */
export class MemberIncomplete extends Data.TaggedError("MemberIncomplete")<{
  readonly field: "phone" | "studentProfile" | "teacherProfile" | "password" | "loginId" | "roles"
  readonly message: string
}> {}

const missing = (input: NewMember, academyId: AcademyId | null): MemberIncomplete | undefined => {
  const lacks = (field: MemberIncomplete["field"], message: string) => new MemberIncomplete({ field, message })
  if (
    input.roles.includes("ADMINISTRATOR") !== (academyId === null) || (academyId === null && input.roles.length > 1)
  ) {
    return lacks("roles", "ADMINISTRATOR is a role of its own, outside every academy")
  }
  if (input.phone === undefined && !input.roles.every((role) => role === "STUDENT" || role === "ADMINISTRATOR")) {
    return lacks("phone", "only a student may have no phone number")
  }
  if (input.roles.includes("STUDENT") && input.studentProfile === undefined) {
    return lacks("studentProfile", "a student needs a school")
  }
  if (input.roles.includes("TEACHER") && input.teacherProfile === undefined) {
    return lacks("teacherProfile", "a teacher needs a specialty")
  }
  if ((input.loginId === undefined) !== (input.password === undefined)) {
    return lacks(input.loginId === undefined ? "loginId" : "password", "a login id and a password come together")
  }
  return undefined
}

/** A manager's entry makes an ACTIVE member at once; signing up by oneself comes with access. */
export const create = (
  input: NewMember,
  id: MemberId,
  academyId: AcademyId | null
): Result.Result<{ readonly member: Member; readonly event: EventFact }, MemberIncomplete> => {
  const lack = missing(input, academyId)
  if (lack !== undefined) return Result.fail(lack)
  return Result.succeed({
    member: {
      id,
      academyId,
      name: input.name.normalize("NFC"),
      phone: input.phone ?? null,
      birthDate: input.birthDate ?? null,
      gender: input.gender ?? null,
      locale: input.locale ?? "ko",
      loginId: input.loginId ?? null,
      roles: input.roles,
      status: "ACTIVE",
      studentProfile: input.studentProfile ?? null,
      teacherProfile: input.teacherProfile ?? null,
      version: 1
    },
    event: { type: "MemberCreated", aggregate: { type: "member", id, version: 1 }, payload: { roles: input.roles } }
  })
}
