/**
 * (f) What a command costs while nobody outside answers: check-ins over HTTP at a steady rate, with the provider and the
 * read side (MongoDB) well, with a slow provider, and with both hanging; the same process in turn, so that each time is
 * compared with the one beside it.
 */
import { Effect, Redacted } from "effect"
import { Agent } from "node:http"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import { startOwnMongo } from "../test/support/mongodb/start.ts"
import { postmasterOf, secondsOf, secondsOfServer } from "./cpu.ts"
import type { Provider } from "./hanging-server.ts"
import { type Press, press, serve, type Server, stop, tokensFor } from "./http.ts"
import { school } from "./school.ts"
import { median, migrated, percentile, query, table } from "./support.ts"

/** Commands a second, half of them a student's request, half its confirmation a second later. */
const rate = Number(process.env["BENCH_RATE"] ?? 100)
const warmSeconds = Number(process.env["BENCH_WARM"] ?? 20)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 20)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)

/** Requests and confirmations in turn, each of another student. */
const presses = Effect.fnUntraced(function*(url: string, key: Redacted.Redacted) {
  const academies = 10
  const needed = (rate * (warmSeconds + 3 * rounds * seconds)) / 2 + rate * (3 * rounds + 1)
  const sessions = Math.ceil(needed / academies / 100)
  const seats = yield* Effect.promise(() => school(url, { academies, students: 100, sessions, came: false }))
  // Students of all academies in turn.
  const spread = seats.map((_, n) => seats[(n * 7919) % seats.length]).filter((seat) => seat !== undefined)
  const students = yield* tokensFor(key, spread.map(({ academyId, studentId }) => ({ academyId, memberId: studentId })))
  const teachers = yield* tokensFor(key, spread.map(({ academyId, teacherId }) => ({ academyId, memberId: teacherId })))
  return spread.map(({ sessionId, studentId }, n): readonly [request: Press, confirm: Press] => {
    const path = `/sessions/${sessionId}/attendances`
    return [
      { path, token: students[n] ?? "" },
      { path: `${path}/confirm`, token: teachers[n] ?? "", body: { students: [{ studentId }] } }
    ]
  })
})

/** An open loop: each command at its time, whatever became of those before. Answers ms from that time on. */
const load = async (
  server: Server,
  agent: Agent,
  all: ReturnType<ReadonlyArray<readonly [Press, Press]>["values"]>,
  seconds: number
) => {
  const took: Array<number> = []
  const wrong = new Map<number, number>()
  const waiting: Array<Press> = []
  const one = async (what: Press, at: number, next?: Press) => {
    const status = await press(agent, server, what)
    took.push(performance.now() - at)
    if (status !== 200 && status !== 201) wrong.set(status, (wrong.get(status) ?? 0) + 1)
    else if (next !== undefined) waiting.push(next)
  }
  const under: Array<Promise<void>> = []
  const began = performance.now()
  for (let n = 0; n < rate * seconds; n++) {
    const at = began + (n * 1000) / rate
    const early = at - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    const confirm = waiting.length > rate / 2 && n % 2 === 1 ? waiting.shift() : undefined
    const [request, itsConfirm] = confirm === undefined ? all.next().value ?? [] : []
    const next = confirm ?? request
    if (next === undefined) throw new Error("no student is left")
    under.push(one(next, at, itsConfirm))
  }
  await Promise.all(under)
  if (wrong.size > 0) throw new Error(`answers: ${JSON.stringify([...wrong])}`)
  return took
}

const openDeliveries = (url: string) =>
  query(url, "select count(*)::int as open from event_delivery").then(([row]) => row?.open ?? 0)

interface Round {
  readonly p50: number
  readonly p99: number
  /** Processor time for each command and what followed from it, in µs. */
  readonly server: number
  readonly database: number
  /** Deliveries at the end. */
  readonly open: number
}

export const hanging = Effect.fnUntraced(function*(serverUrl: string) {
  const mongo = yield* Effect.acquireRelease(
    Effect.promise(startOwnMongo),
    (mongo) => Effect.promise(mongo.stop)
  )
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  const key = yield* Jwt.generateKey
  const url = yield* migrated(serverUrl, "hanging")
  const all = (yield* presses(url, key)).values()
  const server = yield* Effect.acquireRelease(
    Effect.promise(() =>
      serve("AMS", "hanging-server.ts", {
        DATABASE_URL: url,
        MONGODB_URL: mongo.url,
        AMS_ENV: "production",
        JWT_PRIVATE_KEY: Redacted.value(key)
      })
    ),
    (server) => Effect.promise(() => stop(server))
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const results = new Map<Provider, Array<Round>>()
  const used = () => [secondsOf(server.child.pid ?? 0), secondsOfServer(postmaster)] as const
  const round = async (provider: Provider) => {
    server.child.send(provider)
    if (provider === "hanging") mongo.pause()
    const [own, database] = used()
    const took = await load(server, agent, all, seconds)
    const [ownThen, databaseThen] = used()
    const open = await openDeliveries(url)
    server.child.send("well")
    mongo.resume()
    // Circuits close again, and what has waited is handled.
    while (await openDeliveries(url) > 0) await new Promise((resolve) => setTimeout(resolve, 200))
    const micros = (seconds: number) => (seconds * 1_000_000) / took.length
    const one = {
      p50: percentile(took, 50),
      p99: percentile(took, 99),
      server: micros(ownThen - own),
      database: micros(databaseThen - database),
      open
    }
    results.set(provider, [...results.get(provider) ?? [], one])
  }
  const order: ReadonlyArray<Provider> = ["well", "slow", "hanging"]
  yield* Effect.promise(async () => {
    await load(server, agent, all, warmSeconds)
    for (let n = 0; n < rounds; n++) {
      for (const provider of n % 2 === 0 ? order : order.toReversed()) await round(provider)
    }
    agent.destroy()
  })
  const well = results.get("well") ?? []
  return table([
    [
      `${rate} commands a second`,
      "p50 ms",
      "p99 ms",
      "p50 ratio",
      "p99 ratio",
      "server µs",
      "PostgreSQL µs",
      "open at the end"
    ],
    ...order.map((provider) => {
      const its = results.get(provider) ?? []
      const ratio = (of: "p50" | "p99") => median(its.map((one, n) => one[of] / (well[n]?.[of] ?? Number.NaN)))
      return [
        `providers ${provider}`,
        median(its.map(({ p50 }) => p50)),
        median(its.map(({ p99 }) => p99)),
        ratio("p50"),
        ratio("p99"),
        median(its.map((one) => one.server)),
        median(its.map((one) => one.database)),
        median(its.map(({ open }) => open))
      ]
    })
  ])
}, Effect.scoped)
