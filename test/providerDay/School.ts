/** An academy whose guardians are told in every way that there is, made by the use cases before AMS runs. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { national } from "../../src/adapters/out/notification/solapi/Numbers.ts"
import { MemberCommands } from "../../src/application/commands/MemberCommands.ts"
import type { MemberId } from "../../src/domain/Ids.ts"
import { PhoneNumber } from "../../src/domain/PhoneNumber.ts"
import { chance } from "../chaos/Chance.ts"
import { as, makeAcademy, person } from "../support/academy.ts"
import type { ReceiptWay, Rule } from "../support/providers/script.ts"

/** `gone`: there is no such number. `noTalk`: no KakaoTalk, a text message does. `optedOut`: told the provider. */
const traits = ["plain", "push", "pushes", "sms", "noTalk", "gone", "optedOut", "muted"] as const
export type Trait = typeof traits[number]

export interface Guardian {
  readonly id: MemberId
  readonly trait: Trait
  /** As SOLAPI writes it. */
  readonly number: string
  readonly tokens: ReadonlyArray<string>
}
export interface Student {
  readonly id: MemberId
  readonly name: string
  readonly guardians: ReadonlyArray<Guardian>
}

/** Parts of a hundred, beside the plain ones; of the last two, one each. */
const odds: ReadonlyArray<readonly [Trait, number]> = [["push", 16], ["pushes", 8], ["sms", 12], ["noTalk", 10], [
  "gone",
  5
]]

/** The code that a phone of this kind has in the end, for a message of this type. */
export const carrierCode = (trait: Trait, type: string): string => {
  if (trait === "gone") return "3010"
  if (trait === "optedOut") return "3047"
  return trait === "noTalk" && type === "ATA" ? "3104" : "4000"
}

/** In every disorder, and of some phones never. */
const ways: readonly [ReceiptWay, ...ReadonlyArray<ReceiptWay>] = [
  { delayMs: 20 },
  { delayMs: 400 },
  { delayMs: 1_500 },
  { copies: 2 },
  { copies: 2, delayMs: 800 },
  { outOfOrder: true },
  { early: true },
  { never: true },
  { never: true, delayMs: 300 }
]

/** So many students, each with a mother of its own and a father, whom every third has together with the one before. */
export const makeSchool = Effect.fnUntraced(function*({ seed, students }: {
  readonly seed: number
  readonly students: number
}) {
  const by = chance(seed, "school")
  const members = yield* MemberCommands
  const sql = yield* SqlClient.SqlClient
  const given = yield* makeAcademy({ students })
  const academyId = given.academy.id

  const traitOf = (nth: number): Trait => {
    if (nth === 3) return "optedOut"
    if (nth === 4) return "muted"
    let at = by.below(100)
    for (const [trait, part] of odds) {
      at -= part
      if (at < 0) return trait
    }
    return "plain"
  }
  let nth = 0
  /** What is known of a guardian besides the number. */
  const made = Effect.fnUntraced(function*(id: MemberId) {
    const trait = traitOf(nth++)
    const [row] = yield* sql<{ phone: string }>`select phone from member where id = ${id}`
    const tokens = trait === "push" ? [`${id}-1`] : trait === "pushes" ? [`${id}-1`, `${id}-2`] : []
    yield* Effect.forEach(tokens, (token) =>
      sql`insert into push_target (id, academy_id, member_id, platform, token)
        values (uuidv7(), ${academyId}, ${id}, 'ANDROID', ${token})`)
    if (trait === "sms" || trait === "muted") {
      yield* sql`insert into notification_preference (member_id, channels, muted, version)
        values (${id}, ${trait === "sms" ? ["SMS"] : []}::text[], ${
        trait === "muted" ? ["CHECK_IN", "LATE"] : []
      }::text[], 1)`
    }
    return { id, trait, number: national(PhoneNumber.make(row?.phone ?? "")) ?? "", tokens } satisfies Guardian
  })

  const all: Array<Student> = []
  for (const [index, { name, parent, student }] of given.students.entries()) {
    const before = all.at(-1)?.guardians[1]
    const mother = yield* made(parent.memberId)
    const father = index % 3 === 1 && before !== undefined
      ? before
      : yield* Effect.flatMap(members.create(person("PARENT")).pipe(as(given.admin)), ({ id }) => made(id))
    yield* members.linkGuardian(student.memberId, { parentId: father.id, relationship: "FATHER" }).pipe(as(given.admin))
    all.push({ id: student.memberId, name, guardians: [mother, father] })
  }
  const guardians = new Map(all.flatMap((student) => student.guardians.map((one) => [one.id, one] as const)))
  const rules: ReadonlyArray<Rule> = [...guardians.values()].flatMap(({ number, trait }): ReadonlyArray<Rule> => [
    ...(trait === "noTalk" ? [{ to: number, type: "ATA", carrier: "3104" }] : []),
    ...(trait === "gone" || trait === "optedOut" ? [{ to: number, carrier: carrierCode(trait, "SMS") }] : []),
    { to: number, receipts: by.pick(ways) }
  ])
  return { academyId, teacher: given.teacher.memberId, session: given.session.id, students: all, guardians, rules }
})
export type School = Effect.Success<ReturnType<typeof makeSchool>>
