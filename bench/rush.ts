/**
 * Four o'clock: students of 9,000 academies press "I am here", 1,500 a second for a minute, however many of them are
 * answered. AMS with its handlers in the process; what is refused is counted, and so is what the handlers still have to do
 * when the minute is over.
 *
 * BENCH_RATE, BENCH_SECONDS, BENCH_ACADEMIES; BENCH_MONGODB=1 keeps the read side there; BENCH_PROCESSES=2 adds a process
 * that runs handlers only, BENCH_ROLE=api takes them away from the one that answers.
 */
import { Effect, Redacted } from "effect"
import { MongoClient } from "mongodb"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import { subscribersOf } from "../src/domain/Subscription.ts"
import { startOwnMongo } from "../test/support/mongodb/start.ts"
import { postmasterOf, secondsOf, secondsOfServer } from "./cpu.ts"
import { crowd } from "./crowd.ts"
import { launch, serve, stop } from "./http.ts"
import { offer, type Outcome } from "./offer.ts"
import { migrated, percentile, query, table } from "./support.ts"

const rate = Number(process.env["BENCH_RATE"] ?? 1500)
const seconds = Number(process.env["BENCH_SECONDS"] ?? 60)
const academies = Number(process.env["BENCH_ACADEMIES"] ?? 9000)
const processes = Number(process.env["BENCH_PROCESSES"] ?? 1)
const role = process.env["BENCH_ROLE"] ?? "all"
const warmSeconds = Number(process.env["BENCH_WARM"] ?? 20)
/** A server that has been running is not one that is overloaded already. */
const warmRate = rate / 5
const slices = 6
const drainWithin = 600_000

const handlers = subscribersOf("AttendanceRequested").length

/** Deliveries to be done, and how long the oldest has been waiting, in s. */
const backlog = async (url: string) => {
  const [row] = await query(
    url,
    `select count(*)::int as open,
      coalesce(extract(epoch from clock_timestamp() - min(uuid_extract_timestamp(event_id))), 0)::float8 as oldest
    from event_delivery`
  )
  return { at: performance.now(), open: Number(row?.open), oldest: Number(row?.oldest) }
}

/** Waits until nothing is open; how long that took in s, or undefined when it gave up. */
const drained = async (url: string, since: number) => {
  while (performance.now() < since + drainWithin) {
    const [row] = await query(url, "select exists (select from event_delivery) as open")
    if (row?.open === false) return (performance.now() - since) / 1000
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return undefined
}

/** MongoDB for the read side, which counts as written. */
const mongo = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = await startOwnMongo()
      const client = new MongoClient(server.url)
      const [row] = await query(url, "select epoch::text from system")
      await client.db("ams").collection<{ _id: string; epoch: unknown }>("meta").insertOne({
        _id: "epoch",
        epoch: row?.epoch
      })
      return {
        env: { MONGODB_URL: server.url },
        documents: () => client.db("ams").collection("attendance").countDocuments(),
        stop: () => client.close().then(server.stop)
      }
    }),
    ({ stop }) => Effect.promise(stop)
  )

const inPostgres = (url: string) => ({
  env: {},
  documents: () => query(url, "select count(*)::int as n from read.attendance").then(([row]) => Number(row?.n))
})

const counted = async (url: string) => {
  const [row] = await query(
    url,
    "select (select count(*)::int from attendance) as attendances, (select count(*)::int from failed_event) as failed"
  )
  return { attendances: Number(row?.attendances), failed: Number(row?.failed) }
}

const well = ({ status }: Outcome) => status === 201

/** What was answered in one part of the minute. */
const slice = (
  name: string,
  its: ReadonlyArray<Outcome>,
  perSecond: number,
  lag?: { open: number; oldest: number }
) => {
  const took = its.filter(well).map((one) => one.took)
  return [
    name,
    perSecond,
    percentile(took, 50),
    percentile(took, 99),
    its.filter(({ status }) => status === 503).length,
    its.filter((one) => !well(one) && one.status !== 503).length,
    lag?.open ?? Number.NaN,
    lag?.oldest ?? Number.NaN
  ]
}

export const rush = Effect.fnUntraced(function*(serverUrl: string) {
  const url = yield* migrated(serverUrl, "rush")
  const key = yield* Jwt.generateKey
  const planting = performance.now()
  const warmUp = warmRate * warmSeconds
  const presses = yield* Effect.promise(() => crowd(url, key, { academies, checkIns: warmUp + rate * seconds }))
  console.error(
    `${academies} academies and ${presses.length} tokens made in ${text(performance.now() - planting)} s`
  )
  const readSide = process.env["BENCH_MONGODB"] ? yield* mongo(url) : inPostgres(url)
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  const env = {
    DATABASE_URL: url,
    AMS_ENV: "production",
    JWT_PRIVATE_KEY: Redacted.value(key),
    ...readSide.env
  }
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => serve("AMS", "../src/main.ts", { ...env, AMS_ROLE: role })),
    (server) => Effect.promise(() => stop(server))
  )
  const workers = yield* Effect.acquireRelease(
    Effect.promise(() =>
      Promise.all(
        Array.from({ length: processes - 1 }, () => launch("../src/main.ts", { ...env, AMS_ROLE: "worker" }))
      )
    ),
    (workers) => Effect.promise(() => Promise.all(workers.map((child) => stop({ child }))))
  )
  const used = () => ({
    own: secondsOf(server.child.pid ?? 0),
    workers: workers.reduce((sum, { pid }) => sum + secondsOf(pid ?? 0), 0),
    database: secondsOfServer(postmaster)
  })
  return yield* Effect.promise(async () => {
    const running = processes - (role === "api" ? 1 : 0)
    const nodes = () => query(url, "select count(*)::int as n from node").then(([row]) => Number(row?.n))
    while (await nodes() < running) await new Promise((resolve) => setTimeout(resolve, 100))
    await offer([server], presses.slice(0, warmUp), warmRate)
    await drained(url, performance.now())
    await query(url, "vacuum analyze attendance, attendance_change")
    const countedBefore = await counted(url)
    const shownBefore = await readSide.documents()

    const before = used()
    const lags = Array.from(
      { length: slices - 1 },
      (_, n) =>
        new Promise<Awaited<ReturnType<typeof backlog>>>((resolve) =>
          setTimeout(() => resolve(backlog(url)), ((n + 1) * seconds * 1000) / slices)
        )
    )
    const { promise: atTheEnd, resolve: ended } = Promise.withResolvers<Awaited<ReturnType<typeof backlog>>>()
    const { connections, late, outcomes, own } = await offer(
      [server],
      presses.slice(warmUp),
      rate,
      () => ended(backlog(url))
    )
    const last = await atTheEnd
    const took = await drained(url, last.at)
    const after = used()
    const each = await Promise.all([...lags, last])

    const part = (seconds * 1000) / slices
    const between = (from: number, until: number) => outcomes.filter(({ at }) => at > from && at <= until)
    const answered = outcomes.filter(well).length
    const inTime = between(0, seconds * 1000).filter(well).length
    const committed = (await counted(url)).attendances - countedBefore.attendances
    const shown = await readSide.documents() - shownBefore
    const micros = (of: keyof typeof after) => ((after[of] - before[of]) * 1_000_000) / committed
    const others = Map.groupBy(outcomes.filter((one) => !well(one)), ({ status }) => status)
    return [
      table([
        [
          `${rate} check-ins a second offered`,
          "answered a second",
          "p50 ms",
          "p99 ms",
          "503",
          "else",
          "deliveries open",
          "oldest s"
        ],
        ...each.map((lag, n) => {
          const its = between(n * part, (n + 1) * part)
          return slice(`until second ${text((n + 1) * part)}`, its, (its.filter(well).length * 1000) / part, lag)
        }),
        slice("answered afterwards", between(seconds * 1000, Infinity), Number.NaN),
        slice("all of it", outcomes, inTime / seconds, last)
      ]),
      table([
        ["in all", ""],
        ["offered", outcomes.length],
        ["answered 201", answered],
        ...[...others].map(([status, its]) => [`answered ${status}`, its.length]),
        ["committed", committed],
        ["documents of these", shown],
        ["failed events", (await counted(url)).failed - countedBefore.failed],
        ["deliveries done a second, in that time", (handlers * inTime - last.open) / seconds],
        ["s until all were done", took ?? Number.NaN],
        ["deliveries done a second, from then on", (last.open + handlers * (answered - inTime)) / (took ?? Number.NaN)],
        ["server µs a check-in", micros("own")],
        ...processes > 1 ? [["other processes µs", micros("workers")]] : [],
        ["PostgreSQL µs", micros("database")],
        ["connections at the most", connections],
        ["cores used by the load itself", own],
        ["sent late p99 ms", percentile(late, 99)]
      ])
    ].join("\n\n")
  })
}, Effect.scoped)

const text = (millis: number) => (millis / 1000).toFixed(millis < 10_000 ? 1 : 0)
