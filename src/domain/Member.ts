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
  Schema.isPattern(/^[a-z0-9][a-z0-9._@-]{2,63}$/u, {
    expected: "3 to 64 of a-z, 0-9 and . _ @ -, beginning with a letter or digit"
  })
).pipe(Schema.brand("LoginId"))
export type LoginId = typeof LoginId.Type

/** 8 to 128 characters, an emoji being one of them, as typed; never logged, never stored. */
export const Password = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^[\s\S]{8,128}$/u, { expected: "8 to 128 characters" }))
)
export type Password = typeof Password.Type

export const Gender = Schema.Literals(["FEMALE", "MALE", "OTHER"])
export type Gender = typeof Gender.Type

export const Name = Schema.NonEmptyString.check(Schema.isMaxLength(60))

/** A member as a manager enters one. */
export const NewMember = Schema.Struct({
  name: Name,
  phone: Schema.optionalKey(PhoneNumberInput),
  birthDate: Schema.optionalKey(LocalDate),
  gender: Schema.optionalKey(Gender),
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

const lacks = (field: MemberIncomplete["field"], message: string) => new MemberIncomplete({ field, message })

/** What is missing of a member for the roles. */
const missing = (
  { academyId, phone, roles, studentProfile, teacherProfile }: Pick<
    Member,
    "academyId" | "phone" | "roles" | "studentProfile" | "teacherProfile"
  >
): MemberIncomplete | undefined => {
  if (roles.includes("ADMINISTRATOR") !== (academyId === null) || (academyId === null && roles.length > 1)) {
    return lacks("roles", "ADMINISTRATOR is a role of its own, outside every academy")
  }
  if (phone === null && !roles.every((role) => role === "STUDENT" || role === "ADMINISTRATOR")) {
    return lacks("phone", "only a student may have no phone number")
  }
  if (roles.includes("STUDENT") && studentProfile === null) return lacks("studentProfile", "a student needs a school")
  if (roles.includes("TEACHER") && teacherProfile === null) {
    return lacks("teacherProfile", "a teacher needs a specialty")
  }
  return undefined
}

export interface Changed {
  readonly member: Member
  readonly event: EventFact
}

/** A manager's entry makes an ACTIVE member at once; `pending` is one who signed up and waits for a manager. */
export const create = (
  input: NewMember,
  id: MemberId,
  academyId: AcademyId | null,
  { pending = false } = {}
): Result.Result<Changed, MemberIncomplete> => {
  const member: Member = {
    id,
    academyId,
    name: input.name.normalize("NFC"),
    phone: input.phone ?? null,
    birthDate: input.birthDate ?? null,
    gender: input.gender ?? null,
    locale: input.locale ?? "ko",
    loginId: input.loginId ?? null,
    roles: input.roles,
    status: pending ? "PENDING" : "ACTIVE",
    studentProfile: input.studentProfile ?? null,
    teacherProfile: input.teacherProfile ?? null,
    version: 1
  }
  const lack = missing(member)
  if (lack !== undefined) return Result.fail(lack)
  if ((input.loginId === undefined) !== (input.password === undefined)) {
    return Result.fail(
      lacks(input.loginId === undefined ? "loginId" : "password", "a login id and a password come together")
    )
  }
  const { roles } = input
  return Result.succeed({
    member,
    event: {
      type: "MemberCreated",
      aggregate: { type: "member", id, version: 1 },
      payload: pending ? { roles, pending } : { roles }
    }
  })
}

const fact = (
  { id, version }: Member,
  type: "MemberUpdated" | "MemberApproved" | "MemberRejected" | "MemberDeactivated"
): EventFact => ({ type, aggregate: { type: "member", id, version }, payload: {} })

/** What an office corrects; what is not said stays. Roles and status have commands of their own. */
export const MemberEdit = Schema.Struct({
  name: Schema.optionalKey(Name),
  phone: Schema.optionalKey(Schema.NullOr(PhoneNumberInput)),
  birthDate: Schema.optionalKey(Schema.NullOr(LocalDate)),
  gender: Schema.optionalKey(Schema.NullOr(Schema.Literals(["FEMALE", "MALE", "OTHER"]))),
  locale: Schema.optionalKey(Schema.Literals(["ko", "en"])),
  studentProfile: Schema.optionalKey(StudentProfile),
  teacherProfile: Schema.optionalKey(TeacherProfile)
})
export type MemberEdit = typeof MemberEdit.Type

const changed = (
  member: Member,
  to: Partial<Member>,
  type: Parameters<typeof fact>[1]
): Result.Result<Changed, MemberIncomplete> => {
  const after = { ...member, ...to, version: member.version + 1 }
  const lack = missing(after)
  return lack === undefined ? Result.succeed({ member: after, event: fact(after, type) }) : Result.fail(lack)
}

export const edit = (member: Member, { name, ...to }: MemberEdit): Result.Result<Changed, MemberIncomplete> =>
  changed(member, { ...to, ...(name === undefined ? {} : { name: name.normalize("NFC") }) }, "MemberUpdated")

/** Somebody has shown to be this member, whom the office had entered, and logs in from now on. */
export const claim = (
  member: Member,
  by: Pick<NewMember, "birthDate" | "gender" | "locale"> & { readonly loginId: LoginId }
): Result.Result<Changed, MemberIncomplete> =>
  changed(member, {
    loginId: by.loginId,
    birthDate: member.birthDate ?? by.birthDate ?? null,
    gender: member.gender ?? by.gender ?? null,
    locale: by.locale ?? member.locale
  }, "MemberUpdated")

/** A teacher of classes that are not over cannot leave: another one takes them first. */
export class StillTeaches extends Data.TaggedError("StillTeaches")<{}> {}

/** What is asked needs a member in another status. */
export class MemberNot extends Data.TaggedError("MemberNot")<{
  readonly current: MemberStatus
  readonly requested: "APPROVED" | "REJECTED" | "INACTIVE" | "ERASED"
}> {}

/** A manager's word on a teacher who signed up. */
export const decide = (
  member: Member,
  to: "APPROVED" | "REJECTED"
): Result.Result<Changed, MemberIncomplete | MemberNot> =>
  member.status !== "PENDING"
    ? Result.fail(new MemberNot({ current: member.status, requested: to }))
    : to === "APPROVED"
    ? changed(member, { status: "ACTIVE" }, "MemberApproved")
    : changed(member, { status: "INACTIVE" }, "MemberRejected")

/** Who has left: no login, no news; what was recorded stays. */
export const deactivate = (member: Member): Result.Result<Changed, MemberIncomplete | MemberNot> =>
  member.status === "INACTIVE"
    ? Result.fail(new MemberNot({ current: member.status, requested: "INACTIVE" }))
    : changed(member, { status: "INACTIVE" }, "MemberDeactivated")

/** In the place of a name that nobody keeps. */
export const erasedName = "(삭제됨)"

/** Of who has left nothing personal is kept; what was recorded stays, about nobody. */
export const erase = (member: Member): Result.Result<Changed, MemberNot> => {
  if (member.status !== "INACTIVE") return Result.fail(new MemberNot({ current: member.status, requested: "ERASED" }))
  const erased: Member = {
    ...member,
    name: erasedName,
    phone: null,
    birthDate: null,
    gender: null,
    loginId: null,
    studentProfile: null,
    teacherProfile: null,
    version: member.version + 1
  }
  return Result.succeed({ member: erased, event: fact(erased, "MemberUpdated") })
}

/** The first one is the primary role. */
export const changeRoles = (
  member: Member,
  roles: Member["roles"],
  profiles: Pick<MemberEdit, "studentProfile" | "teacherProfile">
): Result.Result<Changed, MemberIncomplete> =>
  Result.map(changed(member, { roles, ...profiles }, "MemberUpdated"), ({ member: after }) => ({
    member: after,
    event: {
      type: "MemberRolesChanged",
      aggregate: { type: "member", id: after.id, version: after.version },
      payload: { roles }
    }
  }))
