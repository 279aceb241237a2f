/**
 * What counting costs: one take of a member's rate, in the process, and of a rate in PostgreSQL, one after another and
 * many at once, of an address each and of one. And how long it takes to delete what an attack has left. BENCH_TAKES (20,000).
 */
import { Effect, Layer, Redacted } from "effect"
import * as Clients from "../src/adapters/out/postgres/Clients.ts"
import * as Rates from "../src/adapters/out/postgres/PostgresRateLimits.ts"
import { RateLimits } from "../src/ports/RateLimits.ts"
import { fresh } from "./beside.ts"
import { postmasterOf, secondsOfServer } from "./cpu.ts"
import { percentile, query, table } from "./support.ts"

const takes = Number(process.env["BENCH_TAKES"] ?? 20_000)
const limits = { member: 1_000_000, address: 1_000_000, codes: { address: 1, academy: 1, all: 1 } }

interface Situation {
  readonly name: string
  readonly rate: "MEMBER" | "ADDRESS"
  readonly atOnce: number
  readonly keyOf: (n: number) => string
}

/** Whoever asks is one of so many. */
const one = () => "203.0.113.7"
const many = (n: number) => `10.0.${(n >> 8) % 256}.${n % 256}`

const situations: ReadonlyArray<Situation> = [
  { name: "in the process, of 50,000 members", rate: "MEMBER", atOnce: 1, keyOf: (n) => String(n % 50_000) },
  { name: "in PostgreSQL, one after another", rate: "ADDRESS", atOnce: 1, keyOf: many },
  { name: "16 at once, of an address each", rate: "ADDRESS", atOnce: 16, keyOf: many },
  { name: "16 at once, of one address", rate: "ADDRESS", atOnce: 16, keyOf: one }
]

const measure = Effect.fnUntraced(function*(postmaster: number, { atOnce, keyOf, rate }: Situation) {
  const rates = yield* RateLimits
  const took: Array<number> = []
  const take = (n: number) =>
    Effect.suspend(() => {
      const began = performance.now()
      return Effect.tap(rates.take(rate, keyOf(n)), () => Effect.sync(() => took.push(performance.now() - began)))
    })
  const all = (count: number) =>
    Effect.forEach(Array.from({ length: count }, (_, n) => n), take, { concurrency: atOnce, discard: true })
  // The first ones connect, plan and compile.
  yield* all(2_000)
  took.length = 0
  const before = { at: performance.now(), own: process.cpuUsage(), database: secondsOfServer(postmaster) }
  yield* all(takes)
  const { system, user } = process.cpuUsage(before.own)
  return [
    (takes * 1000) / (performance.now() - before.at),
    percentile(took, 50),
    percentile(took, 99),
    (user + system) / takes,
    ((secondsOfServer(postmaster) - before.database) * 1e6) / takes
  ]
})

const million = `insert into rate_counter select sha256(n::text::bytea), 1, false, now() - interval '1 second'
  from generate_series(1, 1000000) n`

export const rates = (serverUrl: string) =>
  fresh(serverUrl, (url) =>
    Effect.gen(function*() {
      const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
      const rows = yield* Effect.forEach(
        situations,
        (situation) => Effect.map(measure(postmaster, situation), (figures) => [situation.name, ...figures])
      )
      yield* Effect.promise(() => query(url, million))
      const began = performance.now()
      // As `PostgresRetention` does.
      yield* Effect.promise(() => query(url, "delete from rate_counter where expires_at < now()"))
      return `${table([["a take", "a second", "p50 ms", "p99 ms", "process µs", "PostgreSQL µs"], ...rows])}
  a million old counters are deleted in ${(performance.now() - began).toFixed(0)} ms`
    }).pipe(Effect.provide(Layer.provideMerge(
      Rates.layer(limits, Redacted.make("a key")),
      Clients.layer({ url: Redacted.make(url), commandConnections: 1, backgroundConnections: 1, otherConnections: 10 })
    ))))
