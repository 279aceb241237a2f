import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FailedEvents } from "../../../src/application/operations/FailedEvents.ts"
import { CurrentOperator, Reason } from "../../../src/application/operations/Operator.ts"
import type { AcademyId } from "../../../src/domain/Ids.ts"
import { as, asked, done, me, our, ours, refusal, system, their, theirs } from "./failedEvents.ts"

const why = Reason.make("why")
const use = Effect.fnUntraced(function*<A, E, R>(work: (events: FailedEvents["Service"]) => Effect.Effect<A, E, R>) {
  return yield* work(yield* FailedEvents)
})
const listed = (academyId: AcademyId | null) =>
  use((events) => Effect.map(events.list({ academyId }, { limit: 10 }), ({ items }) => items.map(({ id }) => id)))

describe("FailedEvents", () => {
  it.effect("a manager sees the own academy only; another one and what is in it looks as if it did not exist", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      for (const academyId of [null, ours]) {
        assert.deepStrictEqual((yield* asked(manager, listed(academyId))).result, [our.id, done.id])
      }
      const foreign = [
        refusal(use((events) => events.list({ academyId: theirs }, { limit: 10 }))),
        refusal(use((events) => events.groups({ academyId: theirs }))),
        refusal(use((events) => events.preview({ academyId: theirs }))),
        refusal(use((events) => events.show(their.id))),
        refusal(use((events) => events.replay(their.id))),
        refusal(use((events) => events.discard(their.id, why)))
      ]
      for (const work of foreign) {
        assert.strictEqual((yield* asked(manager, work)).result, "NotFound")
      }
      const { calls } = yield* asked(
        manager,
        use((events) =>
          Effect.andThen(
            events.groups({ academyId: null, handler: "SendMessage:SMS" }),
            events.preview({ academyId: null })
          )
        )
      )
      assert.deepStrictEqual(calls, [
        ["groups", { academyId: ours, handler: "SendMessage:SMS" }],
        ["preview", { academyId: ours }]
      ])
    }))

  it.effect("an administrator and the terminal see every academy, or the named one", () =>
    Effect.gen(function*() {
      for (const operator of [yield* as("ADMINISTRATOR", null), CurrentOperator.atTerminal]) {
        assert.lengthOf((yield* asked(operator, listed(null))).result, 4)
        assert.deepStrictEqual((yield* asked(operator, listed(theirs))).result, [their.id])
      }
      assert.deepStrictEqual((yield* asked(yield* as("ADMINISTRATOR", theirs), listed(null))).result, [their.id])
    }))

  it.effect("nobody else may look or change; neither a manager without an academy", () =>
    Effect.gen(function*() {
      const works = [
        refusal(use((events) => events.list({ academyId: null }, { limit: 10 }))),
        refusal(use((events) => events.groups({ academyId: null }))),
        refusal(use((events) => events.preview({ academyId: null }))),
        refusal(use((events) => events.show(our.id))),
        refusal(use((events) => events.replay(our.id))),
        refusal(use((events) => events.discard(our.id, why)))
      ]
      for (const operator of [yield* as("TEACHER", ours), yield* as("STUDENT", ours), yield* as("MANAGER", null)]) {
        for (const work of works) {
          assert.deepStrictEqual(yield* asked(operator, work), { result: "NotAllowed", calls: [] })
        }
      }
    }))

  it.effect("a list says where its next page begins, and only when there is one", () =>
    Effect.gen(function*() {
      const page = (limit: number) =>
        asked(CurrentOperator.atTerminal, use((events) => events.list({ academyId: null }, { limit })))
      const { calls, result } = yield* page(2)
      assert.deepStrictEqual([result.items.map(({ id }) => id), result.next], [[our.id, their.id], their.id])
      assert.deepStrictEqual(calls, [["list", { academyId: null }, { limit: 3 }]])
      assert.strictEqual((yield* page(4)).result.next, null)
    }))

  it.effect("who changes something is told to the store, and a replay wakes the handlers' processes", () =>
    Effect.gen(function*() {
      const by = { actorId: me, channel: "API", academyId: ours } as const
      const replayed = yield* asked(yield* as("MANAGER", ours), use((events) => events.replay(our.id)))
      assert.deepStrictEqual(replayed.calls, [["replay", by, our.id], ["announce"]])
      assert.strictEqual(replayed.result.id, our.id)
      const discarded = yield* asked(yield* as("MANAGER", ours), use((events) => events.discard(our.id, why)))
      assert.deepStrictEqual(discarded.calls, [["discard", by, our.id, "why"]])
      const atTerminal = yield* asked(CurrentOperator.atTerminal, use((events) => events.replay(system.id)))
      assert.deepStrictEqual(atTerminal.calls[0], [
        "replay",
        { actorId: null, channel: "CLI", academyId: null },
        system.id
      ])
    }))

  it.effect("what is not OPEN stays as it is, and nobody is woken", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      const replayed = yield* asked(manager, Effect.flip(use((events) => events.replay(done.id))))
      assert.deepInclude(replayed.result, { _tag: "FailedEventNotOpen", status: "RESOLVED", requested: "REPLAYING" })
      assert.notDeepInclude(replayed.calls, ["announce"])
      const discarded = yield* asked(manager, Effect.flip(use((events) => events.discard(done.id, why))))
      assert.deepInclude(discarded.result, { _tag: "FailedEventNotOpen", requested: "DISCARDED" })
    }))
})
