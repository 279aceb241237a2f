import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { nameSearch } from "../../src/domain/NameSearch.ts"

const finds = (typed: string, name: string) => new RegExp(nameSearch(typed), "u").test(name)

describe("searching by name", () => {
  it.each([
    ["ㄱㅁㅅ", "김민수"],
    ["김ㅁ", "김민수"],
    ["ㅁㅅ", "김민수"],
    ["미", "김민수"],
    ["기미수", "김민수"],
    ["김민", "김민수"],
    ["민수", "김민수"],
    ["ㅆ", "쌍둥이"],
    ["ㅎ", "황보 힣"],
    ["ㄱ", "ㄱㅁㅅ"],
    ["김민".normalize("NFD"), "김민수"],
    ["  김 ", "김민수"],
    ["kIM", "Kim Minsu"],
    ["élo", "ÉLODIE"],
    ["m. (", "Kim M. (2)"],
    ["😀", "김😀"],
    ["a\\d", "A\\D"]
  ])("%s finds %s", (typed, name) => {
    expect(finds(typed, name)).toBe(true)
  })

  it.each([
    ["ㄱㅅ", "김민수"],
    ["ㄲ", "김민수"],
    ["민", "김미수"],
    ["만", "김민수"],
    ["ㅏ", "가"],
    ["a.c", "abc"],
    [".*", "김민수"],
    ["[a-z]", "kim"],
    ["김|박", "김민수"],
    ["^김", "김민수"]
  ])("%s does not find %s", (typed, name) => {
    expect(finds(typed, name)).toBe(false)
  })

  it.prop(
    "finds every name by any piece of it",
    { before: Schema.String, piece: Schema.String, after: Schema.String },
    ({ after, before, piece }) => {
      const name = `${before}${piece.trim()}${after}`.normalize("NFC")
      const found = piece.normalize("NFC").trim()
      if (!name.includes(found) || !found.isWellFormed() || !name.isWellFormed()) return
      expect(finds(found, name)).toBe(true)
    }
  )
})
