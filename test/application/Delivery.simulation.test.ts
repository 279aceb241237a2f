/**
 * The engine on tables in memory, in processes that crash, stand still, lose the database and each other: thousands of
 * scenarios, each made of its seed alone. `SEED=n` runs one of them, `SEEDS=n` that many.
 */
import { describe, expect, it } from "@effect/vitest"
import { setImmediate } from "node:timers/promises"
import { mutants, sound } from "./simulation/Mutants.ts"
import { judge } from "./simulation/Oracle.ts"
import { firstBroken, report } from "./simulation/Report.ts"
import { generate } from "./simulation/Scenario.ts"
import { asText, type Entry } from "./simulation/Trace.ts"
import { simulate } from "./simulation/World.ts"

/** As many as `npm test` has time for. */
const usual = 2000

const number = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined ? undefined : Number.parseInt(text, 10)
}
const only = number("SEED")
const first = only ?? 1
const count = only === undefined ? number("SEEDS") ?? usual : 1
const seeds = Array.from({ length: count }, (_, n) => first + n)
/** Milliseconds: far more than it takes. */
const patience = 60_000 + 400 * count

it(`keeps its promises in ${only === undefined ? `${count} scenarios` : `scenario ${only}`}`, async () => {
  for (const seed of seeds) {
    const scenario = generate(seed)
    const broken = firstBroken(scenario, sound)
    expect(broken === undefined ? "" : report(scenario, sound, broken)).toBe("")
    // Whoever runs the tests wants to hear of them now and then.
    if (seed % 50 === 0) await setImmediate()
  }
}, patience)

describe.skipIf(only !== undefined)("the simulation", () => {
  const runs = () => Array.from({ length: 100 }, (_, n) => simulate(generate(n + 1), sound))

  it("is its seed's alone: the same once more, to the last entry", () => {
    const [once, again] = [runs(), runs()]
    expect(again.map(({ entries }) => entries.map(asText))).toEqual(once.map(({ entries }) => entries.map(asText)))
  })

  it("meets everything that may happen", () => {
    const entries = runs().flatMap((run) => run.entries)
    const happened = new Set<string>(entries.map(({ is }) => is))
    const kinds: ReadonlyArray<Entry["is"]> = [
      "killed",
      "stopped",
      "continued",
      "closed",
      "rolled back",
      "buried",
      "circuit",
      "trouble",
      "paused",
      "refused"
    ]
    expect(kinds.filter((kind) => !happened.has(kind))).toEqual([])
    const attempts = runs().flatMap(({ failed }) => failed.map((one) => one.attempts.at(-1)?.rule))
    expect(new Set(attempts)).toEqual(
      new Set([
        "crashed",
        "circuit-open",
        "defect",
        "timeout",
        "interrupted",
        "test-permanent",
        "test-transient",
        "test-unknown"
      ])
    )
  })
})

/** Within so many scenarios each mutant must have been found out. */
const within = 600

describe.skipIf(only !== undefined)("the oracle finds out that", () => {
  it.each(mutants)("$name", async ({ breaks, mutant }) => {
    for (let seed = 1; seed <= within; seed++) {
      if (judge(simulate(generate(seed), mutant)).some(({ property }) => property === breaks)) return
      if (seed % 50 === 0) await setImmediate()
    }
    expect.unreachable(`${within} scenarios kept the promise: ${breaks}`)
  })
})
