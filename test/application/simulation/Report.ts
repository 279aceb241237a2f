/** What to read when a seed breaks a promise: how to see it again, the smallest scenario that still does, and why. */
import type { Mutant } from "./Mutants.ts"
import { type Broken, judge } from "./Oracle.ts"
import type { Scenario, Step } from "./Scenario.ts"
import { asText, type Entry, keyOf, pairOf } from "./Trace.ts"
import { simulate } from "./World.ts"

/** So much of the trace before the violation. */
const lines = 60

/** The first promise that the scenario breaks. */
export const firstBroken = (scenario: Scenario, mutant: Mutant): Broken | undefined =>
  judge(simulate(scenario, mutant)).toSorted((a, b) => a.at - b.at)[0]

/** Leaves out one step after the other, as long as the same promise is broken without it. */
const smallest = (scenario: Scenario, mutant: Mutant, property: string): Scenario => {
  let small = scenario
  for (let index = scenario.steps.length - 1; index >= 0; index--) {
    const fewer = { ...small, steps: small.steps.toSpliced(index, 1) }
    if (judge(simulate(fewer, mutant)).some((one) => one.property === property)) small = fewer
  }
  return small
}

const stepAsText = ({ at, ...step }: Step): string => `${String(at).padStart(7)} ${JSON.stringify(step)}`

/** Is it about this pair, or about the life of a process? */
const matters = (entry: Entry, key: string | undefined): boolean => {
  switch (entry.is) {
    case "change":
      return key === undefined || keyOf(pairOf(entry.from)) === key
    case "refused":
      return key === undefined || keyOf(entry.pair) === key
    case "committed":
      return key === undefined || entry.rows.some((row) => keyOf(pairOf(row)) === key)
    case "call":
      return key === undefined || entry.events.some((event) => keyOf({ event, handler: entry.handler }) === key)
    case "end":
      return key === undefined
    default:
      return true
  }
}

export const report = (scenario: Scenario, mutant: Mutant, { property }: Broken): string => {
  const small = smallest(scenario, mutant, property)
  const run = simulate(small, mutant)
  const broken = judge(run).filter((one) => one.property === property).toSorted((a, b) => a.at - b.at)
  const [first] = broken
  const key = first?.pair === undefined ? undefined : keyOf(first.pair)
  const before = run.entries.filter((entry) => entry.at <= (first?.at ?? 0) && matters(entry, key))
  const { handlers, longestCall, processes, seed } = small
  return [
    `seed ${seed} breaks: ${property}`,
    ...broken.slice(0, 5).map(({ at, what }) => `${String(at).padStart(7)} ${what}`),
    "",
    `SEED=${seed} npx vitest run test/application/Delivery.simulation.test.ts`,
    "",
    `${processes} processes, ${
      handlers.join(", ")
    }, calls of up to ${longestCall} ms, bells ${small.bells}; the steps that it takes:`,
    ...small.steps.map(stepAsText),
    "",
    "what happened until then:",
    ...before.slice(-lines).map(asText)
  ].join("\n")
}
