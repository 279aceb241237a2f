/** docs/security.md names tests that are there. */
import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const page = readFileSync(join(root, "docs/security.md"), "utf8")
const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".ts")
)
const named = (name: string) =>
  tests.filter((path) => join("test", path) === name || (!name.includes("/") && basename(path) === name))

/** Each line that says what shows something. */
const rows = page.split("\n").filter((line) => /^\| (\d+\.|API)/.test(line)).map((line) => {
  const [, item = "", ...cells] = line.split(" | ").join("|").split("|").map((cell) => cell.trim())
  return [item, cells.join(" ")] as const
})

describe("docs/security.md", () => {
  it("speaks of the items that were asked for", () => {
    const items = rows.map(([item]) => item).join(" ")
    for (const item of ["6.2", "6.3.8", "6.5", "6.6", "7.2", "7.4", "7.5.1", "8.2", "8.3", "8.4", "16.2.5", "16.5"]) {
      expect(items).toContain(item)
    }
    for (let n = 1; n <= 10; n++) expect(items).toContain(`API${n} `)
  })

  it.each(rows)("%s: names tests that are there, by their names", (_, shown) => {
    const files = [...shown.matchAll(/`([\w/.]+\.ts)`/g)].flatMap(([, name = ""]) => {
      const found = named(name)
      expect([name, ...found]).toHaveLength(2)
      return found
    })
    const said = files.map((path) => readFileSync(join(root, "test", path), "utf8")).join("\n")
    for (const [, name = ""] of shown.matchAll(/"([^"]+)"/g)) expect(said).toContain(name.replace(/ …$/, ""))
  })
})
