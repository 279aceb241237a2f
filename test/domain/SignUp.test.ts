/** Given who is known at the academy, when somebody signs up, then who becomes what. */
import { describe, expect, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { GuardianshipId, MemberId } from "../../src/domain/Ids.ts"
import { create, LoginId, type Member } from "../../src/domain/Member.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { type Given, type Known, type SignUp, signUp } from "../../src/domain/SignUp.ts"
import { academyId, date, instant, uuid, zone } from "./given.ts"

const phone = PhoneNumber.make("+821012345678")
const another = PhoneNumber.make("+821087654321")
const studentProfile = { schoolName: "한빛초등학교", schoolType: "PRIMARY", grade: 5 } as const
const teacherProfile = { specialty: "수학", careerYears: 3 }
const ids = {
  member: MemberId.make(uuid(11)),
  guardian: MemberId.make(uuid(12)),
  guardianship: GuardianshipId.make(uuid(13))
}

const input = (changed: Partial<SignUp> = {}): SignUp => ({
  academyId,
  role: "PARENT",
  name: "김영희",
  birthDate: date("1985-03-02"),
  loginId: LoginId.make("younghee"),
  password: Redacted.make("a fine long one"),
  ...changed
})
const child = (changed: Partial<SignUp> = {}) =>
  input({ role: "STUDENT", name: "김민준", birthDate: date("2015-05-05"), studentProfile, ...changed })

let entered = 20
const known = (changed: Partial<Member> & Pick<Member, "roles">): Member => ({
  ...Result.getOrThrow(create(
    { name: "김영희", phone, roles: ["PARENT"] },
    MemberId.make(uuid(++entered)),
    academyId
  )).member,
  ...changed
})

const when = (
  signing: SignUp,
  { given = {}, people = [], ...rest }: Partial<Known> & { readonly given?: Partial<Given> } = {}
) =>
  signUp(
    signing,
    { zone: zone("Asia/Seoul"), people, guardians: [], consented: [], ...rest },
    { phone, guardianPhone: null, now: instant("2026-03-02T07:00:00Z"), ids, ...given }
  )
const done = (...given: Parameters<typeof when>) => Result.getOrThrow(when(...given))
const refusal = (...given: Parameters<typeof when>) => Result.getOrThrow(Result.flip(when(...given)))._tag

describe("whom nobody knows yet", () => {
  it("becomes a member at once", () => {
    const { claimed, events, member } = done(input())
    expect(claimed).toBe(false)
    expect(member).toMatchObject({ id: ids.member, phone, status: "ACTIVE", roles: ["PARENT"], loginId: "younghee" })
    expect(events.map(({ payload, type }) => [type, payload])).toEqual([["MemberCreated", { roles: ["PARENT"] }]])
  })

  it("waits for a manager as a teacher", () => {
    const { events, member } = done(input({ role: "TEACHER", teacherProfile }))
    expect(member.status).toBe("PENDING")
    expect(events[0]?.payload).toEqual({ roles: ["TEACHER"], pending: true })
  })

  it("says what the role needs", () => {
    expect(refusal(input({ role: "TEACHER" }))).toBe("MemberIncomplete")
  })
})

describe("whom the office has entered", () => {
  it("is claimed by number, name and birth date, and not doubled", () => {
    const ours = known({ roles: ["PARENT"], birthDate: date("1985-03-02") })
    const { claimed, events, member } = done(input(), { people: [ours] })
    expect(claimed).toBe(true)
    expect(member).toEqual({ ...ours, loginId: "younghee", version: 2 })
    expect(events.map(({ type }) => type)).toEqual(["MemberUpdated"])
  })

  it("is claimed as well when the office knows no birth date, which is known from then on", () => {
    const { member } = done(input(), { people: [known({ roles: ["PARENT"] })] })
    expect(member.birthDate).toBe("1985-03-02")
  })

  it.each<readonly [string, ReadonlyArray<Member>]>([
    ["the birth date is another", [known({ roles: ["PARENT"], birthDate: date("1985-03-03") })]],
    ["the name is another", [known({ roles: ["PARENT"], name: "김영미" })]],
    ["the number is another", [known({ roles: ["PARENT"], phone: another, birthDate: date("1985-03-02") })]],
    ["they log in already", [known({ roles: ["PARENT"], loginId: "taken" })]],
    ["they have left", [known({ roles: ["PARENT"], status: "INACTIVE" })]],
    ["the number is a teacher's", [known({ roles: ["TEACHER"], teacherProfile })]]
  ])("has to be asked about at the office when %s", (_, people) => {
    expect(refusal(input(), { people })).toBe("CannotSignUp")
  })

  it("may share a number with a child", () => {
    const student = known({ roles: ["STUDENT"], name: "김민준", birthDate: date("2010-05-05"), studentProfile })
    expect(done(input(), { people: [student] }).claimed).toBe(false)
  })

  it("is, of two children with a parent's number, the one of this name", () => {
    const [one, other] = [
      known({ roles: ["STUDENT"], name: "김민준", birthDate: date("2010-05-05"), studentProfile }),
      known({ roles: ["STUDENT"], name: "김서연", birthDate: date("2011-06-06"), studentProfile })
    ]
    const { member } = done(child({ name: "김서연", birthDate: date("2011-06-06") }), { people: [one, other] })
    expect(member.id).toBe(other.id)
  })
})

describe("a child under 14", () => {
  const guardian = { name: "이엄마", relationship: "MOTHER" } as const
  const withConsent = { given: { guardianPhone: another } }

  it("needs a guardian, whose phone is shown as well", () => {
    expect(refusal(child())).toBe("NeedsGuardian")
    expect(refusal(child({ guardian }))).toBe("NeedsGuardian")
  })

  it("makes the guardian a member, who consents", () => {
    const { events, guardianship, newGuardian } = done(child({ guardian }), withConsent)
    expect(newGuardian).toMatchObject({
      id: ids.guardian,
      name: "이엄마",
      phone: another,
      roles: ["PARENT"],
      loginId: null
    })
    expect(guardianship).toMatchObject({ studentId: ids.member, parentId: ids.guardian, relationship: "MOTHER" })
    expect(events.map(({ type }) => type)).toEqual(["MemberCreated", "MemberCreated", "GuardianLinked"])
  })

  it("has a parent whom the academy knows", () => {
    const parent = known({ roles: ["PARENT"], phone: another })
    const { guardianship, newGuardian } = done(child({ guardian }), { ...withConsent, guardians: [parent] })
    expect(newGuardian).toBeNull()
    expect(guardianship?.parentId).toBe(parent.id)
  })

  it("of a teacher is for the office", () => {
    const teacher = known({ roles: ["TEACHER"], phone: another, teacherProfile })
    expect(refusal(child({ guardian }), { ...withConsent, guardians: [teacher] })).toBe("CannotSignUp")
  })

  it("of whom a guardian has consented before needs nobody", () => {
    const ours = known({ roles: ["STUDENT"], name: "김민준", birthDate: date("2015-05-05"), studentProfile })
    expect(done(child(), { people: [ours], consented: [ours.id] }).guardianship).toBeNull()
  })

  it("is one until the birthday, by the academy's calendar", () => {
    const born = (text: string) => child({ birthDate: date(text) })
    // In Seoul the second of March has begun.
    const night = { given: { now: instant("2026-03-01T15:00:00Z") } }
    expect(Result.isSuccess(when(born("2012-03-02"), night))).toBe(true)
    expect(refusal(born("2012-03-03"), night)).toBe("NeedsGuardian")
  })
})
