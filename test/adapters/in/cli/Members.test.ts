/** `ams members erase` and `ams audit`, as an operator uses them. */
import { assert, expect, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { MemberCommands } from "../../../../src/application/commands/MemberCommands.ts"
import { as, makeAcademy } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { Ams, complaints } from "./support.ts"

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams members erase, ams audit", (it) => {
  it.effect("forgets who has left, says why not, and shows who did what", () =>
    Effect.gen(function*() {
      const { run, sql, url } = yield* Ams
      const { academy, goes, manager, stays } = yield* Effect.gen(function*() {
        const members = yield* MemberCommands
        const given = yield* makeAcademy({ students: 2 })
        const [stays, goes] = given.students.map(({ student }) => student.memberId)
        if (stays === undefined || goes === undefined) return yield* Effect.die("two students")
        yield* members.edit(goes, { name: "이름" }).pipe(as(given.manager))
        yield* members.deactivate(goes).pipe(as(given.manager))
        return { ...given, stays, goes }
      }).pipe(Effect.provide(coreOn(Redacted.make(url), { role: "api" })))

      const [early, nobody, mute] = yield* Effect.all([
        run(`members erase ${stays} --reason why`),
        run(`members erase ${academy.id} --reason why`),
        run(`members erase ${goes}`)
      ], { concurrency: 2 })
      assert.deepStrictEqual([early.code, complaints(early)], [
        1,
        ["the member is ACTIVE: only who has left (INACTIVE) is forgotten"]
      ])
      assert.deepStrictEqual([nobody.code, complaints(nobody)], [1, [`there is no member ${academy.id}`]])
      assert.strictEqual(mute.code, 2)
      const done = yield* run(`members erase ${goes} --json --reason`, "asked for")
      assert.deepStrictEqual([done.code, done.stderr], [0, ""])
      expect(done.json()).toMatchObject({ id: goes, name: "(삭제됨)" })
      assert.deepStrictEqual(yield* sql("select name from member where id = $1", [goes]), [["(삭제됨)"]])

      const [table, json, one, wrong] = yield* Effect.all([
        run(`audit --subject member/${goes}`),
        run(`audit --subject member/${goes} --json`),
        run(`audit --academy ${academy.id} --actor ${manager.memberId} --action member.edit --json`),
        run("audit --from yesterday")
      ], { concurrency: 2 })
      assert.deepStrictEqual([table.code, table.stderr], [0, ""])
      assert.match(table.stdout, /\(terminal\) +member\.erase +member\/.* asked for/)
      expect(json.json()).toMatchObject([
        { action: "member.erase", actorId: null, channel: "CLI", reason: "asked for", academyId: academy.id },
        { action: "member.deactivate", actorId: manager.memberId, channel: "API" },
        { action: "member.edit", detail: "name" },
        { action: "member.create", detail: "STUDENT" }
      ])
      expect(one.json()).toMatchObject([{ subject: `member/${goes}` }])
      assert.strictEqual(wrong.code, 2)
    }))
})
