import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { list, oneLine, progress, seconds, table } from "../../../../src/adapters/in/cli/Output.ts"

describe("Output", () => {
  it("a table's columns stand below each other, also where letters take two columns", () => {
    const rows = [{ name: "한빛학원", size: 7 }, { name: "Hanbit", size: 1200 }]
    assert.strictEqual(
      table(rows, [
        { title: "NAME", value: ({ name }) => name },
        { title: "SIZE", value: ({ size }) => size, align: "right" }
      ]),
      "NAME      SIZE\n한빛학원     7\nHanbit    1200"
    )
  })

  it("a long value is cut to its width", () => {
    const cut = (text: string) => table([text], [{ title: "T", value: (row) => row, width: 5 }]).split("\n")[1]
    assert.strictEqual(cut("12345"), "12345")
    assert.strictEqual(cut("123456"), "1234…")
    assert.strictEqual(cut("한빛학원"), "한빛…")
  })

  it("names stand before their values, and foreign texts stay on their line", () => {
    assert.strictEqual(list([["id", "7"], ["error", "one\n  two\u001b[2J\u0007"]]), "id     7\nerror  one two[2J")
    assert.strictEqual(oneLine("\tone\r\ntwo "), "one two")
  })

  it("seconds become the unit that people would say", () => {
    assert.deepStrictEqual([0, 119.9, 120, 7_199, 7_200, 172_799, 172_800].map(seconds), [
      "0 s",
      "119 s",
      "2 min",
      "119 min",
      "2 h",
      "47 h",
      "2 d"
    ])
  })

  it.effect("progress is one moving line on a terminal, and a line for each tenth elsewhere", () =>
    Effect.gen(function*() {
      const shown = Effect.fnUntraced(function*(terminal: boolean) {
        const written: Array<string> = []
        const show = progress((text) => Effect.sync(() => void written.push(text)), terminal)
        for (const done of [100, 101, 500, 1000]) yield* show("member", done, 1000)
        return written
      })
      assert.deepStrictEqual(yield* shown(false), [
        "member: 100 of 1000\n",
        "member: 500 of 1000\n",
        "member: 1000 of 1000\n"
      ])
      const moving = yield* shown(true)
      assert.lengthOf(moving, 4)
      assert.isTrue(moving.every((text) => text.startsWith("\r\u001b[2K")))
      assert.deepStrictEqual(moving.map((text) => text.endsWith("\n")), [false, false, false, true])
      assert.include(moving[2], `${"█".repeat(15)}${"░".repeat(15)} 500 of 1000`)
    }))
})
