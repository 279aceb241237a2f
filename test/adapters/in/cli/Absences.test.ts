import { assert, expect, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { background } from "../../../../src/App.ts"
import { AttendanceCommands } from "../../../../src/application/commands/AttendanceCommands.ts"
import { detectMissing } from "../../../../src/application/jobs/DetectMissing.ts"
import { as, makeAcademy } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { Ams, complaints } from "./support.ts"

/** An academy where one of three came, one pressed the button, and one is missing. */
const planted = Effect.gen(function*() {
  const given = yield* makeAcademy({ students: 3, startsIn: -12, missingAfter: 10 })
  const [came, pressed, missing] = given.students
  if (came === undefined || pressed === undefined || missing === undefined) return yield* Effect.die("three students")
  const commands = yield* AttendanceCommands
  yield* commands.confirm(given.session.id, [{ studentId: came.student.memberId }]).pipe(as(given.teacher))
  yield* commands.request(given.session.id).pipe(as(pressed.student))
  yield* Effect.flatMap(detectMissing, (job) => job.run).pipe(Effect.provide(background))
  return { ...given, pressed, missing }
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams absences", (it) => {
  it.effect("shows each decision with its reason, for people and for programs, and only what was asked for", () =>
    Effect.gen(function*() {
      const { run, url } = yield* Ams
      const { academy, missing, pressed, session } = yield* planted.pipe(
        Effect.provide(coreOn(Redacted.make(url), { role: "api" }))
      )
      const [table, json, alerted, elsewhere, wrong] = yield* Effect.all([
        run(`absences --session ${session.id}`),
        run(`absences --academy ${academy.id} --date ${session.plannedOn} --json`),
        run("absences --state ALERTED --json"),
        run("absences --date 2020-01-01"),
        run("absences --date today")
      ], { concurrency: 2 })
      assert.deepStrictEqual([table.code, table.stderr], [0, ""])
      assert.match(table.stdout, new RegExp(`${missing.name} +ALERTED +NOT_THERE`))
      assert.match(table.stdout, new RegExp(`${pressed.name} +HELD +REQUEST_WAITS`))
      expect(json.json()).toEqual(expect.arrayContaining([
        expect.objectContaining({ studentName: missing.name, state: "ALERTED", sessionId: session.id }),
        expect.objectContaining({ studentName: pressed.name, state: "HELD" })
      ]))
      expect(alerted.json()).toMatchObject([{ studentName: missing.name }])
      assert.strictEqual(elsewhere.stdout, "There are none.\n")
      assert.strictEqual(wrong.code, 2)
      assert.match(complaints(wrong).join("\n"), /date/)
    }))
})
