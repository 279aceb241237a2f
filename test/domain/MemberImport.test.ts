import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import { MemberId } from "../../src/domain/Ids.ts"
import { idsFor, type PersonThere, planMembers, soughtBy } from "../../src/domain/MemberImport.ts"
import { readMembers } from "../../src/domain/MemberSheet.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { academyId, date, instant, uuid } from "./given.ts"
import { decide, ids, refusedBy, table } from "./imports.ts"

const now = instant("2026-03-02T07:00:00Z")
const headings =
  "역할,이름,전화번호,생년월일,학교,학년,보호자 이름,보호자 전화번호,관계,보호자2 이름,보호자2 전화번호,과목"

const student = (name: string, phone = "", birth = "2015-03-02", guardians = ",,,,") =>
  `학생,${name},${phone},${birth},한빛초,초3,${guardians},`
const parent = (name: string, phone: string, birth = "") => `학부모,${name},${phone},${birth},,,,,,,,`
const teacher = (name: string, phone: string) => `강사,${name},${phone},,,,,,,,,수학`

const there = (n: number, given: Partial<PersonThere>): PersonThere => ({
  id: MemberId.make(uuid(n)),
  name: "김민준",
  phone: null,
  birthDate: date("2015-03-02"),
  status: "ACTIVE",
  roles: ["STUDENT"],
  parents: [],
  ...given
})
const adult = (n: number, role: "PARENT" | "TEACHER" | "MANAGER", name: string, given: Partial<PersonThere> = {}) =>
  there(n, { name, roles: [role], phone: PhoneNumber.make("+821023456789"), birthDate: null, ...given })

const planned = (people: ReadonlyArray<PersonThere>, ...lines: ReadonlyArray<string>) =>
  decide(planMembers(readMembers(table(headings, ...lines)), { academyId, people, now, ids }))
const made = (people: ReadonlyArray<PersonThere>, ...lines: ReadonlyArray<string>) =>
  Result.getOrThrow(planned(people, ...lines))
const problems = (people: ReadonlyArray<PersonThere>, ...lines: ReadonlyArray<string>) =>
  refusedBy(planned(people, ...lines))

const mother = "박지영,010-2345-6789,모,,"

describe("members of a file", () => {
  it("are made with their events: members first, then the guardians' links", () => {
    const { alreadyThere, events, guardianships, members } = made(
      [],
      student("김민준", "", "2015-03-02", mother),
      teacher("최강사", "010-4567-8901")
    )
    expect(members.map(({ name, roles, status }) => [name, ...roles, status])).toEqual([
      ["최강사", "TEACHER", "ACTIVE"],
      ["김민준", "STUDENT", "ACTIVE"],
      ["박지영", "PARENT", "ACTIVE"]
    ])
    expect(members.every(({ loginId }) => loginId === null)).toBe(true)
    expect(new Set(members.map(({ id }) => id)).size).toBe(3)
    expect(guardianships).toMatchObject([
      { studentId: members[1]?.id, parentId: members[2]?.id, relationship: "MOTHER", primary: true, mayBeTold: true }
    ])
    expect(events.map(({ type }) => type)).toEqual([
      "MemberCreated",
      "MemberCreated",
      "MemberCreated",
      "GuardianLinked"
    ])
    expect(alreadyThere).toEqual([])
  })

  it("share a guardian, who may have a line of their own anywhere; the first of a child is the first to be asked", () => {
    const { guardianships, members } = made(
      [],
      student("김민준", "", "2015-03-02", "박지영,010-2345-6789,모,김도현,010-2345-6780"),
      student("김서연", "", "2017-03-02", ",010-2345-6789,모,,"),
      parent("박지영", "010-2345-6789", "1983-02-14")
    )
    expect(members.map(({ name }) => name)).toEqual(["박지영", "김민준", "김도현", "김서연"])
    expect(members[0]).toMatchObject({ birthDate: "1983-02-14" })
    expect(guardianships.map(({ parentId, primary, relationship }) => [parentId, primary, relationship])).toEqual([
      [members[0]?.id, true, "MOTHER"],
      [members[2]?.id, false, "GUARDIAN"],
      [members[0]?.id, true, "MOTHER"]
    ])
  })

  it("who are there already are skipped, by number or birth date and name; their guardians are linked all the same", () => {
    const people = [
      there(1, { phone: PhoneNumber.make("+821011112222") }),
      there(2, { name: "김서연", parents: [MemberId.make(uuid(3))] }),
      adult(3, "PARENT", "박지영")
    ]
    const { alreadyThere, guardianships, members } = made(
      people,
      student("김민준", "", "2015-03-02", mother),
      student("김민준", "010-1111-2222", ""),
      student("김서연", "010-9999-0000", "2015-03-02", mother),
      parent("박지영", "010-2345-6789", "1983-02-14")
    )
    expect(alreadyThere).toEqual([2, 3, 4, 5])
    expect(members).toEqual([])
    expect(guardianships).toMatchObject([{ studentId: uuid(1), parentId: uuid(3), primary: true }])
  })

  it("who left and come back are entered anew, but for numbers that are somebody's own", () => {
    const left = { status: "INACTIVE" } as const
    expect(made([there(1, left)], student("김민준")).members).toHaveLength(1)
    expect(problems([adult(1, "PARENT", "박지영", left)], parent("박지영", "010-2345-6789"))).toEqual([
      "2 전화번호 PHONE_TAKEN"
    ])
    expect(problems([adult(1, "PARENT", "박지영", left)], student("김민준", "", "2015-03-02", mother))).toEqual([
      "2 보호자 전화번호 GUARDIAN_NOT_A_PARENT"
    ])
  })

  it("of one name are two when neither number nor birth date is the same", () => {
    const { members } = made(
      [there(1, {})],
      student("김민준", "", "2016-01-01"),
      student("김민준", "010-1111-2222", "2014-01-01")
    )
    expect(members).toHaveLength(2)
  })

  it("are looked for by their names, and by all numbers of the file", () => {
    const sheet = readMembers(
      table(headings, student("김민준", "", "2015-03-02", mother), teacher("최강사", "010-4567-8901"))
    )
    expect(soughtBy(sheet)).toEqual({ names: ["김민준"], phones: ["+821023456789", "+821045678901"] })
    expect(idsFor(sheet)).toBe(4)
  })

  it("are all refused with every problem of every line, when there is one", () => {
    const people = [
      adult(1, "TEACHER", "최강사", { phone: PhoneNumber.make("+821045678901") }),
      adult(2, "PARENT", "박지영"),
      there(3, { name: "이하은", phone: PhoneNumber.make("+821033334444") })
    ]
    const result = planned(
      people,
      student("가"), // 2: good
      student("가"), // 3
      student("이하은", "010-3333-5555"), // 4
      student("이하은", "010-3333-4444", "2011-01-01"), // 5
      student("나", "", "2015-03-02", "박지연,010-2345-6789,모,,"), // 6
      student("다", "", "2015-03-02", "최강사,010-4567-8901,부,,"), // 7
      student("라", "", "2015-03-02", ",010-7777-0000,부,,"), // 8
      student("마", "", "2015-03-02", "바,010-7777-0001,부,바,010-7777-0001"), // 9
      parent("누구", "010-4567-8901"), // 10
      parent("사", "010-7777-0002"), // 11: good
      parent("사", "010-7777-0002"), // 12
      teacher("아", "010-7777-0002"), // 13
      student("자", "", "2015-13-40", "차,010-7777-0002,부,,") // 14
    )
    expect(refusedBy(result)).toEqual([
      "3 - SAME_AS_LINE",
      "4 전화번호 MEMBER_DIFFERS",
      "5 생년월일 MEMBER_DIFFERS",
      "6 보호자 이름 GUARDIAN_DIFFERS",
      "7 보호자 전화번호 GUARDIAN_NOT_A_PARENT",
      "8 보호자 이름 REQUIRED",
      "9 보호자2 전화번호 GUARDIAN_TWICE",
      "10 전화번호 PHONE_TAKEN",
      "12 - SAME_AS_LINE",
      "13 전화번호 PHONE_OF_LINE",
      "14 생년월일 INVALID",
      "14 보호자 이름 GUARDIAN_DIFFERS"
    ])
    const told = Result.isFailure(result) ? result.failure.map(({ en, ko }) => `${ko} ${en}`).join("\n") : ""
    for (
      const word of ["2번째 줄", "+821033334444", "2015-03-02", "박지영", "최강사 (TEACHER)", "최강사 (강사)", "사, 11"]
    ) {
      expect(told).toContain(word)
    }
  })
})
