import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FailedEventRuns } from "../../../src/application/operations/FailedEventRuns.ts"
import { CurrentOperator, Reason } from "../../../src/application/operations/Operator.ts"
import { as, asked, endedRun, everyonesRun, me, ourRun, ours, refusal, theirRun, theirs } from "./failedEvents.ts"

const use = Effect.fnUntraced(function*<A, E, R>(work: (runs: FailedEventRuns["Service"]) => Effect.Effect<A, E, R>) {
  return yield* work(yield* FailedEventRuns)
})
const replay = { action: "REPLAY", filter: { academyId: null, handler: "SendMessage:SMS" }, rate: 50 } as const
const discard = { ...replay, action: "DISCARD", reason: Reason.make("why") } as const

describe("FailedEventRuns", () => {
  it.effect("a manager's run is one over the own academy; another academy's filter finds nothing", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      const by = { actorId: me, channel: "API", academyId: ours }
      const filter = { academyId: ours, handler: "SendMessage:SMS" }
      const replayed = yield* asked(manager, use((runs) => runs.start(replay)))
      assert.deepStrictEqual(replayed.calls, [["startRun", by, { action: "REPLAY", filter, reason: null, rate: 50 }]])
      const discarded = yield* asked(manager, use((runs) => runs.start(discard)))
      assert.deepStrictEqual(discarded.calls, [["startRun", by, {
        action: "DISCARD",
        filter,
        reason: "why",
        rate: 50
      }]])
      const foreign = { ...replay, filter: { academyId: theirs } }
      const refused = yield* asked(manager, Effect.flip(use((runs) => runs.start(foreign))))
      assert.deepStrictEqual([refused.result._tag, refused.calls], ["NotFound", []])
    }))

  it.effect("an administrator's run is over every academy, or the named one", () =>
    Effect.gen(function*() {
      for (
        const [operator, academyId] of [
          [yield* as("ADMINISTRATOR", null), null],
          [yield* as("ADMINISTRATOR", theirs), theirs],
          [CurrentOperator.atTerminal, null]
        ] as const
      ) {
        const { calls } = yield* asked(operator, use((runs) => runs.start(replay)))
        assert.deepInclude(calls[0]?.[2], { filter: { academyId, handler: "SendMessage:SMS" } })
      }
    }))

  it.effect("runs of other academies, and of all of them, look to a manager as if they did not exist", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      const { result } = yield* asked(manager, use((runs) => runs.list({ limit: 10 })))
      assert.deepStrictEqual(result.items, [ourRun, endedRun])
      assert.deepStrictEqual((yield* asked(manager, use((runs) => runs.show(ourRun.id)))).result, ourRun)
      for (const { id } of [theirRun, everyonesRun]) {
        for (const work of [refusal(use((runs) => runs.show(id))), refusal(use((runs) => runs.abort(id)))]) {
          assert.strictEqual((yield* asked(manager, work)).result, "NotFound")
        }
      }
      const all = yield* asked(CurrentOperator.atTerminal, use((runs) => runs.list({ limit: 3 })))
      assert.deepStrictEqual([all.result.items.length, all.result.next], [3, endedRun.id])
    }))

  it.effect("nobody else may begin, see or abort one", () =>
    Effect.gen(function*() {
      const works = [
        refusal(use((runs) => runs.start(replay))),
        refusal(use((runs) => runs.list({ limit: 10 }))),
        refusal(use((runs) => runs.show(ourRun.id))),
        refusal(use((runs) => runs.abort(ourRun.id)))
      ]
      for (const operator of [yield* as("TEACHER", ours), yield* as("PARENT", ours), yield* as("MANAGER", null)]) {
        for (const work of works) {
          assert.deepStrictEqual(yield* asked(operator, work), { result: "NotAllowed", calls: [] })
        }
      }
    }))

  it.effect("only a RUNNING one can be aborted", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      const aborted = yield* asked(manager, use((runs) => runs.abort(ourRun.id)))
      assert.deepStrictEqual(aborted.calls, [["abortRun", { actorId: me, channel: "API", academyId: ours }, ourRun.id]])
      const ended = yield* asked(manager, Effect.flip(use((runs) => runs.abort(endedRun.id))))
      assert.deepInclude(ended.result, { _tag: "RunNotRunning", status: "DONE" })
    }))
})
