import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Authorize, CurrentActor } from "../../../src/application/Authorize.ts"
import { Live, type Seen } from "../../../src/application/queries/Live.ts"
import { NotAllowed } from "../../../src/domain/Errors.ts"
import { AcademyId, MemberId } from "../../../src/domain/Ids.ts"
import type { Actor } from "../../../src/domain/Permission.ts"
import { Changes } from "../../../src/ports/Changes.ts"
import { ReadSideUnavailable } from "../../../src/ports/ReadModels.ts"
import { InvalidToken } from "../../../src/ports/Tokens.ts"
import { StorageUnavailable } from "../../../src/ports/UnitOfWork.ts"

const actor: Actor = {
  memberId: MemberId.make("01960000-0000-7000-8000-000000000001"),
  academyId: AcademyId.make("01960000-0000-7000-8000-00000000000a"),
  roles: ["MANAGER"],
  children: []
}

/** What is shown, whether its reader may still see it, and the word that goes around. */
const stage = Effect.gen(function*() {
  const state = { shown: "first", looks: 0, isMember: true, failure: Option.none<ReadSideUnavailable | NotAllowed>() }
  const words = yield* Queue.unbounded<ReadonlyArray<string> | "lost">()
  const changes = Layer.succeed(
    Changes,
    Changes.of({
      announce: (ids) => Effect.asVoid(Queue.offer(words, ids)),
      announcements: Stream.concat(
        Stream.succeed([]),
        Stream.mapEffect(
          Stream.fromQueue(words),
          (word) =>
            word === "lost"
              ? Effect.fail(new StorageUnavailable({ conflict: false, cause: "lost" }))
              : Effect.succeed(word)
        )
      )
    })
  )
  const identified = Effect.suspend(() => (state.isMember ? Effect.succeed(actor) : Effect.fail(new InvalidToken())))
  const authorize = Layer.succeed(
    Authorize,
    Authorize.of({ identify: () => identified, again: () => identified })
  )
  const look = Effect.suspend(() => {
    state.looks++
    return Option.match(state.failure, {
      onNone: () => Effect.succeed(state.shown),
      onSome: (error) => Effect.fail(error)
    })
  })
  const context = yield* Layer.build(Live.layer(2).pipe(Layer.provide(Layer.merge(changes, authorize))))
  const live = yield* Effect.provide(Live, context)
  const watch = live.watch("thing", look).pipe(Effect.provideService(CurrentActor, actor))
  /** Reads until the stream ends; what was read so far. */
  const reading = Effect.gen(function*() {
    const seen: Array<Seen<string>> = []
    const stream = yield* watch
    const fiber = yield* Effect.forkScoped(Stream.runForEach(stream, (one) => Effect.sync(() => seen.push(one))))
    yield* TestClock.adjust("200 millis")
    return { seen, fiber }
  })
  return { state, live, watch, reading, say: (...ids: ReadonlyArray<string>) => Queue.offer(words, ids), words }
})

const snapshots = (seen: ReadonlyArray<Seen<string>>) =>
  seen.flatMap((one) => (one.event === "snapshot" ? [one.data] : []))

describe("what somebody watches", () => {
  it.effect("is looked at anew when word of it comes, and only shown when it is another", () =>
    Effect.gen(function*() {
      const { reading, say, state } = yield* stage
      const { seen } = yield* reading
      expect(snapshots(seen)).toEqual(["first"])
      state.shown = "second"
      yield* say("another thing")
      yield* TestClock.adjust("1 second")
      expect(snapshots(seen)).toEqual(["first"])
      yield* say("another thing", "thing")
      yield* TestClock.adjust("1 second")
      expect(snapshots(seen)).toEqual(["first", "second"])
      yield* say("thing")
      yield* TestClock.adjust("1 second")
      expect(snapshots(seen)).toEqual(["first", "second"])
    }))

  it.effect("is looked at every 15 s whatever is heard: a heartbeat, or what no word came of", () =>
    Effect.gen(function*() {
      const { reading, state } = yield* stage
      const { seen } = yield* reading
      const before = seen.length
      yield* TestClock.adjust("31 seconds")
      expect(seen.slice(before)).toEqual([{ event: "heartbeat", data: {} }, { event: "heartbeat", data: {} }])
      state.shown = "second"
      yield* TestClock.adjust("16 seconds")
      expect(snapshots(seen)).toEqual(["first", "second"])
    }))

  it.effect("is looked at anew when word could not be heard for a while", () =>
    Effect.gen(function*() {
      const { reading, say, state, words } = yield* stage
      const { seen } = yield* reading
      state.shown = "second"
      yield* Queue.offer(words, "lost")
      yield* TestClock.adjust("1 second")
      expect(snapshots(seen)).toEqual(["first", "second"])
      state.shown = "third"
      yield* say("thing")
      yield* TestClock.adjust("1 second")
      expect(snapshots(seen)).toEqual(["first", "second", "third"])
    }))

  it.effect("costs a look for many words, and is shown as it is when its reader is ready", () =>
    Effect.gen(function*() {
      const { say, state, watch } = yield* stage
      const stream = yield* watch
      const read = yield* Queue.bounded<Seen<string>>(1)
      yield* Effect.forkScoped(Stream.runForEach(stream, (one) => Queue.offer(read, one)))
      // Nobody takes what was read: the stream waits.
      for (let n = 0; n < 100; n++) {
        state.shown = `${n}`
        yield* say("thing")
        yield* TestClock.adjust("1 second")
      }
      expect(state.looks).toBeLessThan(5)
      const first = yield* Queue.take(read)
      expect(first).toEqual({ event: "snapshot", data: "first" })
      yield* TestClock.adjust("16 seconds")
      yield* Queue.take(read)
      yield* TestClock.adjust("16 seconds")
      expect(yield* Queue.take(read)).toEqual({ event: "snapshot", data: "99" })
    }))

  it.effect("ends for whoever is gone or may not look any more, and goes on when a store is away", () =>
    Effect.gen(function*() {
      const { reading, say, state } = yield* stage
      const { fiber, seen } = yield* reading
      state.failure = Option.some(new ReadSideUnavailable({ rule: "mongodb-network", cause: "away" }))
      yield* say("thing")
      yield* TestClock.adjust("1 second")
      expect(seen.at(-1)).toEqual({ event: "heartbeat", data: {} })
      state.failure = Option.some(new NotAllowed({ permission: "class:read" }))
      yield* say("thing")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)

      state.failure = Option.none()
      const again = yield* reading
      state.isMember = false
      yield* TestClock.adjust("16 seconds")
      yield* Fiber.join(again.fiber)
    }))

  it.effect("is refused before it begins to whoever may not look, and when there are too many", () =>
    Effect.gen(function*() {
      const { reading, state, watch } = yield* stage
      state.failure = Option.some(new NotAllowed({ permission: "class:read" }))
      expect((yield* Effect.flip(watch))._tag).toBe("NotAllowed")
      state.failure = Option.none()
      const [, second] = [yield* reading, yield* reading]
      expect((yield* Effect.flip(watch))._tag).toBe("TooManyStreams")
      yield* Fiber.interrupt(second.fiber)
      expect((yield* Effect.result(watch))._tag).toBe("Success")
    }))

  it.effect("ends when the process stops, and none begins", () =>
    Effect.gen(function*() {
      const { live, reading, watch } = yield* stage
      const { fiber } = yield* reading
      yield* live.end
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      expect((yield* Effect.flip(watch))._tag).toBe("TooManyStreams")
    }))
})
