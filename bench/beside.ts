/** Contestants over HTTP: in alternating order, each round's figures beside each other's. */
import { Effect } from "effect"
import { Agent } from "node:http"
import { secondsOf, secondsOfServer } from "./cpu.ts"
import { type Press, press, serve, type Server, stop } from "./http.ts"
import { median, migrated, percentile, query } from "./support.ts"

export interface Contestant {
  readonly name: string
  /** Of this folder. */
  readonly script: string
  readonly env: Readonly<Record<string, string>>
}

export interface Round {
  readonly perSecond: number
  /** In ms. */
  readonly p50: number
  readonly p99: number
  /** Processor time of the process and of PostgreSQL for each call, in µs. */
  readonly server: number
  readonly database: number
}

export interface Load {
  /** So many clients, each of which calls again as soon as it is answered. */
  readonly connections: number
  /** A server runs for months: what is measured is compiled code. */
  readonly warmSeconds: number
  readonly seconds: number
}

const during = async (
  server: Server,
  postmaster: number,
  next: () => Press,
  connections: number,
  seconds: number
): Promise<Round> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const before = { own: secondsOf(server.child.pid ?? 0), database: secondsOfServer(postmaster) }
  const until = performance.now() + seconds * 1000
  const latencies: Array<number> = []
  const wrong = new Map<number, number>()
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < until) {
      const started = performance.now()
      const status = await press(agent, server, next())
      if (status === 200 || status === 201) latencies.push(performance.now() - started)
      else wrong.set(status, (wrong.get(status) ?? 0) + 1)
    }
  }))
  agent.destroy()
  if (wrong.size > 0) throw new Error(`${server.name} answered ${JSON.stringify([...wrong])}`)
  const micros = (seconds: number) => (seconds * 1_000_000) / latencies.length
  return {
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    server: micros(secondsOf(server.child.pid ?? 0) - before.own),
    database: micros(secondsOfServer(postmaster) - before.database)
  }
}

/** One round of one contestant. `ended`: while its server still runs. */
export const round = async (
  { env, name, script }: Contestant,
  shared: Readonly<Record<string, string>>,
  postmaster: number,
  next: () => Press,
  { connections, seconds, warmSeconds }: Load,
  ended: () => Promise<void> = () => Promise.resolve()
) => {
  const server = await serve(name, script, { ...shared, ...env })
  try {
    await during(server, postmaster, next, connections, warmSeconds)
    const measured = await during(server, postmaster, next, connections, seconds)
    await ended()
    return measured
  } finally {
    await stop(server)
  }
}

export type Results = ReadonlyMap<string, ReadonlyArray<Round>>

/** All rounds, each contestant's in their order. */
export const rounds = Effect.fnUntraced(function*<E, R>(
  contestants: ReadonlyArray<Contestant>,
  times: number,
  one: (contestant: Contestant) => Effect.Effect<Round, E, R>
) {
  const results = new Map<string, Array<Round>>(contestants.map(({ name }) => [name, []]))
  for (let n = 0; n < times; n++) {
    for (const contestant of n % 2 === 0 ? contestants : contestants.toReversed()) {
      results.get(contestant.name)?.push(yield* one(contestant))
    }
  }
  return results
})

/** A database of a round's own. */
export const fresh = <A, E, R>(serverUrl: string, use: (url: string) => Effect.Effect<A, E, R>) => {
  const name = `round_${crypto.randomUUID().replaceAll("-", "")}`
  return Effect.acquireUseRelease(
    migrated(serverUrl, name),
    use,
    () => Effect.promise(() => query(serverUrl, `drop database ${name} with (force)`))
  )
}

export const heading = (title: string, peer: string): ReadonlyArray<string> => [
  title,
  "per second",
  "p50 ms",
  "p99 ms",
  "server µs",
  "PostgreSQL µs",
  `ratio to ${peer}`
]

/** Medians, and of each round the ratio to the peer's of the same round. */
export const rowsOf = (results: Results, peer: string): ReadonlyArray<ReadonlyArray<string | number>> => {
  const peers = results.get(peer) ?? []
  return [...results].map(([name, own]) => [
    name,
    median(own.map((one) => one.perSecond)),
    median(own.map((one) => one.p50)),
    median(own.map((one) => one.p99)),
    median(own.map((one) => one.server)),
    median(own.map((one) => one.database)),
    median(own.map((one, n) => one.perSecond / (peers[n]?.perSecond ?? Number.NaN)))
  ])
}
