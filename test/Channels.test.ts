/** `docs/channels.md` has the templates as the code has them, every setting, and every reason with which a message ends. */
import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Fcm from "../src/adapters/out/notification/fcm/Outcomes.ts"
import * as Solapi from "../src/adapters/out/notification/solapi/Outcomes.ts"
import { longestValues } from "../src/domain/NotificationText.ts"
import { ownTemplates } from "../src/domain/Templates.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const page = read("docs/channels.md")

const begin = "<!-- templates: UPDATE_DOCS=1 vitest run test/Channels.test.ts -->\n"
const end = "<!-- /templates -->"
const [before = "", rest = ""] = page.split(begin)
const [templates = "", after = ""] = rest.split(end)

describe("the templates of the page", () => {
  it("are those of the code, to the letter", () => {
    const blocks = ownTemplates.map(({ key, text }) => `**${key}**\n\n\`\`\`text\n${text}\n\`\`\`\n\n`).join("")
    if (process.env["UPDATE_DOCS"] === "1") {
      writeFileSync(join(root, "docs/channels.md"), [before, begin, "\n", blocks, end, after].join(""))
    } else expect(templates.trim()).toBe(blocks.trim())
  })

  it("leave open what the table of variables explains, in both languages", () => {
    const explained = new Set(
      [...page.matchAll(/^\| `(#\{[^`]+\})` \| `(#\{[^`]+\})` \|/gm)].flatMap((row) => row.slice(1))
    )
    expect(explained).toEqual(new Set([...Object.keys(longestValues("ko")), ...Object.keys(longestValues("en"))]))
  })
})

describe("the settings of the page", () => {
  it("are all that messages have in .env.example", () => {
    const names = [...read(".env.example").matchAll(/^#?([A-Z_]+)=/gm)].map(([, name = ""]) => name).filter((name) =>
      /^(SOLAPI|FCM|NOTIFICATIONS|CHANNELS|MESSAGE_|DAILY_|BALANCE_|CREDENTIALS_)/.test(name)
    )
    const rows = page.slice(page.indexOf("## Settings"), page.indexOf("## Not reached"))
    expect(names.length).toBeGreaterThan(12)
    expect(names.filter((name) => !rows.includes(`\`${name}\``))).toEqual([])
  })

  it("lead to headings of the runbook", () => {
    const headings = new Set([...read("docs/operations.md").matchAll(/^### (.+)$/gm)].map(([, title]) => title))
    const links = [...page.matchAll(/\]\(operations\.md#([^)]+)\)/g)].map(([, heading]) => heading)
    expect(links.length).toBeGreaterThan(3)
    expect(links.filter((link) => !headings.has(link))).toEqual([])
  })
})

describe("the reasons of the page", () => {
  const rows = page.slice(page.indexOf("## Not reached")).split("\n").filter((line) => line.startsWith("| `"))
  const documented = rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)]).map((
    [, reason = ""]
  ) => reason)
  const isDocumented = (rule: string) =>
    documented.some((one) => one === rule || (one.endsWith("*") && rule.startsWith(one.slice(0, -1))))

  /** Outcomes with which a message comes to an end, or may: the account's when a receipt brings it. */
  const ending = ["InvalidRecipient", "ChannelUnavailable", "OptedOut", "Refused", "Uncertain", "Account"]
  const ofSolapi = Solapi.table.filter(({ before, sending }) => ending.includes(before) || ending.includes(sending))
    .flatMap(({ seen }) => seen.map((sign) => `solapi-${sign}`))
  // A device that is gone is no device; a lost answer cannot be asked for.
  const ofFcm = Fcm.table.filter(({ tag }) => ["Refused", "Account", "Ambiguous"].includes(tag))
    .flatMap(({ seen }) => seen.map((sign) => `fcm-${sign}`))

  /** What the adapters and the senders call things themselves. */
  const sources = ["src/adapters/out/notification", "src/application/handlers", "src/domain"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"))
      .map((path) => read(join(folder, path)))
  ).join("\n")
  const patterns = [
    /_tag: "(?:Refused|ChannelUnavailable|Uncertain|InvalidRecipient|OptedOut|Account)", rule: "([^"]+)"/g,
    /unavailable\("([^"]+)"\)/g,
    /ledger\.drop\([^,]+, "[A-Z]+", "([^"]+)"\)/g,
    /reason: "([a-z-]+)"/g,
    /ownAccount = "([^"]+)"/g,
    /type NoWay = "([^"]+)"/g,
    /type NoWay = "[^"]+" \| "([^"]+)"/g
  ]
  const ours = patterns.flatMap((pattern) => [...sources.matchAll(pattern)].map(([, rule = ""]) => rule))

  it("are all with which the code ends a message", () => {
    expect(ours).toEqual(
      expect.arrayContaining(["no-template", "no-sender", "own-account-sealed", "too-late", "muted", "no-phone"])
    )
    expect([...ofSolapi, ...ofFcm, ...ours].filter((rule) => !isDocumented(rule))).toEqual([])
  })

  it("and no others: each names something that the code can say", () => {
    const can = [...Solapi.table.flatMap(({ seen }) => seen.map((sign) => `solapi-${sign}`)), ...ofFcm, ...ours]
    const said = (one: string) =>
      one.endsWith("*")
        ? can.some((rule) => rule.startsWith(one.slice(0, -1))) || sources.includes(`\`${one.slice(0, -1)}`)
        : can.includes(one)
    expect(documented.filter((one) => !said(one))).toEqual([])
    expect(isDocumented("solapi-9999")).toBe(false)
  })
})
