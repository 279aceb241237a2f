import { describe, expect, layer } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { ImportCommands } from "../../../src/application/commands/ImportCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { GuardianshipId, MemberId } from "../../../src/domain/Ids.ts"
import type { ImportKind, ImportProgress } from "../../../src/domain/Import.ts"
import { LocalDate } from "../../../src/domain/LocalTime.ts"
import { LoginId } from "../../../src/domain/Member.ts"
import { PhoneNumber } from "../../../src/domain/PhoneNumber.ts"
import { signUp } from "../../../src/domain/SignUp.ts"
import { MemberRepository } from "../../../src/ports/MemberRepository.ts"
import { UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import { briefly } from "../../domain/imports.ts"
import { as, makeAcademy, password, person } from "../../support/academy.ts"
import { core } from "../../support/app.ts"
import { headings, importing, open, pupils, stored } from "./imports.ts"

/** The example of the document. */
const example = (kind: ImportKind) => {
  const document = readFileSync(new URL("../../../docs/import.md", import.meta.url), "utf8")
  const [, text = ""] = new RegExp(`^\`\`\`csv ${kind}\\n([^\`]*)\`\`\`$`, "m").exec(document) ?? []
  return text
}

const eventsSince = (after: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ type: string; n: number }>`
    select type, count(*)::int as n from event where id > ${after} group by 1 order by 1`)
const lastEvent = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => Effect.map(sql<{ id: string }>`select id from event order by id desc limit 1`, ([row]) => row?.id ?? "")
)

layer(core({ role: "api" }), { excludeTestServices: true })("an import", (it) => {
  it.effect("of the document's own examples makes its members and their guardians, then enrols them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { academy, manager } = yield* makeAcademy({ students: 0 })
      const before = yield* lastEvent
      expect(yield* importing("members", example("members"), manager)).toEqual({
        kind: "members",
        dryRun: false,
        lines: 5,
        members: 7,
        guardianships: 4,
        enrollments: 0,
        alreadyThere: []
      })
      expect(yield* eventsSince(before)).toEqual([{ type: "GuardianLinked", n: 4 }, { type: "MemberCreated", n: 7 }])
      const rows = yield* sql`
        select m.name, m.phone, m.phone_shared as shared, to_char(m.birth_date, 'YYYY-MM-DD') as birth, m.gender, m.status,
          m.login_id as login, array(select role from member_role where member_id = m.id) as roles,
          (select school_name || ' ' || school_type || ' ' || grade from student_profile where member_id = m.id) as school,
          (select specialty || ' ' || career_years || ' ' || approval from teacher_profile where member_id = m.id) as teaches,
          array(select p.name || ' ' || g.relationship || ' ' || g.is_primary from guardianship g
            join member p on p.id = g.parent_id where g.student_id = m.id order by g.is_primary desc) as parents
        from member m where m.academy_id = ${academy.id} and m.id > ${manager.memberId}
          and not exists (select from member_role where member_id = m.id and role = 'TEACHER' and m.name like 'teacher%')
        order by m.name`
      const one = { birth: null, gender: null, login: null, parents: [], school: null, status: "ACTIVE", teaches: null }
      expect(rows).toEqual([
        { ...one, name: "김도현", phone: "+821023456780", shared: false, roles: ["PARENT"] },
        {
          ...one,
          name: "김민준",
          phone: null,
          shared: true,
          birth: "2014-05-11",
          gender: "MALE",
          roles: ["STUDENT"],
          school: "한빛초 PRIMARY 6",
          parents: ["박지영 MOTHER true", "김도현 FATHER false"]
        },
        {
          ...one,
          name: "김서연",
          phone: null,
          shared: true,
          birth: "2016-09-03",
          gender: "FEMALE",
          roles: ["STUDENT"],
          school: "한빛초 PRIMARY 4",
          parents: ["박지영 MOTHER true"]
        },
        {
          ...one,
          name: "박지영",
          phone: "+821023456789",
          shared: false,
          birth: "1983-02-14",
          gender: "FEMALE",
          roles: ["PARENT"]
        },
        {
          ...one,
          name: "이정훈",
          phone: "+821034567891",
          shared: false,
          roles: ["PARENT"]
        },
        {
          ...one,
          name: "이하은",
          phone: "+821034567890",
          shared: true,
          birth: "2011-12-01",
          gender: "FEMALE",
          roles: ["STUDENT"],
          school: "새봄중 MIDDLE 3",
          parents: ["이정훈 FATHER true"]
        },
        {
          ...one,
          name: "최강사",
          phone: "+821045678901",
          shared: false,
          roles: ["TEACHER"],
          teaches: "수학 7 APPROVED"
        }
      ])
      expect(
        yield* sql`select actor_id, channel, action, subject, detail from audit_entry where action = 'member.import'`
      )
        .toEqual([{
          actor_id: manager.memberId,
          channel: "API",
          action: "member.import",
          subject: `academy/${academy.id}`,
          detail: "5 lines, 7 members, 4 guardianships, 0 enrollments, 0 already there"
        }])

      yield* open("초등 수학 A", "MON", manager)
      yield* open("중등 영어", "TUE", manager)
      const behind = yield* lastEvent
      expect(yield* importing("enrollments", example("enrollments"), manager)).toMatchObject({
        lines: 3,
        enrollments: 3
      })
      expect(yield* eventsSince(behind)).toEqual([{ type: "StudentEnrolled", n: 3 }])
      expect(
        yield* sql`
        select c.name as class, m.name, to_char(e.from_date, 'YYYY-MM-DD') as from, to_char(e.until_date, 'YYYY-MM-DD') as until,
          e.status
        from enrollment e join class c on c.id = e.class_id join member m on m.id = e.student_id
        where e.academy_id = ${academy.id} order by m.name`
      ).toMatchObject([
        { class: "초등 수학 A", name: "김민준", from: "2026-03-02", until: null, status: "ACTIVE" },
        { class: "초등 수학 A", name: "김서연", from: "2026-03-02", until: "2026-12-31" },
        { class: "중등 영어", name: "이하은", from: "2026-03-02" }
      ])
    }))

  it.effect("that comes again makes nothing, and one that has grown makes what is new", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      const lines = pupils(3)
      yield* importing("members", [headings, ...lines].join("\n"), manager)
      const again = yield* importing("members", [headings, ...lines].join("\n"), manager)
      expect(again).toMatchObject({ members: 0, guardianships: 0, alreadyThere: [2, 3, 4] })
      const grown = [headings, ...lines, "막내,2019-01-01,한빛초,초1,보호자0,010-4000-0000"].join("\n")
      expect(yield* importing("members", grown, manager)).toMatchObject({ members: 1, guardianships: 1 })

      yield* open("수학", "MON", manager)
      const seats = (...names: ReadonlyArray<string>) =>
        ["학생,생년월일,반", ...names.map((name) => `${name},2015-03-02,수학`)].join("\n")
      expect(yield* importing("enrollments", seats("학생0", "학생1"), manager)).toMatchObject({ enrollments: 2 })
      expect(yield* importing("enrollments", seats("학생0", "학생1", "학생2"), manager)).toMatchObject({
        enrollments: 1,
        alreadyThere: [2, 3]
      })
    }))

  it.effect("is refused with every problem of every line, the very same when it is only tried, and changes nothing", () =>
    Effect.gen(function*() {
      const members = yield* MemberCommands
      const { manager } = yield* makeAcademy({ students: 0 })
      const taken = { ...person("TEACHER"), name: "최강사", phone: PhoneNumber.make("+821040000002") }
      yield* members.create(taken).pipe(as(manager))
      const files = [
        ["members", [
          headings,
          ...pupils(2),
          "학생0,2015-03-02,한빛초,초3,,",
          "가,2015-02-30,한빛초,9,,",
          "나,2015-03-02,한빛초,초3,최강사,010-4000-0002"
        ], ["4 - SAME_AS_LINE", "5 생년월일 INVALID", "5 학년 INVALID", "6 보호자 전화번호 GUARDIAN_NOT_A_PARENT"]],
        ["enrollments", ["학생,생년월일,반", "누구,2015-03-02,미술", ",,"], [
          "2 학생 STUDENT_NOT_FOUND",
          "2 반 CLASS_NOT_FOUND"
        ]],
        ["members", ["전화번호", "010-1234-5678"], ["1 - MISSING_COLUMN"]]
      ] as const
      for (const [kind, lines, expected] of files) {
        const before = yield* stored
        const tried = yield* Effect.flip(importing(kind, lines.join("\n"), manager, { dryRun: true }))
        const done = yield* Effect.flip(importing(kind, lines.join("\n"), manager))
        if (tried._tag !== "ImportRefused" || done._tag !== "ImportRefused") {
          return yield* Effect.die("both are refused")
        }
        expect(briefly(done.problems)).toEqual(expected)
        expect(tried.problems).toEqual(done.problems)
        expect(yield* stored).toBe(before)
      }
    }))

  it.effect("that is only tried says what would be made, and writes nothing", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      const text = [headings, ...pupils(3)].join("\n")
      const before = yield* stored
      const tried = yield* importing("members", text, manager, { dryRun: true })
      expect(tried).toMatchObject({ dryRun: true, members: 6, guardianships: 3 })
      expect(yield* stored).toBe(before)
      expect(yield* importing("members", text, manager)).toEqual({ ...tried, dryRun: false })
    }))

  it.effect("makes people who claim what the office entered, when they sign up with their number and name", () =>
    Effect.gen(function*() {
      const members = yield* MemberRepository
      const unitOfWork = yield* UnitOfWork
      const { academy, manager } = yield* makeAcademy({ students: 0 })
      yield* importing("members", [headings, ...pupils(1)].join("\n"), manager)
      const phone = PhoneNumber.make("+821040000000")
      const birthDate = LocalDate.make("1983-02-14")
      const person = { phone, guardianPhone: null, name: "보호자0", birthDate }
      const known = yield* unitOfWork.run({ academyId: academy.id, actor: null }, members.known(academy.id, person))
      const signedUp = signUp(
        {
          academyId: academy.id,
          role: "PARENT",
          name: "보호자0",
          birthDate,
          loginId: LoginId.make("guardian"),
          password: Redacted.make(password)
        },
        yield* Effect.fromOption(known),
        {
          phone,
          guardianPhone: null,
          now: yield* DateTime.now,
          ids: {
            member: MemberId.make(randomUUID()),
            guardian: MemberId.make(randomUUID()),
            guardianship: GuardianshipId.make(randomUUID())
          }
        }
      )
      expect(signedUp).toMatchObject({ success: { claimed: true, member: { loginId: "guardian", birthDate } } })
    }))

  it.effect("tells how far it is: reading, checking line by line, writing record by record", () =>
    Effect.gen(function*() {
      const { manager } = yield* makeAcademy({ students: 0 })
      const heard: Array<ImportProgress> = []
      const text = [headings, ...pupils(600)].join("\n")
      yield* importing("members", text, manager, { watching: (one) => Effect.sync(() => void heard.push(one)) })
      const of = (stage: string) => heard.filter((one) => one.stage === stage).map(({ done, total }) => [done, total])
      expect(of("reading")).toEqual([[0, 1], [1, 1]])
      expect(of("checking").length).toBeGreaterThan(20)
      expect(of("checking").at(0)).toEqual([0, 600])
      expect(of("checking").at(-1)).toEqual([600, 600])
      expect(of("writing")).toEqual([[500, 1800], [1000, 1800], [1200, 1800], [1700, 1800], [1800, 1800]])
      expect(heard.map(({ stage }) => stage)).toEqual(
        heard.map(({ stage }) => stage).toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
      )
    }))

  describe("is for", () => {
    it.effect("managers and administrators who have named an academy", () =>
      Effect.gen(function*() {
        const { admin, manager, students, teacher } = yield* makeAcademy({ students: 1 })
        const commands = yield* ImportCommands
        for (const kind of ["members", "enrollments"] as const) {
          for (const actor of [teacher, ...students.flatMap(({ parent, student }) => [parent, student])]) {
            expect(yield* Effect.flip(commands.asMember(kind).pipe(as(actor)))).toMatchObject({ _tag: "NotAllowed" })
          }
          expect(yield* Effect.flip(commands.asMember(kind).pipe(as({ ...admin, academyId: null })))).toMatchObject({
            _tag: "AcademyNotNamed"
          })
          for (const actor of [manager, admin]) yield* commands.asMember(kind).pipe(as(actor))
        }
      }))
  })
})

const order = ["reading", "checking", "writing"]
