/** A real AMS process, to be called over its socket, and to be killed. */
import { Effect, Schedule } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { createServer } from "node:net"
import { bare } from "./bare.ts"
import { makeHome } from "./home.ts"
import { heard, told } from "./privacy.ts"

export interface Ams {
  readonly url: string
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => void
  /** Waits for its end; the exit code, or null when a signal ended it. */
  readonly ended: Effect.Effect<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
}

export const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
})

/** Starts `src/main.ts` with these settings; does not wait until it is ready. Killed when the scope closes. */
export const spawnAms = (env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const home = yield* Effect.promise(() => makeHome("ams-home-"))
      const port = env["PORT"] ?? String(yield* freePort)
      const child = spawn(process.execPath, [new URL("../../src/main.ts", import.meta.url).pathname], {
        env: {
          ...bare,
          AMS_HOME: home,
          AMS_ENV: "development",
          LOG_LEVEL: "Warn",
          // A test asks more often than a person.
          MEMBER_RATE: "1000000",
          ADDRESS_RATE: "1000000",
          ...env,
          PORT: port
        },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const output = { stdout: "", stderr: "" }
      child.stdout.on("data", (chunk) => (output.stdout += String(chunk)))
      child.stderr.on("data", (chunk) => (output.stderr += String(chunk)))
      const exit = once(child, "close").then(([code]) => (typeof code === "number" ? code : null))
      const ams: Ams = {
        url: `http://127.0.0.1:${port}`,
        pid: child.pid ?? 0,
        signal: (signal) => void child.kill(signal),
        ended: Effect.promise(() => exit),
        stdout: () => output.stdout,
        stderr: () => output.stderr
      }
      return { ams, home }
    }),
    ({ ams, home }) =>
      Effect.gen(function*() {
        ams.signal("SIGKILL")
        yield* ams.ended
        told("log", `${ams.stdout()} ${ams.stderr()}`)
        yield* Effect.promise(() => rm(home, { recursive: true, force: true }))
      })
  ).pipe(Effect.map(({ ams }) => ams))

/** Tries until it holds (assertions too): at most every 20 ms, for at most this long. */
export const eventually = <A, E, R>(check: Effect.Effect<A, E, R>, seconds = 20) =>
  check.pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: `${seconds} seconds` })))
  )

/** The same, for what is read and what it should be. */
export const becomes = <A, E, R>(read: Effect.Effect<A, E, R>, expected: (now: A) => void, seconds = 20) =>
  eventually(Effect.tap(read, (now) => Effect.sync(() => expected(now))), seconds)

/** Seconds; the first start makes a database, beside whatever else the machine does. */
const startWithin = 45

export const ready = (ams: Ams) =>
  Effect.raceFirst(
    eventually(
      Effect.tryPromise(async () => {
        const answer = await fetch(`${ams.url}/health/ready`)
        if (answer.status !== 200) throw new Error(String(answer.status))
      }),
      startWithin
    ),
    Effect.flatMap(ams.ended, (code) => Effect.die(new Error(`AMS ended with ${code}: ${ams.stderr()}`)))
  )

export const startAms = (env: Readonly<Record<string, string>>) => Effect.tap(spawnAms(env), ready)

export interface Answer {
  readonly status: number
  /** What stands in the body at a path such as `data.0.status`; undefined when there is nothing. */
  readonly at: (path: string) => unknown
}

const reader = (json: unknown) => (path: string): unknown =>
  path.split(".").reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    json
  )

/** One call; never fails for a status. */
export const call = (
  ams: Pick<Ams, "url">,
  method: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } =
    {}
) =>
  Effect.promise(async (signal): Promise<Answer> => {
    heard(options.body, path)
    const answer = await fetch(`${ams.url}${path}`, {
      method,
      signal,
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) })
    })
    const text = await answer.text()
    const json: unknown = text === "" ? null : JSON.parse(text)
    if (answer.ok) heard(json, path)
    else told("problem", text)
    return { status: answer.status, at: reader(json) }
  })

export const login = (ams: Pick<Ams, "url">, loginId: string, password: string) =>
  Effect.map(
    call(ams, "POST", "/api/v1/auth/login", { body: { loginId, password } }),
    (answer) => String(answer.at("data.accessToken"))
  )
