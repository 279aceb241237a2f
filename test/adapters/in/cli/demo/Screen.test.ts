import { describe, expect, it } from "@effect/vitest"
import { pad, table, width } from "../../../../../src/adapters/in/cli/demo/Screen.ts"

describe("columns", () => {
  it("stay straight although a Korean letter is two cells wide, composed or not", () => {
    expect([width("김민준"), width("김민준".normalize("NFD")), width("영어 B"), width("a → b")]).toEqual([6, 6, 6, 5])
    expect(pad("김", 4)).toBe("김  ")
    const lines = table([["김민준", "영어\n수학", "x"], ["Lee", "B", "y"]], 0)
    expect(lines).toEqual(["김민준  영어  x", "        수학", "Lee     B     y"])
  })
})
