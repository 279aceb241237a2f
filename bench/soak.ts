/**
 * (g) Whether tables, memory and the engine's statements stay as they are under a steady load: BENCH_MINUTES (5), half of
 * them while another session keeps a transaction open, as a report that somebody forgot does. Beside it the same rows go
 * through one table instead of four, as they did before.
 *
 * Each of the four tables holds what was published in a quarter of a minute and is emptied once a minute: a few minutes show
 * the level.
 */
import { Effect, Layer, Redacted } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Client } from "pg"
import { generateKey } from "../src/adapters/out/security/JwtTokens.ts"
import { ports } from "../src/App.ts"
import type { Outcome } from "../src/domain/Message.ts"
import { Transaction, UnitOfWork } from "../src/ports/UnitOfWork.ts"
import { corrected, requested, school, type Seat } from "./school.ts"
import { startCopy } from "./soak-copy.ts"
import { median, migrated, percentile, query, table } from "./support.ts"
import { engineOf, settingsOf, taken } from "./whole.ts"

const minutes = Number(process.env["BENCH_MINUTES"] ?? 5)
/** Events a second; every tenth is told to a parent. That makes 2.3 times as many deliveries. */
const rate = Number(process.env["BENCH_RATE"] ?? 300)
const warmSeconds = Number(process.env["BENCH_WARM"] ?? 20)
const sampleEvery = 5

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** What is looked at, by its name. */
type Sample = Readonly<Record<string, number>>

const megabyte = 1024 * 1024

const sizes = `select
  (select sum(pg_total_relation_size(c.oid)) from pg_class c where c.relname ~ '^event_delivery_\\d$')::float8 as deliveries,
  (select count(*) from event_delivery)::int as rows,
  (select sum(n_dead_tup) from pg_stat_user_tables where relname ~ '^event_delivery_\\d$')::int as dead,
  pg_total_relation_size('one_table')::float8 as copy,
  pg_total_relation_size('failed_event')::float8 as failed,
  pg_total_relation_size('job')::float8 as job,
  pg_total_relation_size('node')::float8 as node`

/** One event at its time, whatever became of those before; every second one by a process that has no handlers. */
const publish = Effect.fnUntraced(
  function*(seats: ReadonlyArray<Seat>, others: UnitOfWork["Service"], seconds: number) {
    const own = yield* UnitOfWork
    const started = performance.now()
    yield* Effect.forEach(Array.from({ length: rate * seconds }, (_, n) => n), (n) => {
      const seat = seats[(n * 7919) % seats.length]
      if (seat === undefined) return Effect.void
      const fact = (n % 10 < 1 ? corrected : requested)(seat, 2)
      const one = (n % 2 === 0 ? own : others).run(
        { academyId: seat.academyId, actor: null },
        Effect.flatMap(Transaction, (transaction) => transaction.append(fact))
      )
      return Effect.andThen(
        Effect.suspend(() => Effect.sleep(Math.max(0, started + (n * 1000) / rate - performance.now()))),
        Effect.forkChild(one)
      )
    }, { discard: true })
  }
)

/** The least, the middle, the most, and by how much it grows in a minute. */
const summary = (values: ReadonlyArray<number>) => {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const over = values.reduce((sum, value, n) => sum + (n - middle) * (value - mean), 0)
  const under = values.reduce((sum, _, n) => sum + (n - middle) ** 2, 0)
  return [Math.min(...values), median(values), Math.max(...values), ((over / under) * 60) / sampleEvery]
}

export const soak = Effect.fnUntraced(function*(serverUrl: string) {
  const url = yield* migrated(serverUrl, "soak")
  const seats = yield* Effect.promise(() => school(url, { academies: 10, students: 50, came: true }))
  const times = { claim: new Array<number>(), complete: new Array<number>() }
  const flaky = Effect.suspend(() =>
    Effect.andThen(
      Effect.sleep("5 millis"),
      Math.random() < 0.02
        ? Effect.succeed<Outcome>({ _tag: "NotSent", rule: "http-503" })
        : Effect.succeed(taken)
    )
  )
  const engine = engineOf(url, { call: flaky, timed: (what, millis) => times[what].push(millis) })
  const copy = yield* Effect.acquireRelease(
    Effect.promise(() => startCopy(url, Math.round((rate * 2.3) / 10))),
    ({ stop }) => Effect.promise(stop)
  )
  const look = Effect.promise(async (): Promise<Sample> => {
    const [row] = await query(url, sizes)
    collect()
    const { heapUsed, rss } = process.memoryUsage()
    const [claim, complete, copied] = [times.claim.splice(0), times.complete.splice(0), copy.claims.splice(0)]
    return {
      "event_delivery, MB": row?.deliveries / megabyte,
      "its rows": row?.rows,
      "its dead rows": row?.dead,
      "one table instead, MB": row?.copy / megabyte,
      "failed_event, MB": row?.failed / megabyte,
      "job, MB": row?.job / megabyte,
      "node, MB": row?.node / megabyte,
      "heap, MB": heapUsed / megabyte,
      "RSS, MB": rss / megabyte,
      "claim p50, ms": percentile(claim, 50),
      "claim p99, ms": percentile(claim, 99),
      "completion p50, ms": percentile(complete, 50),
      "completion p99, ms": percentile(complete, 99),
      "claim in one table p50, ms": percentile(copied, 50)
    }
  })
  const phase = Effect.fnUntraced(function*(others: UnitOfWork["Service"], seconds: number) {
    const samples: Array<Sample> = []
    const sampling = Effect.forever(Effect.andThen(
      Effect.sleep(sampleEvery * 1000),
      Effect.map(look, (one) => {
        samples.push(one)
        if (process.env["BENCH_VERBOSE"]) console.error(JSON.stringify(one))
      })
    ))
    yield* Effect.race(publish(seats, others, seconds), sampling)
    return samples
  })
  const settings = yield* settingsOf(url, { AMS_ROLE: "api" })
  const found = { databaseUrl: Redacted.make(url), jwtPrivateKey: yield* generateKey }
  const phases = yield* Effect.gen(function*() {
    // Fresh, or it would be the engine's own.
    const others = yield* Effect.provide(UnitOfWork, yield* Layer.build(Layer.fresh(ports(settings, found))))
    yield* phase(others, warmSeconds)
    const alone = yield* phase(others, minutes * 30)
    const holder = new Client(url)
    const beside = yield* Effect.acquireUseRelease(
      Effect.promise(async () => {
        await holder.connect()
        await holder.query("begin isolation level repeatable read")
        await holder.query("select pg_current_xact_id(), count(*) from academy")
      }),
      () => phase(others, minutes * 30),
      () => Effect.promise(() => holder.end())
    )
    return { alone, beside }
  }).pipe(Effect.scoped, Effect.provide(engine))
  return table([
    [
      `${minutes} minutes at ${rate} events a second`,
      ...["alone", "transaction open"].flatMap((name) => [`${name}: min`, "median", "max", "a minute"])
    ],
    ...Object.keys(phases.alone[0] ?? {}).map((name) => [
      name,
      ...[phases.alone, phases.beside].flatMap((samples) => summary(samples.map((one) => one[name] ?? Number.NaN)))
    ])
  ])
}, Effect.scoped)
