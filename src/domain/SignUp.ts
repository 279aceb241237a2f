/**
 * Becoming a member by oneself, with a phone that was shown to be one's own. Whom the office has entered already is claimed,
 * not doubled: number, name and birth date must fit.
 */
import { Data, type DateTime, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { type Guardianship, link, type NotStudentAndParent, Relationship } from "./Guardianship.ts"
import { AcademyId, type GuardianshipId, type MemberId } from "./Ids.ts"
import { dateIn, LocalDate, type TimeZoneName } from "./LocalTime.ts"
import {
  claim,
  create,
  LoginId,
  type Member,
  type MemberIncomplete,
  Name,
  Password,
  StudentProfile,
  TeacherProfile
} from "./Member.ts"
import type { PhoneNumber } from "./PhoneNumber.ts"

/** From this birthday on nobody else has to consent (정보통신망법, PIPA art. 22-2). */
export const ofAge = 14

export const SignUp = Schema.Struct({
  academyId: AcademyId,
  role: Schema.Literals(["STUDENT", "PARENT", "TEACHER"]),
  name: Name,
  birthDate: LocalDate,
  gender: Schema.optionalKey(Schema.Literals(["FEMALE", "MALE", "OTHER"])),
  locale: Schema.optionalKey(Schema.Literals(["ko", "en"])),
  loginId: LoginId,
  password: Password,
  studentProfile: Schema.optionalKey(StudentProfile),
  teacherProfile: Schema.optionalKey(TeacherProfile),
  /** Who consents for a student under 14. */
  guardian: Schema.optionalKey(Schema.Struct({ name: Name, relationship: Relationship }))
})
export type SignUp = typeof SignUp.Type

/**
 * The number is another person's at this academy, or the office has another number for this person, or somebody logs in
 * already: only the office can tell which.
 */
export class CannotSignUp extends Data.TaggedError("CannotSignUp")<{}> {}
/** A student under 14 signs up with a guardian whose phone is shown as well. */
export class NeedsGuardian extends Data.TaggedError("NeedsGuardian")<{}> {}

/** What is known at the academy, while nobody else may sign up with these numbers. */
export interface Known {
  readonly zone: TimeZoneName
  /** Whoever has the number, and whoever has the name and the birth date. */
  readonly people: ReadonlyArray<Member>
  /** Of a child's guardian: whoever has that number. */
  readonly guardians: ReadonlyArray<Member>
  /** Students for whom a guardian has consented. */
  readonly consented: ReadonlyArray<MemberId>
}

export interface Given {
  readonly phone: PhoneNumber
  /** `null`: no guardian's phone was shown. */
  readonly guardianPhone: PhoneNumber | null
  readonly now: DateTime.Utc
  readonly ids: {
    readonly member: MemberId
    readonly guardian: MemberId
    readonly guardianship: GuardianshipId
  }
}

export interface SignedUp {
  readonly member: Member
  /** False: it is new. */
  readonly claimed: boolean
  /** A guardian who was not a member before. */
  readonly newGuardian: Member | null
  readonly guardianship: Guardianship | null
  readonly events: ReadonlyArray<EventFact>
}

type Refused = CannotSignUp | NeedsGuardian | MemberIncomplete | NotStudentAndParent

const isStudent = ({ roles }: Member) => roles.every((role) => role === "STUDENT")

/** Of whom only the birth date is not known, is the same: the office rarely enters a parent's. */
const sameBirth = (member: Member, birthDate: LocalDate) => member.birthDate === null || member.birthDate === birthDate

/** Whom the office means by it; `null`: nobody yet. */
const meant = ({ people }: Known, input: SignUp, phone: PhoneNumber): Result.Result<Member | null, CannotSignUp> => {
  const name = input.name.normalize("NFC")
  const ours = people.find((one) =>
    one.phone === phone && one.name === name && sameBirth(one, input.birthDate) && one.roles.includes(input.role)
  )
  if (ours !== undefined) {
    return ours.loginId === null && ours.status === "ACTIVE" ? Result.succeed(ours) : Result.fail(new CannotSignUp())
  }
  // A student may have a parent's number; nobody else has somebody else's.
  const taken = people.some((one) => one.phone === phone && !(input.role === "STUDENT" || isStudent(one)))
  const elsewhere = people.some((one) =>
    one.name === name && one.birthDate === input.birthDate && one.roles.includes(input.role)
  )
  return taken || elsewhere ? Result.fail(new CannotSignUp()) : Result.succeed(null)
}

const turns = (birthDate: LocalDate, age: number): string =>
  `${String(Number(birthDate.slice(0, 4)) + age).padStart(4, "0")}${birthDate.slice(4)}`

const isUnderAge = (birthDate: LocalDate, today: LocalDate) => today < turns(birthDate, ofAge)

const consent = (
  student: Member,
  { guardian }: SignUp,
  known: Known,
  { guardianPhone, ids, now }: Given
): Result.Result<Pick<SignedUp, "newGuardian" | "guardianship" | "events">, Refused> => {
  if (guardian === undefined || guardianPhone === null || student.academyId === null) {
    return Result.fail(new NeedsGuardian())
  }
  const { academyId, id: studentId } = student
  const adults = known.guardians.filter((one) => !isStudent(one))
  const there = adults.find(({ roles }) => roles.includes("PARENT"))
  // A teacher's or a manager's own child: the office makes them a parent first.
  if (there === undefined && adults.length > 0) return Result.fail(new CannotSignUp())
  const made = there === undefined
    ? create({ name: guardian.name, phone: guardianPhone, roles: ["PARENT"] }, ids.guardian, academyId)
    : Result.succeed(null)
  return Result.flatMap(made, (parent) =>
    Result.map(
      link(
        {
          id: ids.guardianship,
          academyId,
          studentId,
          parentId: there?.id ?? ids.guardian,
          relationship: guardian.relationship,
          primary: true
        },
        { student: student.roles, parent: there?.roles ?? ["PARENT"] },
        now
      ),
      ({ event, guardianship }) => ({
        newGuardian: parent?.member ?? null,
        guardianship,
        events: [...(parent === null ? [] : [parent.event]), event]
      })
    ))
}

export const signUp = (input: SignUp, known: Known, given: Given): Result.Result<SignedUp, Refused> =>
  Result.gen(function*() {
    const ours = yield* meant(known, input, given.phone)
    const { academyId, guardian: _, role, ...person } = input
    const { event, member } = ours === null
      ? yield* create({ ...person, phone: given.phone, roles: [role] }, given.ids.member, academyId, {
        pending: role === "TEACHER"
      })
      : yield* claim(ours, input)
    const child = role === "STUDENT" && isUnderAge(member.birthDate ?? input.birthDate, dateIn(known.zone, given.now))
    const { events, guardianship, newGuardian } = child && !known.consented.includes(member.id)
      ? yield* consent(member, input, known, given)
      : { events: [], guardianship: null, newGuardian: null }
    return { member, claimed: ours !== null, newGuardian, guardianship, events: [event, ...events] }
  })
