/** `ams import`, as an operator uses it. */
import { assert, expect, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import iconv from "iconv-lite"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { limits } from "../../../../src/domain/Import.ts"
import { makeAcademy } from "../../../support/academy.ts"
import { coreOn } from "../../../support/app.ts"
import { Ams, complaints } from "./support.ts"

/** Files in a folder that goes with the test. */
const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "ams-import-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const headings = "이름,생년월일,학교,학년,보호자 이름,보호자 전화번호"
const pupil = (n: number) => `학생${n},2015-03-02,한빛초,초3,보호자${n},010-4000-${String(n).padStart(4, "0")}`

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams import", (it) => {
  it.effect("tries a file, lists what is wrong with it, imports it with progress on stderr, and again", () =>
    Effect.gen(function*() {
      const { run, sql, url } = yield* Ams
      const { academy } = yield* makeAcademy({ students: 0 }).pipe(
        Effect.provide(coreOn(Redacted.make(url), { role: "api" }))
      )
      const path = yield* folder
      const file = (name: string, content: string | Uint8Array) =>
        Effect.as(Effect.promise(() => writeFile(join(path, name), content)), join(path, name))
      const count = Effect.map(
        sql("select count(*)::int from member where academy_id = $1", [academy.id]),
        ([row]) => row?.[0]
      )
      const before = yield* count
      const good = yield* file("학생명부.csv", iconv.encode([headings, pupil(1), pupil(2)].join("\r\n"), "cp949"))
      const bad = yield* file("bad.csv", [headings, "가,x,한빛초,초3,,", ",2015-03-02,한빛초,초3,,"].join("\n"))
      const large = yield* file("large.csv", new Uint8Array(limits.bytes + 1).fill(0x0a))
      const members = (path: string, ...more: ReadonlyArray<string>) =>
        run("import members", path, "--academy", academy.id, ...more)

      const [wrong, asJson, tooLarge, dry] = yield* Effect.all([
        members(bad),
        members(bad, "--dry-run", "--json"),
        members(large, "--json"),
        members(good, "--dry-run")
      ], { concurrency: 2 })
      assert.strictEqual(wrong.code, 1)
      assert.match(
        wrong.stdout,
        /^line 2, 생년월일 \(INVALID\)\n {2}This cannot be read: expected a day .*\n {2}올바르지 않습니다.*\nline 3, 이름 \(REQUIRED\)\n/
      )
      assert.match(wrong.stderr, /^ams: nothing was imported: correct the file, 2 in all$/m)
      assert.strictEqual(asJson.code, 1)
      expect(asJson.json()).toMatchObject({
        problems: [{ line: 2, column: "생년월일", code: "INVALID" }, { line: 3, column: "이름", code: "REQUIRED" }]
      })
      expect(tooLarge.json()).toMatchObject({ problems: [{ code: "FILE_TOO_LARGE" }] })
      assert.deepStrictEqual([dry.code, yield* count], [0, before])
      assert.match(dry.stdout, /nothing was written/)

      const done = yield* members(good)
      assert.strictEqual(done.code, 0)
      assert.match(
        done.stdout,
        /^Imported the file\. It made:\nlines +2\nmembers +4\nguardianships +2\nalready there +0$/m
      )
      for (const line of ["reading: 1 of 1", "checking: 0 of 2", "checking: 2 of 2", "writing: 6 of 6"]) {
        assert.include(done.stderr, `${line}\n`)
      }
      const again = yield* members(good, "--json")
      expect(again.json()).toMatchObject({ members: 0, alreadyThere: [2, 3] })
      assert.deepStrictEqual(
        yield* sql("select actor_id, channel from audit_entry where action = 'member.import'", []),
        [[null, "CLI"], [null, "CLI"]]
      )
    }))

  it.effect("enrols by names, and says what it was not given", () =>
    Effect.gen(function*() {
      const { run, url } = yield* Ams
      const { academy, class: made } = yield* makeAcademy({ students: 0, capacity: 5 }).pipe(
        Effect.provide(coreOn(Redacted.make(url), { role: "api" }))
      )
      const path = yield* folder
      const write = (name: string, ...lines: ReadonlyArray<string>) =>
        Effect.as(Effect.promise(() => writeFile(join(path, name), lines.join("\n"))), join(path, name))
      const at = ["--academy", academy.id] as const
      yield* run("import members", yield* write("m.csv", headings, pupil(3)), ...at)
      const file = yield* write("e.csv", "학생,생년월일,반", `학생3,2015-03-02,${made.name}`)
      const done = yield* run("import enrollments", file, ...at, "--json")
      expect(done.json()).toMatchObject({ kind: "enrollments", enrollments: 1 })

      const [nowhere, noAcademy, noFile] = yield* Effect.all([
        run("import members", file, "--academy", made.id),
        run("import members", file),
        run("import members", join(path, "none.csv"), ...at)
      ], { concurrency: 2 })
      assert.deepStrictEqual([nowhere.code, complaints(nowhere)], [1, [`there is no academy ${made.id}`]])
      assert.strictEqual(noAcademy.code, 2)
      assert.deepStrictEqual([noFile.code, complaints(noFile)], [2, [
        `${join(path, "none.csv")} cannot be read (NotFound)`
      ]])
    }))
})
