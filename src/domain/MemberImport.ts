/**
 * Members from a file: who is made, who is there already, which guardians are linked; or all that speaks against it.
 *
 * The decision is a generator: it pauses after each line, so that whoever runs it may do something else in between.
 */
import { type DateTime, Result } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { type Guardianship, link } from "./Guardianship.ts"
import { type AcademyId, GuardianshipId, MemberId } from "./Ids.ts"
import { agree, same } from "./Import.ts"
import { type ImportProblem, inOrder, plainly, problemAt, type Text } from "./ImportProblem.ts"
import type { LocalDate } from "./LocalTime.ts"
import { create, type Member, type MemberStatus } from "./Member.ts"
import { guardianFields, type MemberLine, type MemberSheet, type NamedGuardian } from "./MemberSheet.ts"
import type { Role } from "./Permission.ts"
import type { PhoneNumber } from "./PhoneNumber.ts"

/** Somebody at the academy who has a number or a name of the file. */
export interface PersonThere {
  readonly id: MemberId
  readonly name: string
  readonly phone: PhoneNumber | null
  readonly birthDate: LocalDate | null
  readonly status: MemberStatus
  readonly roles: ReadonlyArray<Role>
  /** Of a student. */
  readonly parents: ReadonlyArray<MemberId>
}

export interface MembersGiven {
  readonly academyId: AcademyId
  readonly people: ReadonlyArray<PersonThere>
  readonly now: DateTime.Utc
  /** As many fresh ids as `idsFor` says. */
  readonly ids: ReadonlyArray<string>
}

export interface MemberPlan {
  readonly members: ReadonlyArray<Member>
  readonly guardianships: ReadonlyArray<Guardianship>
  /** Of members, then of guardianships. */
  readonly events: ReadonlyArray<EventFact>
  readonly alreadyThere: ReadonlyArray<number>
}

/** Ids that a sheet may take: one for each line, two for each guardian. */
export const idsFor = ({ lines }: MemberSheet): number =>
  lines.reduce((sum, { guardians }) => sum + 1 + 2 * guardians.length, 0)

/** The numbers and the names by which people of the file are known. */
export const soughtBy = ({ lines }: MemberSheet) => ({
  phones: [...new Set(lines.flatMap(({ guardians, phone }) => [phone, ...guardians.map((one) => one.phone)]))].filter(
    (phone) => phone !== null
  ),
  names: [...new Set(lines.flatMap(({ name, role }) => (name === null || role !== "STUDENT" ? [] : [name])))]
})

/** Somebody of the academy, or of a line before. */
interface Someone extends PersonThere {
  readonly line: number | null
}

const isOnlyStudent = ({ roles }: PersonThere) => roles.every((role) => role === "STUDENT")

const roleNames: Readonly<Record<Role, string>> = {
  STUDENT: "학생",
  PARENT: "학부모",
  TEACHER: "강사",
  MANAGER: "매니저",
  ADMINISTRATOR: "관리자"
}

/** Who it is, for the office that knows its people. */
const named = ({ name, roles, status }: PersonThere): Text => {
  const left = status === "INACTIVE"
  return {
    ko: `${name} (${left ? "떠난 " : ""}${roles.map((role) => roleNames[role]).join(", ")})`,
    en: `${name} (${left ? "INACTIVE " : ""}${roles.join(", ")})`
  }
}

class Register {
  /** Who has a number of their own: all but students. */
  private readonly owners = new Map<PhoneNumber, Someone>()
  private readonly students = new Map<string, Array<Someone>>()

  add(one: Someone): void {
    if (!isOnlyStudent(one) && one.phone !== null) this.owners.set(one.phone, one)
    // Who has left and comes back is entered anew.
    if (one.roles.includes("STUDENT") && one.status !== "INACTIVE") {
      this.students.set(one.name, [...this.students.get(one.name) ?? [], one])
    }
  }

  owner(phone: PhoneNumber): Someone | undefined {
    return this.owners.get(phone)
  }

  /** The student whom a line is about; or, `differing`, who has the name and one of number and birth date. */
  student(name: string, phone: PhoneNumber | null, birthDate: LocalDate | null) {
    const known = (this.students.get(name) ?? []).filter((one) =>
      same(one.phone, phone) || same(one.birthDate, birthDate)
    )
    const its = known.find((one) => agree(one.phone, phone) && agree(one.birthDate, birthDate))
    return { its, differing: its === undefined ? known[0] : undefined }
  }
}

export function* planMembers(
  sheet: MemberSheet,
  { academyId, ids, now, people }: MembersGiven
): Generator<void, Result.Result<MemberPlan, ReadonlyArray<ImportProblem>>> {
  const register = new Register()
  for (const one of people) register.add({ ...one, line: null })
  const problems = [...sheet.problems]
  const members: Array<Member> = []
  const guardianships: Array<Guardianship> = []
  const events: Array<EventFact> = []
  const linked: Array<EventFact> = []
  const alreadyThere: Array<number> = []
  let taken = 0
  const nextId = () => ids[taken++] ?? ""
  const called = (field: string) => sheet.columns[field] ?? field

  const enter = (line: number, input: Parameters<typeof create>[0]): Someone | undefined => {
    const made = create(input, MemberId.make(nextId()), academyId)
    if (Result.isFailure(made)) {
      problems.push(problemAt(line, null, "REQUIRED", plainly(made.failure.message)))
      return undefined
    }
    const { event, member } = made.success
    members.push(member)
    events.push(event)
    const someone = { ...member, parents: [], line }
    register.add(someone)
    return someone
  }

  const memberOf = ({ birthDate, gender, line, name, phone, role, studentProfile, teacherProfile }: MemberLine) => {
    if (name === null || role === null || (role === "STUDENT" ? studentProfile === null : phone === null)) {
      return undefined
    }
    return enter(line, {
      name,
      roles: [role],
      ...(phone === null ? {} : { phone }),
      ...(birthDate === null ? {} : { birthDate }),
      ...(gender === null ? {} : { gender }),
      ...(studentProfile === null ? {} : { studentProfile }),
      ...(teacherProfile === null ? {} : { teacherProfile })
    })
  }

  /** A parent or a teacher: whoever has the number is the one, or somebody else. */
  const adult = (one: MemberLine) => {
    const { birthDate, line, name, phone, role } = one
    const owner = phone === null ? undefined : register.owner(phone)
    if (owner === undefined) return memberOf(one)
    const isSame = owner.name === name && agree(owner.birthDate, birthDate) && owner.status !== "INACTIVE" &&
      owner.roles.some((its) => its === role)
    if (owner.line === null && isSame) alreadyThere.push(line)
    else if (owner.line === null) problems.push(problemAt(line, called("phone"), "PHONE_TAKEN", named(owner)))
    else if (isSame) problems.push(problemAt(line, null, "SAME_AS_LINE", plainly(owner.line)))
    else problems.push(problemAt(line, called("phone"), "PHONE_OF_LINE", plainly(owner.line)))
    return undefined
  }

  const guardian = (line: number, { name, phone, place }: NamedGuardian): Someone | undefined => {
    const field = guardianFields[place]
    const owner = register.owner(phone)
    if (owner === undefined) {
      if (name !== null) return enter(line, { name, phone, roles: ["PARENT"] })
      const what = { ko: "처음 등록하는 보호자의 이름", en: "the name of a guardian who is new" }
      problems.push(problemAt(line, called(field.name), "REQUIRED", what))
    } else if (!owner.roles.includes("PARENT") || owner.status === "INACTIVE") {
      problems.push(problemAt(line, called(field.phone), "GUARDIAN_NOT_A_PARENT", named(owner)))
    } else if (!agree(owner.name, name)) {
      const where = owner.line === null ? owner.name : `${owner.name}, ${owner.line}`
      problems.push(problemAt(line, called(field.name), "GUARDIAN_DIFFERS", plainly(where)))
    } else return owner
    return undefined
  }

  const student = (one: MemberLine): Someone | undefined => {
    const { birthDate, line, name, phone } = one
    if (name === null) return undefined
    const { differing, its } = register.student(name, phone, birthDate)
    if (its === undefined && differing === undefined) return memberOf(one)
    if (its?.line === null) {
      alreadyThere.push(line)
      return its
    }
    if (its !== undefined) problems.push(problemAt(line, null, "SAME_AS_LINE", plainly(its.line)))
    else if (differing !== undefined) {
      const isNumber = !agree(differing.phone, phone)
      const value = isNumber ? differing.phone : differing.birthDate
      const where = `${differing.line === null ? "" : `${differing.line}: `}${value ?? ""}`
      problems.push(problemAt(line, called(isNumber ? "phone" : "birthDate"), "MEMBER_DIFFERS", plainly(where)))
    }
    return undefined
  }

  const linkTo = (child: Someone, parent: Someone, { relationship }: NamedGuardian, primary: boolean) => {
    const named = { studentId: child.id, parentId: parent.id, relationship, primary }
    const made = link({ ...named, id: GuardianshipId.make(nextId()), academyId }, {
      student: child.roles,
      parent: parent.roles
    }, now)
    if (Result.isFailure(made)) return
    guardianships.push(made.success.guardianship)
    linked.push(made.success.event)
  }

  const family = (one: MemberLine) => {
    const child = student(one)
    const parents = new Set(child?.parents)
    for (const [index, named] of one.guardians.entries()) {
      if (one.guardians.slice(0, index).some(({ phone }) => phone === named.phone)) {
        problems.push(problemAt(one.line, called(guardianFields[named.place].phone), "GUARDIAN_TWICE"))
        continue
      }
      const parent = guardian(one.line, named)
      if (child === undefined || parent === undefined || parents.has(parent.id)) continue
      linkTo(child, parent, named, parents.size === 0)
      parents.add(parent.id)
    }
  }

  // Parents with a line of their own are found by the students', wherever these stand.
  for (const one of sheet.lines) {
    if (one.role !== "STUDENT") {
      adult(one)
      yield
    }
  }
  for (const one of sheet.lines) {
    if (one.role === "STUDENT") {
      family(one)
      yield
    }
  }
  return problems.length > 0
    ? Result.fail(inOrder(problems))
    : Result.succeed({
      members,
      guardianships,
      events: [...events, ...linked],
      alreadyThere: alreadyThere.toSorted((a, b) => a - b)
    })
}
