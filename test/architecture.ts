/**
 * Where a line of code may live, as data: the table of the architecture page and what goes with it.
 *
 * `violations` judges sources, not a file tree, so that each rule can be shown a planted mistake.
 */
import { dirname, join } from "node:path/posix"
import { parseAst } from "vitest/node"

export interface Source {
  /** From the repository's root, as in `src/domain/Class.ts`. */
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly rule: string
  readonly file: string
  readonly what: string
}

/** A folder (or one file) and what it may import besides itself; the longest name that fits a file counts. */
export interface Address {
  readonly at: string
  readonly mayImport: ReadonlyArray<string>
  readonly except?: ReadonlyArray<string>
}

const domain = "src/domain"
const ports = "src/ports"
const authorize = "src/application/Authorize.ts"
const newIds = "src/application/NewIds.ts"
const secrets = "src/application/Secrets.ts"
const choosing = "src/application/ChoosePassword.ts"
const leaving = "src/application/Leaving.ts"
const erasing = "src/application/Erasing.ts"
const timetabling = "src/application/Timetabling.ts"
const receipts = "src/application/Receipts.ts"
const templateComparison = "src/application/TemplateComparison.ts"
const messageMetrics = "src/application/MessageMetrics.ts"
const events = "src/application/events"
const roots = ["src/App.ts", "src/Channels.ts", "src/Serve.ts", "src/main.ts", "src/cli.ts", "src/demo.ts"]

export const addresses: ReadonlyArray<Address> = [
  { at: domain, mayImport: [] },
  { at: ports, mayImport: [domain] },
  { at: authorize, mayImport: [domain, ports] },
  { at: newIds, mayImport: [domain] },
  { at: secrets, mayImport: [] },
  { at: choosing, mayImport: [domain, ports] },
  { at: leaving, mayImport: [domain, ports] },
  { at: erasing, mayImport: [domain, ports] },
  { at: timetabling, mayImport: [domain, ports, newIds] },
  { at: receipts, mayImport: [domain, ports, messageMetrics] },
  { at: messageMetrics, mayImport: [domain] },
  { at: templateComparison, mayImport: [domain, ports] },
  {
    at: "src/application/commands",
    mayImport: [domain, ports, authorize, newIds, secrets, choosing, leaving, timetabling],
    except: ["src/ports/ReadModels.ts"]
  },
  { at: "src/application/queries", mayImport: [domain, ports, authorize, newIds] },
  { at: "src/application/handlers", mayImport: [domain, ports, newIds, messageMetrics] },
  { at: events, mayImport: [domain, ports, newIds] },
  {
    at: "src/application/jobs",
    mayImport: [
      domain,
      ports,
      events,
      authorize,
      newIds,
      timetabling,
      receipts,
      messageMetrics,
      templateComparison,
      erasing
    ]
  },
  {
    at: "src/application/operations",
    mayImport: [domain, ports, events, authorize, newIds, templateComparison, erasing]
  },
  { at: "src/adapters/in", mayImport: ["src/application", ports, domain] },
  { at: "src/adapters/out", mayImport: [ports, domain] },
  { at: "src/adapters/embedded", mayImport: [ports, domain] },
  { at: "src/adapters/workers", mayImport: [ports, domain] },
  { at: "src/Config.ts", mayImport: [domain] },
  { at: "src/Logging.ts", mayImport: [domain, "src/Config.ts"] },
  { at: "src/Telemetry.ts", mayImport: [domain, "src/Config.ts", "package.json"] },
  // Anything; the version that `ams --version` tells stands in package.json.
  ...roots.map((at) => ({ at, mayImport: ["src", "package.json"] }))
]

/** The modules of `effect` that hold or change values: no effects, no services, no clock. */
const dataModules = new Set(
  ("Array BigDecimal Brand Chunk Data DateTime Duration Equal Equivalence Function Hash HashMap HashSet Match Number " +
    "Option Order Predicate Record Redacted Result Schema SchemaGetter SchemaTransformation String Struct Tuple Types " +
    "flow identity pipe").split(" ")
)

/** Names that speak of HTTP answers. */
const httpWords = ["HttpServerResponse", "HttpServerRespondable", "HttpApiSchema", "HttpApiError", "httpApiStatus"]

/** Lines; at 400 something wants to leave. */
const longest = 400

interface Parsed {
  readonly path: string
  readonly imports: ReadonlyArray<Import>
  /** Identifiers, `a.b` and `new A()` as they stand in the code, not in comments and strings. */
  readonly words: ReadonlySet<string>
}

interface Import {
  readonly from: string
  /** What is taken from there; `*` for everything. */
  readonly names: ReadonlyArray<string>
  /** The path of a file of ours, or none for a package. */
  readonly file: string | undefined
}

const within = (folder: string) => (path: string) => path === folder || path.startsWith(`${folder}/`)
const withinAny = (folders: ReadonlyArray<string>, path: string) => folders.some((folder) => within(folder)(path))

// ---- reading a source

interface Node {
  readonly type: string
  readonly [part: string]: unknown
}
const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const childrenOf = (node: Node): ReadonlyArray<Node> => Object.values(node).flat().filter(isNode)
const nameOf = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Identifier" && typeof value["name"] === "string" ? value["name"] : undefined
const textOf = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : undefined

const wordOf = (node: Node): string | undefined => {
  switch (node.type) {
    case "Identifier":
      return nameOf(node)
    case "MemberExpression":
      return `${nameOf(node["object"])}.${nameOf(node["property"]) ?? textOf(node["property"])}`
    case "NewExpression": {
      const given = node["arguments"]
      return Array.isArray(given) && given.length === 0 ? `new ${nameOf(node["callee"])}()` : undefined
    }
    default:
      return undefined
  }
}

const parse = ({ path, text }: Source): Parsed => {
  const imports: Array<Import> = []
  const words = new Set<string>()
  const visit = (node: Node): void => {
    const word = wordOf(node)
    if (word !== undefined) words.add(word)
    // Import and export declarations, import(), and import("…").T in a type.
    const from = textOf(node["source"])
    if (from !== undefined) {
      const parts = childrenOf(node).filter((part) =>
        part.type === "ImportSpecifier" || part.type === "ExportSpecifier"
      )
      const names = parts.map((part) => nameOf(part["imported"] ?? part["local"]) ?? "*")
      const file = from.startsWith(".")
        ? join(dirname(path), from)
        : from.startsWith("#")
        ? `src/${from.slice(1)}`
        : undefined
      imports.push({ from, names: names.length === 0 ? ["*"] : names, file })
    }
    childrenOf(node).forEach(visit)
  }
  const program: unknown = parseAst(text, { lang: "ts" }, path)
  if (isNode(program)) visit(program)
  return { path, imports, words }
}

// ---- the rules

const addressOf = (path: string): Address | undefined =>
  addresses.filter(({ at }) => within(at)(path)).sort((a, b) => b.at.length - a.at.length)[0]

/** Judges one file; says what is wrong with it. */
type Check = (file: Parsed) => ReadonlyArray<string>

const wordsIn = (folders: ReadonlyArray<string>, forbidden: (word: string) => boolean): Check => (file) =>
  withinAny(folders, file.path) ? [...file.words].filter(forbidden) : []

const fileRules: Readonly<Record<string, Check>> = {
  "every file has an address": (file) => (addressOf(file.path) === undefined ? ["is in no folder of the table"] : []),
  "imports follow the table": (file) => {
    const address = addressOf(file.path)
    if (address === undefined) return []
    const may = (target: string) =>
      within(address.at)(target) || (withinAny(address.mayImport, target) && !withinAny(address.except ?? [], target))
    return file.imports.flatMap((one) => (one.file === undefined || may(one.file) ? [] : [one.file]))
  },
  "only the composition roots know what is behind the ports": (file) =>
    withinAny(["src/adapters/out", ...roots], file.path)
      ? []
      : file.imports.flatMap((
        one
      ) => (one.file !== undefined && within("src/adapters/out")(one.file) ? [one.file] : [])),
  "the domain imports data modules of effect only": (file) =>
    within(domain)(file.path)
      ? file.imports.filter((one) => one.file === undefined).flatMap(({ from, names }) => {
        if (from === "effect") return names.filter((name) => !dataModules.has(name))
        return from.startsWith("effect/") && dataModules.has(from.slice("effect/".length)) ? [] : [from]
      })
      : [],
  "ports import effect only": (file) =>
    within(ports)(file.path)
      ? file.imports.flatMap(({ file, from }) => (file !== undefined || within("effect")(from) ? [] : [from]))
      : [],
  "ports carry no layer": wordsIn([ports], (word) => /^Layer(\.|$)/.test(word)),
  "HTTP statuses stand in adapters/in/http only": (file) =>
    within("src/adapters/in/http")(file.path) ? [] : httpWords.filter((word) => file.words.has(word)),
  "clock, chance and output come in from outside": wordsIn(
    [domain, "src/application", ports],
    (word) => ["Date.now", "new Date()", "Math.random"].includes(word) || word.startsWith("console.")
  )
}

const noCycles = "no cycle between folders"

/** Folders that import each other in a circle, told at a file that takes part in it. */
const cycles = (files: ReadonlyArray<Parsed>): ReadonlyArray<Violation> => {
  /** From folder to folder, by which file. */
  const edges = new Map<string, Map<string, string>>()
  for (const { imports, path } of files) {
    const from = dirname(path)
    for (const to of imports.flatMap(({ file }) => (file === undefined ? [] : [dirname(file)]))) {
      if (to === from) continue
      const out = edges.get(from) ?? new Map<string, string>()
      edges.set(from, out.has(to) ? out : out.set(to, path))
    }
  }
  const found: Array<Violation> = []
  const done = new Set<string>()
  const walk = (folder: string, file: string, trail: ReadonlyArray<string>): void => {
    if (trail.includes(folder)) {
      const circle = [...trail.slice(trail.indexOf(folder)), folder]
      found.push({ rule: noCycles, file, what: circle.join(" → ") })
    } else if (!done.has(folder)) {
      for (const [next, by] of edges.get(folder) ?? []) walk(next, by, [...trail, folder])
      done.add(folder)
    }
  }
  for (const folder of edges.keys()) walk(folder, folder, [])
  return found
}

const notTooLong = `no file is longer than ${longest} lines`
const tooLong = ({ path, text }: Source): ReadonlyArray<Violation> => {
  const lines = text.trimEnd().split("\n").length
  return lines > longest ? [{ rule: notTooLong, file: path, what: `${lines} lines` }] : []
}

export const rules: ReadonlyArray<string> = [...Object.keys(fileRules), noCycles, notTooLong]

/** What breaks the rules. Files outside of `src` are only measured. */
export const violations = (files: ReadonlyArray<Source>): ReadonlyArray<Violation> => {
  const parsed = files.filter(({ path }) => within("src")(path)).map(parse)
  const single = parsed.flatMap((file) =>
    Object.entries(fileRules).flatMap(([rule, check]) => check(file).map((what) => ({ rule, file: file.path, what })))
  )
  return [...single, ...cycles(parsed), ...files.flatMap(tooLong)]
}
