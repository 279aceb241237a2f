/** Servers in processes of their own, and calling them. */
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { type Agent, request } from "node:http"
import { createServer } from "node:net"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import type { AcademyId, MemberId } from "../src/domain/Ids.ts"
import { Tokens } from "../src/ports/Tokens.ts"
import { makeHome } from "../test/support/home.ts"
import { loginOf } from "../test/support/logins.ts"

/** As `npm start` has them, for every contestant. */
const v8Options = ["--max-semi-space-size=64"]

const freePort = async () => {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  return typeof address === "object" && address !== null ? address.port : 0
}

export interface Server {
  readonly name: string
  readonly port: number
  readonly child: ChildProcess
}

/** Starts a script of this folder, wherever it listens if it does. */
export const launch = async (script: string, env: Readonly<Record<string, string>>) => {
  const home = await makeHome("ams-bench-home-")
  const child = spawn(process.execPath, [...v8Options, new URL(script, import.meta.url).pathname], {
    env: {
      PATH: process.env["PATH"],
      NODE_OPTIONS: process.env["BENCH_NODE_OPTIONS"] ?? "",
      NODE_ENV: "production",
      LOG_LEVEL: "Error",
      AMS_HOME: home,
      // Few members ask for many.
      MEMBER_RATE: "1000000",
      ADDRESS_RATE: "1000000",
      ...env
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })
  child.once("close", () => void rm(home, { recursive: true, force: true }))
  return child
}

/** Starts a server and waits until it is ready. */
export const serve = async (name: string, script: string, env: Readonly<Record<string, string>>): Promise<Server> => {
  const at = await freePort()
  const child = await launch(script, { PORT: String(at), ...env })
  for (let tries = 0; tries < 200; tries++) {
    const up = await fetch(`http://127.0.0.1:${at}/health/ready`).then((answer) => answer.ok, () => false)
    if (up) return { name, port: at, child }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${name} did not start`)
}

export const stop = async ({ child }: Pick<Server, "child">) => {
  child.kill("SIGTERM")
  await once(child, "close")
}

/** Somebody's call of the API, below /api/v1. */
export interface Press {
  /** Left out: POST. */
  readonly method?: "GET"
  readonly path: string
  readonly token: string
  readonly body?: unknown
}

/** The answer's status. */
export const press = (agent: Agent, { port }: Server, { body, method, path, token }: Press) =>
  new Promise<number>((resolve, reject) => {
    const text = body === undefined ? "" : JSON.stringify(body)
    const sent = request({
      agent,
      host: "127.0.0.1",
      port,
      method: method ?? "POST",
      path: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        "content-length": Buffer.byteLength(text),
        ...(body === undefined ? {} : { "content-type": "application/json" })
      }
    }, (answer) => {
      answer.resume()
      answer.on("end", () => resolve(answer.statusCode ?? 0))
      answer.on("error", reject)
    })
    // Where the agent has a time-out.
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")))
    sent.on("error", reject)
    sent.end(text)
  })

/** A token for each member, in their order; they are logged in by `everybodyLogsIn`. */
export const tokensFor = (
  key: Redacted.Redacted,
  members: ReadonlyArray<{ readonly memberId: MemberId; readonly academyId: AcademyId }>
) =>
  Effect.gen(function*() {
    const tokens = yield* Tokens
    return yield* Effect.forEach(
      members,
      (member) =>
        Effect.map(tokens.issue({ ...member, sessionId: loginOf(member.memberId) }), ({ token }) =>
          Redacted.value(token)),
      { concurrency: 16 }
    )
  }).pipe(Effect.provide(Layer.provide(Jwt.layer(key), NodeCrypto.layer)))
