import { assert, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Ams, complaints } from "./support.ts"

const password = "correct-horse-7"

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams admin create", (it) => {
  it.effect("makes an administrator with the password from stdin, and prints it nowhere", () =>
    Effect.gen(function*() {
      const { runWith, sql } = yield* Ams
      const made = yield* runWith(
        { input: `${password}\n`, env: { AMS_ENV: "production" } },
        "admin create --login-id boss --phone 010-1234-5678 --json --name",
        "김 관리"
      )
      assert.deepStrictEqual([made.code, made.stderr], [0, ""])
      expect(made.json()).toEqual({ id: expect.any(String), loginId: "boss", name: "김 관리" })
      assert.notInclude(made.stdout, password)
      const [row] = yield* sql(
        "select name, phone, academy_id, password_hash like '$argon2id$%' from member where login_id = 'boss'"
      )
      assert.deepStrictEqual(row, ["김 관리", "+821012345678", null, true])
      const everything = yield* sql("select m::text from member m union all select e::text from event e")
      assert.notInclude(JSON.stringify(everything), password)

      const taken = yield* runWith({ input: password }, "admin create --login-id boss --name Other")
      assert.deepStrictEqual([taken.code, taken.stdout], [1, ""])
      assert.deepStrictEqual(complaints(taken), ["this login id is taken: choose another one"])
    }))

  it.effect("refuses a password that is too short, of two lines, or missing", () =>
    Effect.gen(function*() {
      const { runWith, sql } = yield* Ams
      const [short, two, none] = yield* Effect.forEach(
        ["s3cret\n", `${password}\n${password}\n`, ""],
        (input) => runWith({ input }, "admin create --login-id nobody --name Nobody"),
        { concurrency: 2 }
      )
      assert.deepStrictEqual([short, two, none].map((ran) => [ran?.code, ran?.stdout]), [[1, ""], [2, ""], [2, ""]])
      assert.deepStrictEqual([short, two, none].flatMap((ran) => (ran === undefined ? [] : complaints(ran))), [
        "the password must have 8 to 128 characters",
        "the password on stdin must be a single line",
        "no password: type it at a terminal, or give it on stdin"
      ])
      assert.deepStrictEqual(yield* sql("select count(*)::int from member where login_id = 'nobody'"), [[0]])
    }))
})
