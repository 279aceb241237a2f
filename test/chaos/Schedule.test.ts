/** What a seed makes: the faults and the load. */
import { assert, describe, it } from "@effect/vitest"
import { type Fault, isProcessFault, type ProcessFault, schedule, silentUntilDead, takeOverWithin } from "./Faults.ts"
import { steps } from "./Steps.ts"

const seeds = Array.from({ length: 200 }, (_, seed) => seed)
const options = { seconds: 300, nodes: 3, mongo: true }

describe("the schedule of faults", () => {
  it("is the same for the same seed, and another one for another seed", () => {
    assert.deepStrictEqual(schedule(7, options), schedule(7, options))
    assert.notDeepEqual(schedule(7, options), schedule(8, options))
  })

  it("brings every kind of fault, and none that lasts beyond the end", () => {
    for (const seed of seeds) {
      const faults = schedule(seed, options)
      assert.strictEqual(new Set(faults.map(({ kind }) => kind)).size, 9, `seed ${seed}`)
      for (const { at, lasts } of faults) assert.isAtMost(at + lasts, options.seconds * 1_000)
    }
  })

  it("hurts MongoDB only where there is one", () => {
    const kinds = seeds.flatMap((seed) => schedule(seed, { ...options, mongo: false }).map(({ kind }) => kind))
    assert.deepStrictEqual(kinds.filter((kind) => kind.startsWith("mongo")), [])
  })

  /** Is this process untouched from then until then? */
  const untouched = (faults: ReadonlyArray<Fault>, node: number, from: number, until: number) =>
    !faults.filter(isProcessFault).some((one) => one.node === node && one.at < until && one.at + one.lasts > from)
  const silences = ({ kind, lasts }: ProcessFault) => kind === "kill" || (kind === "stop" && lasts > silentUntilDead)

  it.each([2, 3, 5])("of %i processes, always leaves one that can take over", (nodes) => {
    for (const seed of seeds) {
      const faults = schedule(seed, { ...options, nodes })
      for (const fault of faults.filter(isProcessFault).filter(silences)) {
        const others = Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== fault.node)
        assert.isTrue(
          others.some((node) => untouched(faults, node, fault.at, fault.at + takeOverWithin)),
          `seed ${seed}: nobody is left at ${fault.at} ms`
        )
      }
    }
  })
})

describe("the load", () => {
  const load = { seconds: 60, rate: 80, lessons: 32, students: 40 }

  it("is the same for the same seed, and another one for another seed", () => {
    assert.deepStrictEqual(steps(7, load), steps(7, load))
    assert.notDeepEqual(steps(7, load), steps(8, load))
  })

  it("comes at its rate, in order, with every command all the time", () => {
    const commands = steps(1, load)
    assert.approximately(commands.length, load.seconds * load.rate, 400)
    assert.deepStrictEqual(commands.map(({ at }) => at), commands.map(({ at }) => at).toSorted((a, b) => a - b))
    for (let second = 10; second < 60; second += 10) {
      const kinds = commands.filter(({ at }) => at >= second * 1_000 && at < (second + 10) * 1_000)
      assert.strictEqual(new Set(kinds.map(({ kind }) => kind)).size, 4, `from second ${second}`)
    }
  })

  it("names each student of a list once", () => {
    const lists = steps(1, load).flatMap((one) => (one.kind === "confirm" ? [one.students] : []))
    assert.isTrue(lists.some((students) => students.length > 1))
    for (const students of lists) {
      assert.strictEqual(new Set(students.map(({ student }) => student)).size, students.length)
    }
  })

  it("brings a flurry to a process just before it is hurt", () => {
    const flurry = steps(1, { ...load, flurries: [{ at: 30_000, node: 2 }] }).filter(({ toward }) => toward === 2)
    assert.lengthOf(flurry, 20)
    for (const { at } of flurry) assert.isTrue(at > 29_800 && at < 30_000)
  })
})
