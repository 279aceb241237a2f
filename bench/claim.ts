/**
 * (d) Taking deliveries from the table: how long one claim takes, what a row of it costs PostgreSQL, and how fast one
 * process drains them with a handler that does nothing.
 */
import { Duration, Effect } from "effect"
import { Incarnation } from "../src/domain/Ids.ts"
import { DeliveryStore } from "../src/ports/DeliveryStore.ts"
import { postmasterOf, secondsOfServer } from "./cpu.ts"
import { drained } from "./drain.ts"
import { delivering, median, migrated, percentile, query, table, waiting } from "./support.ts"

const claims = Number(process.env["BENCH_CLAIMS"] ?? 20)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)

/** As `Delivery.ts` asks for them. */
const room = { handler: "ReadModelSync", places: 4000, each: 64, full: [] } as const

interface Situation {
  readonly name: string
  readonly plant: (url: string) => Promise<unknown>
  /** To be drained; none where most are not due. */
  readonly deliveries?: number
}

const situations: ReadonlyArray<Situation> = [
  {
    name: "100,000 of one academy",
    plant: (url) => waiting(url, { academies: 1, each: 100_000 }),
    deliveries: 100_000
  },
  {
    name: "100 of each of 1,000 academies",
    plant: (url) => waiting(url, { academies: 1000, each: 100 }),
    deliveries: 100_000
  },
  {
    name: "one of each of 100, beside 10,000 postponed",
    plant: (url) =>
      waiting(url, { academies: 1, each: 10_000, dueIn: "1 hour" }).then(() =>
        waiting(url, { academies: 100, each: 1, from: 1 })
      )
  }
]

const claim = Effect.fnUntraced(function*(url: string, postmaster: number, comeBack: boolean) {
  const store = yield* DeliveryStore
  const self = Incarnation.make(crypto.randomUUID())
  yield* store.join(self)
  const took: Array<number> = []
  let rows = 0
  let processor = 0
  // The first one plans its statement.
  for (let n = 0; n <= claims; n++) {
    const began = performance.now()
    const before = secondsOfServer(postmaster)
    const { deliveries } = yield* store.claim(self, [room], true, () => true)
    if (n > 0) {
      took.push(performance.now() - began)
      processor += secondsOfServer(postmaster) - before
      rows += deliveries.length
    }
    if (comeBack) yield* store.giveBack(deliveries, Duration.zero)
  }
  yield* store.leave(self)
  return {
    took,
    rows: rows / claims,
    perSecond: (rows * 1000) / took.reduce((a, b) => a + b, 0),
    micros: (processor * 1e6) / rows
  }
}, (effect, url) =>
  Effect.provide(
    effect,
    delivering(["ReadModelSync"], { commandConnections: 1, backgroundConnections: 1, otherConnections: 2 }, url)
  ))

const measure = Effect.fnUntraced(function*(serverUrl: string, { deliveries, plant }: Situation, name: string) {
  const url = yield* migrated(serverUrl, name)
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  yield* Effect.promise(() => plant(url))
  const claimed = yield* claim(url, postmaster, deliveries === undefined)
  const drain = deliveries === undefined ? Number.NaN : yield* drained(url, deliveries)
  yield* Effect.promise(() => query(serverUrl, `drop database ${name} with (force)`))
  return { ...claimed, drain }
})

export const claiming = Effect.fnUntraced(function*(serverUrl: string) {
  const rows: Array<ReadonlyArray<string | number>> = []
  for (const [index, situation] of situations.entries()) {
    const all = yield* Effect.forEach(
      Array.from({ length: rounds }),
      (_, round) => measure(serverUrl, situation, `claim_${index}_${round}`)
    )
    const took = all.flatMap((one) => one.took)
    const middle = (of: (one: typeof all[number]) => number) => median(all.map(of))
    rows.push([
      situation.name,
      middle((one) => one.rows),
      percentile(took, 50),
      percentile(took, 99),
      middle((one) => one.perSecond),
      middle((one) => one.micros),
      middle((one) => one.drain)
    ])
  }
  return table([
    [
      "waiting deliveries",
      "rows a claim",
      "p50 ms",
      "p99 ms",
      "rows a second",
      "PostgreSQL µs a row",
      "drained a second"
    ],
    ...rows
  ])
})
