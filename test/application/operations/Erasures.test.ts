/** Forgetting who has left, on real PostgreSQL: what is gone, what stays, and who is not forgotten. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { LeaveCommands } from "../../../src/application/commands/LeaveCommands.ts"
import { MemberCommands } from "../../../src/application/commands/MemberCommands.ts"
import { eraseMembers } from "../../../src/application/jobs/EraseMembers.ts"
import { Erasures } from "../../../src/application/operations/Erasures.ts"
import { CurrentOperator, Reason } from "../../../src/application/operations/Operator.ts"
import { addDays, LocalDate } from "../../../src/domain/LocalTime.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { core } from "../../support/app.ts"

const reason = Reason.make("asked for by the person")
const asOperator = (actor: Actor) =>
  Effect.provideServiceEffect(CurrentOperator, CurrentOperator.asMember.pipe(as(actor)))
const atTerminal = Effect.provideService(CurrentOperator, CurrentOperator.atTerminal)

/** Every row of every table, as text. */
const everything = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`
    select c.oid::regclass::text as name from pg_class c where c.relkind = 'r'
      and c.relnamespace in ('public'::regnamespace, 'read'::regnamespace)`
  const rows = yield* Effect.forEach(
    tables,
    ({ name }) => sql.unsafe<{ row: string }>(`select t::text as row from ${name} t`)
  )
  return rows.flat().map(({ row }) => row).join("\n")
})

layer(core(), { excludeTestServices: true })("who has left", (it) => {
  it.effect("is nobody in no table, and what was recorded stays", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const members = yield* MemberCommands
      const { erase } = yield* Erasures
      const given = yield* makeAcademy({ students: 1, logins: true })
      const [one] = given.students
      if (one === undefined) return yield* Effect.die("no student")
      const { memberId } = one.student
      yield* members.edit(memberId, {
        name: "유일한이름",
        birthDate: LocalDate.make("2011-11-11"),
        studentProfile: { schoolName: "유일한학교", schoolType: "PRIMARY", grade: 3 }
      }).pipe(as(given.admin))
      const leaves = yield* LeaveCommands
      const from = addDays(given.today, 1)
      yield* leaves.request({ studentId: memberId, from, until: from, reason: "유일한사유" }).pipe(as(one.parent))
      yield* sql`insert into push_target (id, academy_id, member_id, platform, token)
        values (uuidv7(), ${given.academy.id}, ${memberId}, 'IOS', 'a-token-of-a-phone')`
      yield* (yield* AttendanceCommands).confirm(given.session.id, [{ studentId: memberId }]).pipe(as(given.teacher))

      // Nobody is forgotten who is still there.
      const early = yield* Effect.flip(erase(memberId, reason).pipe(atTerminal))
      assert.strictEqual(early._tag, "MemberNot")
      yield* members.deactivate(memberId).pipe(as(given.admin))
      const erased = yield* erase(memberId, reason).pipe(atTerminal)
      assert.deepInclude(erased, { name: "(삭제됨)", birthDate: null, loginId: null })
      const said = yield* everything
      for (const text of ["유일한", "2011-11-11", "a-token-of-a-phone", `student-${given.tag}`]) {
        assert.notInclude(said, text)
      }
      const [row] = yield* sql`select status from attendance where student_id = ${memberId}`
      assert.deepStrictEqual(row, { status: "PRESENT" })
      const audit = yield* sql`select action, reason, channel from audit_entry
        where subject = ${`member/${memberId}`} and action = 'member.erase'`
      assert.deepStrictEqual([...audit], [{ action: "member.erase", reason, channel: "CLI" }])
      // Once is enough.
      assert.strictEqual((yield* Effect.flip(erase(memberId, reason).pipe(atTerminal)))._tag, "NotFound")
    }))

  it.effect("is forgotten by a manager at the own academy only", () =>
    Effect.gen(function*() {
      const members = yield* MemberCommands
      const { erase } = yield* Erasures
      const [here, there] = [yield* makeAcademy({ students: 1 }), yield* makeAcademy({ students: 1 })]
      const memberId = there.students[0]?.student.memberId ?? there.admin.memberId
      yield* members.deactivate(memberId).pipe(as(there.admin))
      assert.strictEqual((yield* Effect.flip(erase(memberId, reason).pipe(asOperator(here.manager))))._tag, "NotFound")
      assert.strictEqual(
        (yield* Effect.flip(erase(memberId, reason).pipe(asOperator(there.teacher))))._tag,
        "NotAllowed"
      )
      yield* erase(memberId, reason).pipe(asOperator(there.manager))
    }))

  it.effect("is forgotten by the clock so long after that, and not before", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const members = yield* MemberCommands
      const given = yield* makeAcademy({ students: 2 })
      const [long, short] = given.students.map(({ student }) => student.memberId)
      if (long === undefined || short === undefined) return yield* Effect.die("no students")
      for (const id of [long, short]) yield* members.deactivate(id).pipe(as(given.admin))
      const ago = DateTime.toDateUtc(DateTime.subtract(yield* DateTime.now, { days: 31 }))
      yield* sql`update member set updated_at = ${ago} where id = ${long}`
      const { run } = yield* eraseMembers(Duration.days(30))
      yield* run
      yield* run
      const decode = Schema.decodeUnknownSync(
        Schema.Array(Schema.Struct({ id: Schema.String, erased: Schema.Boolean }))
      )
      const rows = decode(
        yield* sql`select id, erased_at is not null as erased from member where id in (${long}, ${short})`
      )
      assert.deepStrictEqual(
        new Map(rows.map(({ erased, id }) => [id, erased])),
        new Map([[long, true], [short, false]])
      )
    }))
})
