/** `docs/operations.md` has a heading for whatever calls an operator, and names commands, files and reasons that exist. */
import { assert, describe, expect, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Reason } from "../src/adapters/in/http/Health.ts"
import { ownReasons } from "../src/application/operations/Reasons.ts"
import { AlertKind } from "../src/ports/Alerts.ts"
import { rules } from "./support/alertRules.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

const page = read("docs/operations.md")
/** Headings as their addresses, as GitHub makes them, with what stands below each. */
const sections = new Map(
  page.split(/^#+ /m).slice(1).map((section) => {
    const [title = "", ...rest] = section.split("\n")
    return [title.toLowerCase().replace(/[^\w\s-]/g, "").replaceAll(" ", "-"), rest.join("\n")]
  })
)

describe("the runbook", () => {
  const called = [...AlertKind.literals, ...rules.map(({ annotations }) => annotations.runbook_url.split("#")[1])]
  it.each([...new Set(called)])(
    "has a heading for %s: what it means, where to look, what to do",
    (kind = "") => {
      const section = sections.get(kind) ?? assert.fail(`no heading ${kind}`)
      for (const part of ["Meaning", "Look here", "Do this"]) {
        expect(section).toMatch(new RegExp(`^\\*\\*${part}\\.\\*\\*`, "m"))
      }
    }
  )

  it("is where each rule leads", () => {
    const links = rules.map(({ annotations }) => annotations.runbook_url)
    expect(links.filter((link) => !/^docs\/operations\.md#[a-z-]+$/.test(link))).toEqual([])
  })

  it("says of every reason of /health/async where to look", () => {
    const section = sections.get("health") ?? ""
    expect(Reason.literals.filter((reason) => !section.includes(`| \`${reason}\` |`))).toEqual([])
  })

  it("says of every reason why somebody was not reached what to do", () => {
    const section = sections.get("not-reached") ?? ""
    expect(ownReasons.filter((reason) => !section.includes(`\`${reason}\``))).toEqual([])
  })

  it("leads to files and headings that exist", () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link).filter((link) =>
      !/^https?:/.test(link)
    )
    expect(links.filter((link) => link.startsWith("#") && !sections.has(link.slice(1)))).toEqual([])
    for (const link of links) {
      if (!link.startsWith("#")) expect(read(join("docs", link.split("#")[0] ?? ""))).not.toBe("")
    }
  })
})

// ---- the commands that it names

/** The tree of commands, from what a shell is told for completing them: each with its flags. */
const readCommands = (completions: string) => {
  const found = new Map<string, Set<string>>()
  for (const [, condition = "", rest = ""] of completions.matchAll(/^complete -c ams -n '([^']*)'(.*)$/gm)) {
    const path = condition.split("; and ").flatMap((part) =>
      /^__fish_seen_subcommand_from (\S+)$/.exec(part)?.[1] ?? []
    )
    const name = /^ -f -a '([a-z][a-z-]*)'/.exec(rest)?.[1]
    const flag = /^ -l (\S+)/.exec(rest)?.[1]
    if (name !== undefined) found.set([...path, name].join(" "), new Set())
    if (flag !== undefined) found.get(path.join(" "))?.add(flag)
  }
  return found
}

/** What is wrong with a line such as `ams failed-events show ID`. */
const problemsOfCommand = (line: string, commands: ReadonlyMap<string, ReadonlySet<string>>) => {
  const words = line.split(/\s+/).slice(1)
  const isGroup = (path: string) => [...commands.keys()].some((one) => path === "" || one.startsWith(`${path} `))
  let path = ""
  for (const word of words) {
    const longer = path === "" ? word : `${path} ${word}`
    if (!commands.has(longer) && !isGroup(longer)) break
    path = longer
  }
  const flags = words.filter((word) => word.startsWith("--")).map((word) => word.slice(2).split("=")[0] ?? "")
  if (path === "" && flags.length === words.length) return []
  return [
    ...(isGroup(path) && !flags.includes("help") ? [`${line}: no such command`] : []),
    ...flags.filter((flag) => !["help", "json"].includes(flag) && commands.get(path)?.has(flag) !== true).map((flag) =>
      `${line}: no flag --${flag}`
    )
  ]
}

describe("the runbook's commands", () => {
  const lines = [...page.matchAll(/(?:^|`)(ams(?: [^`\n#]*)?)/gm)].map(([, line = ""]) => line.trim()).filter((line) =>
    line.startsWith("ams ")
  )

  it("are commands of ams", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "src/cli.ts"), "--completions", "fish"])
    const commands = readCommands(stdout)
    expect(lines.flatMap((line) => problemsOfCommand(line, commands))).toEqual([])
    expect(lines.length).toBeGreaterThan(20)
  })

  it("are caught when they are none", () => {
    const commands = new Map([["failed-events list", new Set(["status"])], ["status", new Set<string>()]])
    expect(problemsOfCommand("ams failed-events lst", commands)).toEqual(["ams failed-events lst: no such command"])
    expect(problemsOfCommand("ams stats", commands)).toEqual(["ams stats: no such command"])
    expect(problemsOfCommand("ams failed-events", commands)).toEqual(["ams failed-events: no such command"])
    expect(problemsOfCommand("ams status --all", commands)).toEqual(["ams status --all: no flag --all"])
    expect(problemsOfCommand("ams failed-events list --status OPEN --json", commands)).toEqual([])
    expect(problemsOfCommand("ams failed-events --help", commands)).toEqual([])
  })
})
