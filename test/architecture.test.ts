import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { addresses, rules, type Source, violations } from "./architecture.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const sourcesOf = (folder: string): ReadonlyArray<Source> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), "utf8") }))

const importing = (path: string, from: string): Source => ({
  path,
  text: `import { x } from "${from}"\nexport { x }\n`
})
const found = (...files: ReadonlyArray<Source>) =>
  violations(files).map(({ file, rule, what }) => `${rule}: ${file}: ${what}`)

it("src and test keep to the architecture", () => {
  expect(found(...sourcesOf("src"), ...sourcesOf("test"))).toEqual([])
})

describe("a planted violation is caught:", () => {
  // For each row of the table: a file there, what it must not import, and what it may.
  const table: ReadonlyArray<readonly [at: string, file: string, never: string, may: string]> = [
    ["src/domain", "src/domain/A.ts", "../ports/Passwords.ts", "./Class.ts"],
    ["src/ports", "src/ports/A.ts", "../application/NewIds.ts", "../domain/Class.ts"],
    ["src/application/Authorize.ts", "src/application/Authorize.ts", "./commands/A.ts", "../ports/Tokens.ts"],
    ["src/application/NewIds.ts", "src/application/NewIds.ts", "../ports/Tokens.ts", "../domain/Ids.ts"],
    ["src/application/Secrets.ts", "src/application/Secrets.ts", "../domain/Ids.ts", "./Secrets.ts"],
    ["src/application/ChoosePassword.ts", "src/application/ChoosePassword.ts", "./NewIds.ts", "../ports/Passwords.ts"],
    ["src/application/Leaving.ts", "src/application/Leaving.ts", "./NewIds.ts", "../ports/UnitOfWork.ts"],
    ["src/application/Erasing.ts", "src/application/Erasing.ts", "./NewIds.ts", "../ports/UnitOfWork.ts"],
    ["src/application/Timetabling.ts", "src/application/Timetabling.ts", "./Authorize.ts", "./NewIds.ts"],
    ["src/application/Receipts.ts", "src/application/Receipts.ts", "./NewIds.ts", "../ports/UnitOfWork.ts"],
    [
      "src/application/MessageMetrics.ts",
      "src/application/MessageMetrics.ts",
      "../ports/UnitOfWork.ts",
      "../domain/Ids.ts"
    ],
    [
      "src/application/TemplateComparison.ts",
      "src/application/TemplateComparison.ts",
      "./Receipts.ts",
      "../ports/Seals.ts"
    ],
    ["src/application/commands", "src/application/commands/A.ts", "../../ports/ReadModels.ts", "../../ports/Tokens.ts"],
    ["src/application/commands", "src/application/commands/A.ts", "../queries/B.ts", "./B.ts"],
    ["src/application/queries", "src/application/queries/A.ts", "../commands/B.ts", "../../ports/ReadModels.ts"],
    ["src/application/handlers", "src/application/handlers/A.ts", "../Authorize.ts", "../NewIds.ts"],
    ["src/application/events", "src/application/events/A.ts", "../handlers/B.ts", "../../ports/EventBus.ts"],
    ["src/application/jobs", "src/application/jobs/A.ts", "../commands/B.ts", "../events/Delivery.ts"],
    ["src/application/operations", "src/application/operations/A.ts", "../jobs/B.ts", "../Authorize.ts"],
    ["src/adapters/in", "src/adapters/in/http/A.ts", "../../embedded/B.ts", "../../../application/commands/A.ts"],
    ["src/adapters/in", "src/adapters/in/cli/A.ts", "#adapters/out/broker/LocalEventBus.ts", "#ports/EventBus.ts"],
    ["src/adapters/out", "src/adapters/out/broker/A.ts", "../../../application/NewIds.ts", "../postgres/Faults.ts"],
    ["src/adapters/embedded", "src/adapters/embedded/A.ts", "../out/postgres/Clients.ts", "./Host.ts"],
    ["src/adapters/workers", "src/adapters/workers/A.ts", "../in/http/Api.ts", "../../ports/CpuPool.ts"],
    ["src/Config.ts", "src/Config.ts", "./App.ts", "./domain/LocalTime.ts"],
    ["src/Logging.ts", "src/Logging.ts", "./App.ts", "./domain/Masking.ts"],
    ["src/Telemetry.ts", "src/Telemetry.ts", "./ports/Tokens.ts", "./domain/Masking.ts"]
  ]

  it.each(table)("%s: %s must not import %s", (_, file, never, may) => {
    expect(found(importing(file, never))).toContainEqual(
      expect.stringContaining(`imports follow the table: ${file}: src/`)
    )
    expect(found(importing(file, may))).toEqual([])
  })

  it("no row of the table is without one", () => {
    const anything = addresses.filter(({ mayImport }) => mayImport.includes("src")).map(({ at }) => at)
    expect(anything).toEqual([
      "src/App.ts",
      "src/Channels.ts",
      "src/Serve.ts",
      "src/main.ts",
      "src/cli.ts",
      "src/demo.ts"
    ])
    expect(new Set([...table.map(([at]) => at), ...anything])).toEqual(new Set(addresses.map(({ at }) => at)))
  })

  const domain = "the domain imports data modules of effect only"
  const outside = "clock, chance and output come in from outside"
  const statuses = "HTTP statuses stand in adapters/in/http only"
  const others: ReadonlyArray<readonly [rule: string, file: string, text: string, caught: string]> = [
    ["every file has an address", "src/helpers/A.ts", "export {}", "is in no folder of the table"],
    [
      "only the composition roots know what is behind the ports",
      "src/Config.ts",
      `export * from "./adapters/out/broker/LocalEventBus.ts"`,
      "src/adapters/out/broker/LocalEventBus.ts"
    ],
    [domain, "src/domain/A.ts", `import { Array as Arr, Effect as Schema } from "effect"`, "Effect"],
    [domain, "src/domain/A.ts", `import type { SqlClient } from "effect/sql"`, "effect/sql"],
    [domain, "src/domain/A.ts", `export const read = () => import("node:fs")`, "node:fs"],
    [domain, "src/domain/A.ts", `import * as Everything from "effect"`, "*"],
    [domain, "src/domain/A.ts", `export type A = import("effect/Effect").Effect<void>`, "effect/Effect"],
    ["ports import effect only", "src/ports/A.ts", `import { MongoClient } from "mongodb"`, "mongodb"],
    ["ports carry no layer", "src/ports/A.ts", `export const layer = Layer.empty`, "Layer.empty"],
    ["ports carry no layer", "src/ports/A.ts", `import { type Layer } from "effect"`, "Layer"],
    [statuses, "src/domain/A.ts", `export const annotations = { httpApiStatus: 404 }`, "httpApiStatus"],
    [statuses, "src/adapters/out/A.ts", `HttpApiSchema.status(404)`, "HttpApiSchema"],
    [statuses, "src/App.ts", `import { HttpServerResponse } from "effect/http"`, "HttpServerResponse"],
    [outside, "src/domain/A.ts", `export const now = () => Date.now()`, "Date.now"],
    [outside, "src/application/commands/A.ts", `export const now = new Date()`, "new Date()"],
    [outside, "src/ports/A.ts", `const { random } = { random: Math["random"] }`, "Math.random"],
    [outside, "src/application/A.ts", `const tell = console.warn`, "console.warn"],
    ["no file is longer than 400 lines", "test/A.test.ts", "\n".repeat(400) + "export {}", "401 lines"]
  ]

  it.each(others.map(([rule, path, text, caught]) => ({ rule, path, text, caught })))(
    "$rule: $path: $caught",
    ({ caught, path, rule, text }) => {
      expect(found({ path, text })).toContain(`${rule}: ${path}: ${caught}`)
    }
  )

  it("no cycle between folders: a circle of three is told once", () => {
    const circle = [
      importing("src/application/commands/A.ts", "../events/B.ts"),
      importing("src/application/events/B.ts", "../jobs/C.ts"),
      importing("src/application/jobs/C.ts", "../commands/A.ts")
    ]
    const cycles = (files: ReadonlyArray<Source>) => found(...files).filter((what) => what.startsWith("no cycle"))
    expect(cycles(circle)).toEqual([
      "no cycle between folders: src/application/jobs/C.ts: " +
      "src/application/commands → src/application/events → src/application/jobs → src/application/commands"
    ])
    expect(cycles(circle.slice(1))).toEqual([])
  })

  it("no rule is without one", () => {
    const planted = [...others.map(([rule]) => rule), "imports follow the table", "no cycle between folders"]
    expect(new Set(planted)).toEqual(new Set(rules))
  })
})

it("comments, strings and a date made from a number break no rule", () => {
  const text =
    `// import { x } from "node:fs"; Date.now()\nexport const a = "console.log(new Date())"\nexport const b = new Date(0)\n`
  expect(found({ path: "src/domain/A.ts", text })).toEqual([])
  expect(found({ path: "src/adapters/out/A.ts", text: "export const now = Date.now()" })).toEqual([])
})
