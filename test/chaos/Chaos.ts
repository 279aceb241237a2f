/** One run: databases, processes, load, faults; then quiet, and the ledger. */
import { Clock, Console, Effect } from "effect"
import { readFileSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { startOwnMongo } from "../support/mongodb/start.ts"
import { isProcessFault, schedule } from "./Faults.ts"
import { inject } from "./Injector.ts"
import { ledger } from "./Ledger.ts"
import { startOwnPostgres } from "./Postgres.ts"
import { settled, setUp } from "./Stage.ts"
import { watchTakeOvers } from "./TakeOver.ts"
import type { Size } from "./World.ts"

export interface Options {
  readonly seed: number
  readonly minutes: number
  readonly nodes: number
  /** Commands a second. */
  readonly rate: number
  readonly readSide: "mongodb" | "postgresql"
  /** Where the logs of the processes go. */
  readonly logs: string
}

/** As many classes as keep people pressing "I am here" until the end, within reason. */
const sizeFor = ({ minutes }: Options): Size => ({
  academies: 4,
  classes: Math.min(40, Math.max(8, Math.ceil(minutes * 5))),
  students: 40,
  minutes: Math.ceil(minutes) + 30
})

/** A MongoDB of the run's own, gone with the scope. */
export const ownMongo = Effect.acquireRelease(
  Effect.promise(() => startOwnMongo()),
  (own) => Effect.promise(() => own.stop())
)

/**
 * How busy the machine is, whatever AMS does: by how many ms the driver's own timers come late, and how much of the time
 * (percent) some process waited for a processor, as the kernel counts it (Linux: /proc/pressure/cpu).
 */
const machine = Effect.gen(function*() {
  const waited = () => {
    try {
      return Number(/^some .*total=(\d+)/m.exec(readFileSync("/proc/pressure/cpu", "utf8"))?.[1])
    } catch {
      return Number.NaN
    }
  }
  const histogram = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const started = monitorEventLoopDelay({ resolution: 10 })
      started.enable()
      return started
    }),
    (running) => Effect.sync(() => running.disable())
  )
  const before = { waited: waited(), at: performance.now() }
  return () => ({
    waited: Math.round((waited() - before.waited) / (performance.now() - before.at) / 10),
    late: { p99: Math.round(histogram.percentile(99) / 1_000_000), max: Math.round(histogram.max / 1_000_000) }
  })
})

/** Runs it and gives everything that a report needs. */
export const chaos = Effect.fnUntraced(function*(options: Options) {
  const { minutes, nodes, rate, seed } = options
  const seconds = minutes * 60
  yield* Console.log(`chaos: seed ${seed}, ${nodes} nodes, ${minutes} min, ${rate} commands a second`)

  const postgres = yield* startOwnPostgres
  const mongo = options.readSide === "postgresql" ? undefined : yield* ownMongo
  const { fleet, load: makeLoad, witness } = yield* setUp({
    url: postgres.url,
    mongodb: mongo === undefined ? undefined : { url: mongo.url, database: "chaos" },
    nodes,
    size: sizeFor(options)
  })
  yield* Effect.addFinalizer(() => fleet.keepLogs(options.logs))
  const faults = schedule(seed, { seconds, nodes, mongo: mongo !== undefined })
  const load = yield* makeLoad(seed, { seconds, rate, flurries: faults.filter(isProcessFault) })

  return yield* Effect.gen(function*() {
    const takeOvers = yield* watchTakeOvers
    const busy = yield* machine
    const began = yield* Clock.currentTimeMillis
    const [injected] = yield* Effect.all([
      inject({ faults, began, fleet, postgres, mongo, takeOvers }),
      load.run(began)
    ], { concurrency: 2 })
    const lasted = (yield* Clock.currentTimeMillis) - began
    yield* Console.log(`  ${(lasted / 1_000).toFixed(1).padStart(7)} s  quiet`)
    const settledIn = yield* settled
    const found = yield* ledger(load.sent)
    return {
      options,
      lasted,
      settledIn,
      injected,
      sent: load.sent,
      deaths: fleet.deaths.map((death) => ({ ...death, at: death.at - began })),
      endings: fleet.endings,
      takeOvers: takeOvers.outcome(fleet.ups).map((one) => ({ ...one, at: one.at - began })),
      machine: busy(),
      mostOpen: Math.max(0, ...takeOvers.backlog.map(({ open }) => open)),
      found
    }
    // Whoever still looks into the database ends before its client does.
  }).pipe(Effect.scoped, Effect.provide(witness))
}, Effect.scoped)
export type Run = Effect.Success<ReturnType<typeof chaos>>
