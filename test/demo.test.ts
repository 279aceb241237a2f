/** The demo as a person runs it, in processes of its own; and that each of its claims can fail. */
import { assert, describe, expect, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { spawn } from "node:child_process"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { judge } from "../src/adapters/in/cli/demo/Checks.ts"
import { play } from "../src/adapters/in/cli/demo/Day.ts"
import type { Observed } from "../src/adapters/in/cli/demo/Observed.ts"
import { mistakes } from "./adapters/in/cli/demo/mistakes.ts"
import { type Ams, freePort, startAms } from "./support/ams.ts"
import { bare } from "./support/bare.ts"
import { freshDatabaseUrl } from "./support/postgres.ts"
import { approved, environmentOf } from "./support/providers/settings.ts"
import { startProviders } from "./support/providers/start.ts"

const script = fileURLToPath(new URL("../src/demo.ts", import.meta.url))

/** Runs it to its end. */
const demo = (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resume) => {
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...bare, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const said = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said.stdout += chunk))
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said.stderr += chunk))
    child.once("close", (code) => resume(Effect.succeed({ code, ...said })))
    return Effect.sync(() => child.kill())
  })

const wentWell = ({ code, stderr, stdout }: Effect.Success<ReturnType<typeof demo>>) => {
  assert.strictEqual(stderr, "", stdout)
  assert.strictEqual(code, 0)
  assert.notInclude(stdout, "✗")
  assert.match(stdout, /(\d+) of \1 hold/)
}

/** Something that is not what the demo needs: answers every request in the same way. */
const somethingElse = (answer: (path: string) => { readonly status: number; readonly body: unknown }) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const { body, status } = answer(request.url ?? "")
        response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" })
        response.end(JSON.stringify(body))
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => void server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

class Running extends Context.Service<Running, Ams>()("test/demo/Running") {
  static readonly layer = Layer.effect(
    Running,
    Effect.flatMap(
      freshDatabaseUrl(),
      ({ url }) => startAms({ DATABASE_URL: Redacted.value(url), AMS_ENV: "development" })
    )
  )
}

layer(Running.layer, { excludeTestServices: true, timeout: "60 seconds" })("at an AMS that runs", (it) => {
  it.effect("plays the day, again and again", () =>
    Effect.gen(function*() {
      const { url } = yield* Running
      wentWell(yield* demo({}, "--url", url))
      wentWell(yield* demo({ PORT: new URL(url).port }))
    }))

  it.effect("notices whatever comes out otherwise, with each of its claims", () =>
    Effect.gen(function*() {
      const { url } = yield* Running
      const observed = yield* play({ url, say: () => Effect.void, introduce: () => [] }).pipe(
        Effect.provide(FetchHttpClient.layer)
      )
      const broken = (of: Observed) => judge(of).filter(({ holds }) => !holds)
      expect(broken(observed)).toEqual([])
      const outcomes = mistakes.map(([what, claim, mistaken]) => ({ what, claim, noticed: broken(mistaken(observed)) }))
      expect(outcomes.filter(({ claim, noticed }) => !noticed.some((one) => claim.test(one.claim)))).toEqual([])
      const noticed = outcomes.flatMap((one) => one.noticed)
      expect(noticed.filter(({ found }) => found === "")).toEqual([])
      const claims = new Set(noticed.map(({ claim }) => claim))
      expect(judge(observed).filter(({ claim }) => !claims.has(claim))).toEqual([])
    }))
})

describe("where none runs", () => {
  it.live("starts an AMS for the day and ends it", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const port = String(yield* freePort)
      wentWell(yield* demo({ PORT: port, DATABASE_URL: Redacted.value(url), AMS_ENV: "development" }))
      const gone = yield* Effect.flip(Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/health/live`)))
      assert.strictEqual(gone._tag, "UnknownError")
    }))

  it.live("shows what went out through the fake providers to which its AMS sends", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const providers = yield* startProviders({ templates: approved })
      const env = {
        ...environmentOf(providers),
        PORT: String(yield* freePort),
        DATABASE_URL: Redacted.value(url),
        AMS_ENV: "development"
      }
      wentWell(yield* demo(env, "--providers", providers.adminUrl))
      assert.isAtLeast(providers.journal.all.length, 6)
      assert.deepStrictEqual(providers.journal.duplicates(), [])
    }))

  it.live("starts none that would be production", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* demo({ PORT: String(yield* freePort), DATABASE_URL: "postgres://127.0.0.1/ams" })
      assert.match(stderr, /^demo: no AMS answers at .*development AMS\n$/)
      assert.strictEqual(code, 1)
    }))

  it.live("shows what the AMS said that could not start", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const { code, stderr } = yield* demo({
        PORT: String(yield* freePort),
        AMS_ENV: "development",
        DATABASE_URL: Redacted.value(url),
        JWT_PRIVATE_KEY: "no key"
      })
      assert.match(stderr, /^demo: the AMS that was started has ended; it said:\n[^]*demo: ams: .*JWT_PRIVATE_KEY/)
      assert.strictEqual(code, 1)
    }))
})

describe("says in a line what it lacks, and ends with 1:", () => {
  const fails = Effect.fnUntraced(function*(message: RegExp, ...args: ReadonlyArray<string>) {
    const { code, stderr } = yield* demo({}, ...args)
    assert.match(stderr, message)
    assert.strictEqual(stderr.trim().split("\n").length, 1)
    assert.strictEqual(code, 1)
  })

  it.live("nobody there", () =>
    Effect.flatMap(freePort, (port) => fails(/^demo: no AMS answers at/, "--url", `http://127.0.0.1:${port}`)))

  it.live("no address", () => fails(/^demo: --url: expected an address/, "--url", "here"))

  it.live("something that is no AMS", () =>
    Effect.gen(function*() {
      const { url } = yield* somethingElse(() => ({ status: 404, body: {} }))
      yield* fails(/^demo: what answers at .* is no AMS: 404/, "--url", url)
    }))

  it.live("an AMS that is not ready", () =>
    Effect.gen(function*() {
      const { url } = yield* somethingElse(() => ({ status: 503, body: { status: "unavailable" } }))
      yield* fails(/^demo: the AMS at .* is not ready/, "--url", url)
    }))

  it.live("an AMS in production, with no inbox", () =>
    Effect.gen(function*() {
      const { url } = yield* somethingElse((path) =>
        path === "/health/ready" ? { status: 200, body: { status: "ok" } } : { status: 404, body: {} }
      )
      yield* fails(/^demo: there is no \/dev\/inbox\.json .*development AMS with the sample data/, "--url", url)
    }))

  it.live("an AMS without the sample data", () =>
    Effect.gen(function*() {
      const refusal = {
        type: "about:blank",
        title: "Unauthorized",
        status: 401,
        detail: "Login id or password is not right.",
        instance: "/api/v1/auth/login",
        errorCode: "AUTH_LOGIN_REFUSED",
        traceId: "",
        timestamp: ""
      }
      const { url } = yield* somethingElse((path) =>
        path.startsWith("/api/") ? { status: 401, body: refusal } : { status: 200, body: { status: "ok", data: [] } }
      )
      yield* fails(
        /^demo: the login of the sample administrator "admin" is refused: the demo needs a development AMS/,
        "--url",
        url
      )
    }))
})
