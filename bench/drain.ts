/**
 * (c) Draining 100,000 durable deliveries with a handler that does nothing, beside graphile-worker and pg-boss with
 * their fastest settings. Each starts with a full table and ends when the table is empty.
 */
import { Effect, Layer, Schedule } from "effect"
import { Logger, run } from "graphile-worker"
import { Pool } from "pg"
import { PgBoss } from "pg-boss"
import * as Delivery from "../src/application/events/Delivery.ts"
import { allDone, type EventHandler } from "../src/ports/EventHandler.ts"
import { delivering, inDatabase, median, migrated, query, table, waiting } from "./support.ts"

const jobs = Number(process.env["BENCH_JOBS"] ?? 100_000)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

/** One process of AMS takes everything that waits in this database; deliveries a second. */
export const drained = Effect.fnUntraced(function*(url: string, deliveries: number) {
  let seen = 0
  const handler: EventHandler = {
    name: "ReadModelSync",
    handle: (events) =>
      Effect.sync(() => {
        seen += events.length
        return allDone
      })
  }
  const pool = new Pool({ connectionString: url, max: 1 })
  const empty = Effect.promise(() => pool.query("select exists (select from event_delivery) as open")).pipe(
    Effect.map(({ rows }) => rows[0]?.open === false)
  )
  const seconds = yield* Effect.gen(function*() {
    const started = performance.now()
    yield* Effect.repeat(empty, { until: (is) => is, schedule: Schedule.spaced("20 millis") })
    return (performance.now() - started) / 1000
  }).pipe(Effect.provide(
    Delivery.layer(Effect.succeed([handler])).pipe(Layer.provide(
      delivering(["ReadModelSync"], { commandConnections: 1, backgroundConnections: 1, otherConnections: 2 }, url)
    ))
  ))
  yield* Effect.promise(() => pool.end())
  if (seen !== deliveries) throw new Error(`handled ${seen} of ${deliveries}`)
  return deliveries / seconds
})

const ams = Effect.fnUntraced(function*(serverUrl: string, name: string) {
  const url = yield* migrated(serverUrl, name)
  yield* Effect.promise(() => waiting(url, { academies: 1000, each: jobs / 1000 }))
  return yield* drained(url, jobs)
})

const graphile = (serverUrl: string, name: string) =>
  Effect.promise(async () => {
    await query(serverUrl, `create database ${name}`)
    const url = inDatabase(serverUrl, name)
    const pgPool = new Pool({ connectionString: url, max: 10 })
    let seen = 0
    let finish = () => {}
    const done = new Promise<void>((resolve) => (finish = resolve))
    const preset = {
      worker: {
        // It writes a line for each job otherwise.
        logger: new Logger(() => () => {}),
        concurrentJobs: 24,
        maxPoolSize: 10,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0
      }
    }
    const first = await run({ pgPool, preset, taskList: { noop: () => {} }, noHandleSignals: true })
    await first.stop()
    await query(
      url,
      `select graphile_worker.add_jobs(array(
        select json_populate_record(null::graphile_worker.job_spec, json_build_object('identifier', 'noop', 'payload', json_build_object('n', n)))
        from generate_series(1, ${jobs}) n))`
    )
    const started = performance.now()
    const runner = await run({
      pgPool,
      preset,
      noHandleSignals: true,
      taskList: {
        noop: () => {
          if (++seen === jobs) finish()
        }
      }
    })
    await done
    for (;;) {
      const { rows } = await pgPool.query("select exists (select from graphile_worker._private_jobs) as open")
      if (rows[0]?.open === false) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const seconds = (performance.now() - started) / 1000
    await runner.stop()
    await pgPool.end().catch(() => undefined)
    return jobs / seconds
  })

const boss = (serverUrl: string, name: string) =>
  Effect.promise(async () => {
    await query(serverUrl, `create database ${name}`)
    const url = inDatabase(serverUrl, name)
    const boss = new PgBoss({ connectionString: url, max: 10 })
    boss.on("error", () => {})
    await boss.start()
    await boss.createQueue("noop")
    for (let at = 0; at < jobs; at += 10_000) {
      await boss.insert("noop", Array.from({ length: Math.min(10_000, jobs - at) }, (_, n) => ({ data: { n } })))
    }
    const started = performance.now()
    let seen = 0
    // fetch and complete in a loop: its worker polls at most twice a second.
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (;;) {
        const batch = await boss.fetch("noop", { batchSize: 2000 })
        if (batch.length === 0) return
        seen += batch.length
        await boss.complete("noop", batch.map((job) => job.id))
      }
    }))
    const seconds = (performance.now() - started) / 1000
    await boss.stop({ graceful: false })
    if (seen !== jobs) throw new Error(`pg-boss handled ${seen} of ${jobs}`)
    return jobs / seconds
  })

export const drain = Effect.fnUntraced(function*(serverUrl: string) {
  const contestants = [
    { name: "AMS", run: ams },
    { name: "graphile-worker", run: graphile },
    { name: "pg-boss", run: boss }
  ]
  const results = new Map<string, Array<number>>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of (round % 2 === 0 ? contestants : contestants.toReversed()).entries()) {
      const database = `drain_${round}_${index}`
      results.get(contestant.name)?.push(yield* contestant.run(serverUrl, database))
      yield* Effect.promise(() => query(serverUrl, `drop database ${database} with (force)`))
    }
  }
  const rate = (name: string) => median(results.get(name) ?? [])
  const better = Math.max(rate("graphile-worker"), rate("pg-boss"))
  return table([
    [`draining ${jobs} deliveries`, "per second", "ratio to the better peer"],
    ...contestants.map(({ name }) => [name, rate(name), rate(name) / better])
  ])
})
