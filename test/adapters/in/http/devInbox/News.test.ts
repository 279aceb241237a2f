import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { news } from "../../../../../src/adapters/in/http/devInbox/News.ts"
import type { InboxMessage } from "../../../../../src/ports/Inbox.ts"
import { StorageUnavailable } from "../../../../../src/ports/UnitOfWork.ts"
import { message } from "./message.ts"

const seconds = (n: number) => new Date(Date.UTC(2026, 10, 27, 6) + n * 1000)
const numbered = (n: number, at: Date) => message({ id: `01960000-0000-7000-8000-00000000000${n}`, at })

/** An inbox, and what somebody who looks has been told of it. */
const looking = Effect.fnUntraced(function*(first: ReadonlyArray<InboxMessage>) {
  const state = { inbox: first, isAway: false, asked: [] as ReadonlyArray<Date | undefined> }
  const look = (since: Date | undefined) =>
    Effect.suspend(() => {
      state.asked = [...state.asked, since]
      return state.isAway
        ? Effect.fail(new StorageUnavailable({ conflict: false, cause: "away" }))
        : Effect.succeed(state.inbox.filter(({ at }) => since === undefined || at >= since))
    })
  const told: Array<ReadonlyArray<string>> = []
  const fiber = yield* Effect.forkScoped(
    Stream.runForEach(news(first, look), (list) => Effect.sync(() => told.push(list.map(({ id }) => id.slice(-1)))))
  )
  yield* TestClock.adjust(0)
  return { state, told, fiber }
})

describe("who looks into the inbox", () => {
  it.effect("sees what is there, then within a second what is new, and each message once", () =>
    Effect.gen(function*() {
      const { state, told } = yield* looking([numbered(1, seconds(0))])
      expect(told).toEqual([["1"]])
      state.inbox = [numbered(3, seconds(30)), numbered(2, seconds(29)), ...state.inbox]
      yield* TestClock.adjust("1 second")
      expect(told).toEqual([["1"], ["3", "2"]])
      state.inbox = [numbered(4, seconds(31)), ...state.inbox]
      yield* TestClock.adjust("3 seconds")
      expect(told).toEqual([["1"], ["3", "2"], ["4"]])
      // Not for the whole table each time.
      expect(state.asked.at(-1)).toEqual(seconds(21))
    }))

  it.effect("sees the first message of an empty inbox", () =>
    Effect.gen(function*() {
      const { state, told } = yield* looking([])
      state.inbox = [numbered(1, seconds(0))]
      yield* TestClock.adjust("1 second")
      expect(told).toEqual([[], ["1"]])
    }))

  it.effect("sees a message whose transaction began before one that was seen", () =>
    Effect.gen(function*() {
      const { state, told } = yield* looking([numbered(1, seconds(20))])
      state.inbox = [...state.inbox, numbered(2, seconds(15))]
      yield* TestClock.adjust("1 second")
      expect(told.at(-1)).toEqual(["2"])
    }))

  it.effect("is told every 15 s that there is nothing, also while the database is away, and what came meanwhile", () =>
    Effect.gen(function*() {
      const { state, told } = yield* looking([numbered(1, seconds(0))])
      yield* TestClock.adjust("15 seconds")
      expect(told).toEqual([["1"], []])
      state.isAway = true
      yield* TestClock.adjust("15 seconds")
      expect(told).toEqual([["1"], [], []])
      state.inbox = [numbered(2, seconds(25)), ...state.inbox]
      state.isAway = false
      yield* TestClock.adjust("1 second")
      expect(told.at(-1)).toEqual(["2"])
    }))

  it.effect("costs nothing any more when gone", () =>
    Effect.gen(function*() {
      const { fiber, state } = yield* looking([])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 seconds")
      expect(state.asked).toHaveLength(2)
    }))
})
