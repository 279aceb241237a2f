/** What a run says for itself: whether each promise held, and the figures; for people and as JSON. */
import type { Run } from "./Chaos.ts"
import { takeOverWithin } from "./Faults.ts"
import type { Breaks } from "./Ledger.ts"

/** SIGTERM to exit, in ms. */
const endsWithin = 25_000

export interface Promise_ {
  readonly promise: string
  readonly kept: boolean
  readonly found: string
}

const percentile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * p) / 100) - 1)] ?? Number.NaN
}
const spread = (values: ReadonlyArray<number>) => ({
  p50: percentile(values, 50),
  p99: percentile(values, 99),
  // Half an hour has more values than a call may have arguments.
  max: values.reduce((a, b) => Math.max(a, b), -Infinity)
})

const seconds = (millis: number) => `${(millis / 1_000).toFixed(1)} s`
/** Milliseconds, for people. */
const told = (values: ReadonlyArray<number>) => {
  const { max, p50, p99 } = spread(values)
  return `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)}`
}
const counted = (list: ReadonlyArray<string>) =>
  [...Map.groupBy(list, (one) => one)].map(([what, some]) => `${some.length} ${what}`).sort().join(", ")

const slice = 5_000
/** How it went, by slices of 5 s. */
const timeline = ({ lasted, sent }: Run) =>
  Array.from({ length: Math.ceil(lasted / slice) }, (_, index) => {
    const some = sent.filter(({ at }) => Math.floor(at / slice) === index)
    const committed = some.filter(({ outcome }) => outcome === "committed")
    return {
      from: index * slice,
      sent: some.length,
      committed: committed.length,
      unknown: some.filter(({ outcome }) => outcome === "unknown").length,
      p50: committed.length === 0 ? null : percentile(committed.map(({ took }) => took), 50)
    }
  })

const promises = (run: Run): ReadonlyArray<Promise_> => {
  const { deaths, endings, found, takeOvers } = run
  const none = (breaks: Breaks, promise: string): Promise_ => {
    const n = found.claims.filter((one) => one.breaks === breaks).reduce((sum, one) => sum + one.contradicted, 0)
    return { promise, kept: n === 0, found: String(n) }
  }
  const took = takeOvers.flatMap((one) => one.took)
  const left = takeOvers.reduce((sum, one) => sum + one.left, 0)
  const { p99 } = spread(took)
  const died = deaths.filter(({ served }) => served)
  const unclean = endings.filter(({ code, took }) => code !== 0 || took > endsWithin)
  return [
    none("lost", "nothing is lost"),
    none("stuck", "nothing is stuck"),
    none("duplicate", "no effect happens twice"),
    none("untrue", "no effect is denied"),
    {
      promise: `what a dead process held is taken over within ${seconds(takeOverWithin)} (p99)`,
      kept: left === 0 && !(p99 > takeOverWithin),
      found: `${took.length === 0 ? "none was held" : `${told(took)} of ${took.length}`}${
        left === 0 ? "" : `, ${left} never`
      }`
    },
    {
      promise: "no process ends by itself",
      kept: died.length === 0,
      found: died.length === 0
        ? "0"
        : died.map(({ at, code, node }) => `node ${node} at ${seconds(at)} with ${code}`).join(", ")
    },
    {
      promise: `SIGTERM is exit 0 within ${seconds(endsWithin)}`,
      kept: unclean.length === 0,
      found: endings.length === 0
        ? "none was sent"
        : endings.map(({ code, took }) => `${code} after ${seconds(took)}`).join(", ")
    }
  ]
}

/** What is kept as JSON. */
export const report = (run: Run, again: string) => {
  const { sent, ...rest } = run
  const latency = spread(sent.filter(({ outcome }) => outcome === "committed").map(({ took }) => took))
  return {
    again,
    promises: promises(run),
    commands: {
      sent: sent.length,
      outcomes: Object.fromEntries(
        [...Map.groupBy(sent, ({ outcome }) => outcome)].map(([outcome, some]) => [outcome, some.length])
      ),
      answers: counted(sent.map(({ status, why }) => String(status ?? why))),
      latency
    },
    timeline: timeline(run),
    ...rest
  }
}
export type Report = ReturnType<typeof report>

export const kept = ({ promises }: Report): boolean => promises.every((one) => one.kept)

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
}

/** What is printed. */
export const lines = (one: Report): ReadonlyArray<string> => {
  const { commands, found, injected, options, takeOvers } = one
  const { outcomes } = commands
  const times = (what: "kill" | "stop") => {
    const cases = takeOvers.filter((each) => each.what === what)
    const took = cases.flatMap((each) => each.took)
    const disturbed = cases.flatMap((each) => each.disturbed)
    return [
      `${cases.length}`,
      ...(took.length === 0 ? [] : [`${took.length} deliveries in hand, ${told(took)}`]),
      ...(disturbed.length === 0
        ? []
        : [`${disturbed.length} disturbed, ${told(disturbed)}`])
    ].join("; ")
  }
  return [
    "",
    ...table([
      ["run", `seed ${options.seed}, ${options.nodes} nodes, ${seconds(one.lasted)}, read side in ${options.readSide}`],
      ["faults", String(injected.length)],
      [
        "commands",
        `${commands.sent} sent: ${outcomes["committed"] ?? 0} committed, ${outcomes["refused"] ?? 0} refused, `
        + `${outcomes["unknown"] ?? 0} unknown (${found.unknownCommitted.length} of them committed), ${
          outcomes["unsent"] ?? 0
        } not taken`
      ],
      ["answers", commands.answers],
      ["latency", `p50 ${commands.latency.p50} ms, p99 ${commands.latency.p99} ms of the committed ones`],
      ["events", `${found.events}, with ${found.deliveries} deliveries; ${one.mostOpen} open at most`],
      ["messages", `${found.messages} for ${found.notifications} notifications`],
      [
        "settled",
        one.settledIn === undefined
          ? "no delivery got done for two minutes"
          : `${seconds(one.settledIn)} after the load`
      ],
      [
        "machine",
        `somebody waited for a processor ${one.machine.waited} % of the time; the driver's own timers came late by p99 ${one.machine.late.p99} ms, max ${one.machine.late.max} ms`
      ],
      ["kills", times("kill")],
      ["stops over 8 s", times("stop")]
    ]),
    "",
    ...table([
      ["", "ledger", "examined", "against it"],
      ...found.claims.map(({ claim, contradicted, examined }) => [
        contradicted === 0 ? "✓" : "✗",
        claim,
        String(examined),
        String(contradicted)
      ])
    ]),
    ...found.claims.flatMap(({ claim, samples }) =>
      samples.length === 0 ? [] : ["", `  ${claim}; against it:`, ...samples.map((sample) => `    ${sample}`)]
    ),
    "",
    ...table([
      ["", "promise", "found"],
      ...one.promises.map(({ found, kept, promise }) => [kept ? "✓" : "✗", promise, found])
    ]),
    ""
  ]
}
