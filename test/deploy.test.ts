/** What is deployed says what AMS says: the compose file, the image, the example of settings, the dependencies. */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import { isBuiltin } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseAst } from "vitest/node"
import { parse } from "yaml"
import { load, settings } from "../src/Config.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")

// ---- what the files say

const HealthCheck = Schema.Struct({
  test: Schema.NonEmptyArray(Schema.String),
  interval: Schema.String,
  timeout: Schema.String,
  retries: Schema.Int,
  start_period: Schema.String
})
const Service = Schema.Struct({
  build: Schema.optionalKey(Schema.Literal(".")),
  image: Schema.optionalKey(Schema.String),
  env_file: Schema.optionalKey(Schema.Array(Schema.Struct({ path: Schema.String, required: Schema.Boolean }))),
  environment: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Int])),
  ports: Schema.optionalKey(Schema.Array(Schema.String)),
  volumes: Schema.Array(Schema.String),
  depends_on: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Struct({ condition: Schema.Literal("service_healthy") }))
  ),
  healthcheck: Schema.optionalKey(HealthCheck),
  init: Schema.optionalKey(Schema.Boolean),
  restart: Schema.Literal("unless-stopped"),
  stop_grace_period: Schema.Literal("30s")
})
const Compose = Schema.Struct({
  name: Schema.Literal("ams"),
  services: Schema.Struct({ app: Service, postgres: Service, mongodb: Service }),
  volumes: Schema.Record(Schema.String, Schema.Null)
})
const composeText = read("docker-compose.yml")
const compose = Schema.decodeUnknownSync(Compose)(parse(composeText), { onExcessProperty: "error" })
const services = Object.entries(compose.services)
/** What compose itself takes from `.env`: `${NAME}` with what follows the name. */
const variables = [...composeText.matchAll(/\$\{(\w+)([^}]*)\}/g)].map(([, name = "", rest = ""]) => ({ name, rest }))

/** Instructions of the Dockerfile, continued lines joined. */
const dockerfile = read("Dockerfile").replace(/^#.*\n/gm, "").replace(/\\\n\s*/g, "").split("\n").flatMap((line) => {
  const [, word, rest] = /^(\w+) (.*)$/.exec(line) ?? []
  return word === undefined || rest === undefined ? [] : [{ word, rest }]
})
const instructions = (word: string) => dockerfile.filter((one) => one.word === word).map(({ rest }) => rest)

const example = read(".env.example").split("\n").flatMap((line, index, lines) => {
  const [, key, value] = /^#?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? []
  return key === undefined || value === undefined ? [] : [{ key, value, comment: lines[index - 1] ?? "" }]
})
const keys = Object.values(settings).map(({ key }) => key)

const loaded = (env: Readonly<Record<string, string>>) =>
  load.pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...env } }))))

// ---- what must be so

describe("docker-compose.yml", () => {
  it("pins the databases to the major versions that AMS is made for", () => {
    expect(compose.services.postgres.image).toMatch(/^postgres:18(\.\d+)?$/)
    expect(compose.services.mongodb.image).toMatch(/^mongo:8(\.\d+)*$/)
    expect(compose.services.app.build).toBe(".")
  })

  it("has a health check for each service, and lets AMS wait for both databases", () => {
    const unwatched = services.filter(([, { build, healthcheck }]) =>
      healthcheck === undefined && (build === undefined || instructions("HEALTHCHECK").length === 0)
    )
    expect(unwatched).toEqual([])
    expect(Object.keys(compose.services.app.depends_on ?? {}).sort()).toEqual(["mongodb", "postgres"])
  })

  it("keeps what must last on declared volumes, where the images have it", () => {
    const mounts = services.flatMap(([name, { volumes }]) => volumes.map((volume) => `${name} ${volume}`))
    const { AMS_HOME } = compose.services.app.environment
    expect(mounts).toEqual([`app ams:${AMS_HOME}`, "postgres postgres:/var/lib/postgresql", "mongodb mongodb:/data/db"])
    expect(Object.keys(compose.volumes).sort()).toEqual(["ams", "mongodb", "postgres"])
  })

  it("starts with no password that somebody else knows", () => {
    const secrets = variables.filter(({ name }) => /PASSWORD|SECRET|KEY/.test(name))
    expect([...new Set(secrets.map(({ name }) => name))].sort()).toEqual(["MONGODB_PASSWORD", "POSTGRES_PASSWORD"])
    expect(secrets.filter(({ rest }) => !rest.startsWith(":?"))).toEqual([])
    for (const [name, { environment }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD/.test(key)) expect(value, `${name} ${key}`).toMatch(/^\$\{\w+:\?/)
        if (key.endsWith("_URL")) expect(value, `${name} ${key}`).toMatch(/:\/\/ams:\$\{\w+:\?[^}]*\}@/)
      }
    }
  })

  it("shows AMS to this machine only, and the databases to nobody outside", () => {
    expect(compose.services.app.ports).toHaveLength(1)
    expect(variables.filter(({ name }) => name === "AMS_PUBLISH")).toEqual([{
      name: "AMS_PUBLISH",
      rest: ":-127.0.0.1:3000"
    }])
    expect(compose.services.postgres.ports).toBeUndefined()
    expect(compose.services.mongodb.ports).toBeUndefined()
  })

  it.effect("gives AMS settings that it knows and takes", () =>
    Effect.gen(function*() {
      const { environment } = compose.services.app
      expect(Object.keys(environment).filter((key) => !keys.includes(key))).toEqual([])
      const filled = Object.entries(environment).map((
        [key, value]
      ) => [key, String(value).replace(/\$\{[^}]*\}/g, "x")])
      const found = yield* loaded(Object.fromEntries(filled))
      expect(found).toMatchObject({
        environment: "production",
        host: "0.0.0.0",
        notifications: "providers",
        role: "all"
      })
      expect([found.databaseUrl, found.mongodbUrl].map(Option.isSome)).toEqual([true, true])
    }))
})

describe(".env.example", () => {
  it("has every setting in the order of Config.ts, then every variable of the compose file, each with a comment", () => {
    const ofCompose = [...new Set(variables.map(({ name }) => name))]
    const names = example.map(({ key }) => key)
    expect(names.slice(0, keys.length)).toEqual(keys)
    expect(names.slice(keys.length).sort()).toEqual(ofCompose.sort())
    const grouped = new Set(["MONGODB_PASSWORD"])
    expect(example.filter(({ comment, key }) => !/^# \S/.test(comment) && !grouped.has(key))).toEqual([])
  })

  it.effect.each(example.filter(({ key }) => keys.includes(key)))(
    "$key has its default",
    ({ key, value }) =>
      Effect.gen(function*() {
        const byDefault = yield* loaded({})
        if (value !== "") return expect(yield* loaded({ [key]: value })).toEqual(byDefault)
        const name = Object.entries(settings).find(([, setting]) => setting.key === key)?.[0]
        expect(Object.entries(byDefault).filter(([property]) => property === name)).toEqual([[name, Option.none()]])
      })
  )

  it("has no password and the same published address as the compose file", () => {
    const valueOf = (name: string) => example.find(({ key }) => key === name)?.value
    expect([valueOf("POSTGRES_PASSWORD"), valueOf("MONGODB_PASSWORD")]).toEqual(["", ""])
    expect(variables.find(({ name }) => name === "AMS_PUBLISH")?.rest).toBe(`:-${valueOf("AMS_PUBLISH")}`)
  })
})

describe("Dockerfile", () => {
  it("takes Node 24, and does not run as root", () => {
    expect(instructions("FROM")).toEqual(["node:24-slim"])
    expect(instructions("USER")).toEqual(["node"])
    expect(dockerfile.findIndex(({ word }) => word === "USER")).toBeLessThan(
      dockerfile.findIndex(({ word }) => word === "CMD")
    )
  })

  it("copies files that exist and that .dockerignore lets through", () => {
    const allowed = read(".dockerignore").split("\n").filter((line) => line.startsWith("!")).map((line) =>
      line.slice(1)
    )
    const copied = instructions("COPY").flatMap((rest) => rest.split(" ").slice(0, -1))
    expect(copied.toSorted()).toEqual(allowed.toSorted())
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(instructions("CMD")).toEqual([`["node", "--max-semi-space-size=64", "src/main.ts"]`])
  })

  it.effect("agrees with the settings and the compose file on port, address and folder", () =>
    Effect.gen(function*() {
      const { port } = yield* loaded({})
      const { environment, ports } = compose.services.app
      expect(instructions("EXPOSE")).toEqual([String(port)])
      expect(environment["PORT"]).toBe(port)
      expect(ports?.[0]).toMatch(new RegExp(`:${port}$`))
      expect(instructions("ENV")).toContain(`HOST=${environment["HOST"]} AMS_HOME=${environment["AMS_HOME"]}`)
    }))

  it.each([[200, 0], [503, 1], [undefined, 1]])(
    "its health check of an AMS that answers %s ends with %i",
    async (status, code) => {
      const [check = ""] = instructions("HEALTHCHECK")
      const [command = "", ...args] = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Schema.String)))(
        check.slice(check.indexOf("["))
      )
      expect(command).toBe("node")
      const asked: Array<string> = []
      const server = createServer((request, response) => {
        asked.push(request.url ?? "")
        response.writeHead(status ?? 200).end()
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      if (status === undefined) await new Promise((resolve) => server.close(resolve))
      const child = spawn(process.execPath, args, { env: { PORT: String(port) }, stdio: "ignore" })
      expect(await once(child, "exit")).toEqual([code, null])
      expect(asked).toEqual(status === undefined ? [] : ["/health/ready"])
      server.close()
    }
  )
})

// ---- what AMS needs to run

interface Node {
  readonly [part: string]: unknown
}
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null

/** Every module that a source imports when it runs: what is only a type is stripped. */
const importedBy = (text: string): ReadonlyArray<string> => {
  const visit = (node: Node): ReadonlyArray<string> => {
    if (node["importKind"] === "type" || node["exportKind"] === "type") return []
    const source = node["source"]
    const value = isNode(source) ? source["value"] : undefined
    return [...(typeof value === "string" ? [value] : []), ...Object.values(node).flat().filter(isNode).flatMap(visit)]
  }
  const program: unknown = parseAst(text, { lang: "ts" })
  return isNode(program) ? visit(program) : []
}
const packageOf = (specifier: string) => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

describe("without development and optional dependencies", () => {
  const Manifest = Schema.Struct({ dependencies: Schema.Record(Schema.String, Schema.String) })
  const { dependencies } = Schema.decodeSync(Schema.fromJsonString(Manifest))(read("package.json"))
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts")
  )
  const lacking = (text: string) =>
    importedBy(text).filter((specifier) =>
      !/^[.#]/.test(specifier) && !specifier.startsWith("node:")
      && !(packageOf(specifier) in dependencies && !isBuiltin(specifier))
    )

  it("AMS finds all that it imports", () => {
    expect(sources).toContain("main.ts")
    expect(sources.flatMap((path) => lacking(read(join("src", path))).map((specifier) => `${path}: ${specifier}`)))
      .toEqual([])
  })

  it("an import that would be missing is caught", () => {
    const text = `
      import type { A } from "pg"
      import { b } from "effect/http"
      import { c } from "pg-boss"
      export { d } from "fs"
      const e = await import("@scope/name/part")`
    expect(lacking(text)).toEqual(["pg-boss", "fs", "@scope/name/part"])
  })
})

describe("package-lock.json", () => {
  const Names = Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
  const Lock = Schema.Struct({
    packages: Schema.Record(Schema.String, Schema.Struct({ dependencies: Names, optionalDependencies: Names }))
  })
  const { packages } = Schema.decodeSync(Schema.fromJsonString(Lock))(read("package-lock.json"))

  /** The folders in which Node looks for what a package names, from its own outwards. */
  const lookedInto = (folder: string): ReadonlyArray<string> =>
    folder === ""
      ? [""]
      : [`${folder}/`, ...lookedInto(folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1)))]

  it("has every package that one of its packages names, of every platform, or npm ci takes none of it", () => {
    const missing = Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !lookedInto(folder).some((place) => `${place}node_modules/${name}` in packages))
    )
    expect(missing).toEqual([])
  })
})
