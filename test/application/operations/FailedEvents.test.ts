import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { CurrentActor } from "../../../src/application/Authorize.ts"
import { CurrentOperator, DiscardReason, FailedEvents } from "../../../src/application/operations/FailedEvents.ts"
import { AcademyId, EventId, FailedEventId, MemberId } from "../../../src/domain/Ids.ts"
import type { Actor, Role } from "../../../src/domain/Permission.ts"
import { type FailedEvent, FailedEventStore, type Operator } from "../../../src/ports/FailedEventStore.ts"

const id = (n: number) => `01998c5e-0000-7000-8000-${String(n).padStart(12, "0")}`
const ours = AcademyId.make(id(1))
const theirs = AcademyId.make(id(2))
const me = MemberId.make(id(3))

const event = (n: number, academyId: AcademyId | null, status: FailedEvent["status"] = "OPEN"): FailedEvent => ({
  id: FailedEventId.make(id(n)),
  eventId: EventId.make(id(n)),
  eventType: "MessagePlanned",
  handler: "SendMessage",
  academyId,
  class: "permanent",
  rule: "http-400",
  error: "refused",
  fingerprint: "SendMessage:http-400",
  attempts: [],
  firstFailedAt: DateTime.makeUnsafe("2026-11-22T09:00:00Z"),
  lastFailedAt: DateTime.makeUnsafe("2026-11-22T09:00:00Z"),
  status,
  replays: 0,
  reason: null
})
const our = event(11, ours)
const their = event(12, theirs)
const done = event(13, ours, "RESOLVED")
const system = event(14, null)

/** What the store was asked to change, and by whom. */
interface Change {
  readonly by: Operator
  readonly id: FailedEventId
}

const world = Effect.fnUntraced(function*<A, E>(
  work: (changes: ReadonlyArray<Change>) => Effect.Effect<A, E, FailedEvents | CurrentOperator>,
  operator: CurrentOperator["Service"]
) {
  const all = [our, their, done, system]
  const changes: Array<Change> = []
  const seen = (academyId: AcademyId | null) => all.filter((one) => academyId === null || one.academyId === academyId)
  const change = (by: Operator, id: FailedEventId) =>
    Effect.sync(() => {
      const found = seen(by.academyId).find((one) => one.id === id && one.status === "OPEN")
      if (found !== undefined) changes.push({ by, id })
      return found !== undefined
    })
  return yield* work(changes).pipe(
    Effect.provide(FailedEvents.layer.pipe(Layer.provide(Layer.succeed(
      FailedEventStore,
      FailedEventStore.of({
        list: ({ academyId }) => Effect.sync(() => seen(academyId)),
        find: (academyId, id) =>
          Effect.sync(() => Option.fromUndefinedOr(seen(academyId).find((one) => one.id === id))),
        replay: change,
        discard: change,
        countOpen: Effect.succeed(0)
      })
    )))),
    Effect.provideService(CurrentOperator, operator)
  )
})

const actor = (role: Role, academyId: AcademyId | null): Actor => ({
  memberId: me,
  academyId,
  roles: [role],
  children: []
})
const as = (role: Role, academyId: AcademyId | null) =>
  Effect.provideService(CurrentOperator.asMember, CurrentActor, actor(role, academyId))

const listed = (academyId: AcademyId | null) =>
  Effect.gen(function*() {
    const failedEvents = yield* FailedEvents
    return (yield* failedEvents.list({ academyId, limit: 10 })).map((one) => one.id)
  })

describe("FailedEvents", () => {
  it.effect("a manager sees the own academy only, whichever is named", () =>
    Effect.gen(function*() {
      const manager = yield* as("MANAGER", ours)
      assert.deepStrictEqual(yield* world(() => listed(null), manager), [our.id, done.id])
      assert.deepStrictEqual(yield* world(() => listed(ours), manager), [our.id, done.id])
      assert.deepStrictEqual(yield* world(() => listed(theirs), manager), [])
      const foreign = yield* world(
        () => Effect.flatMap(FailedEvents, (events) => Effect.flip(events.show(their.id))),
        manager
      )
      assert.strictEqual(foreign._tag, "NotFound")
    }))

  it.effect("an administrator and the terminal see every academy, or the named one", () =>
    Effect.gen(function*() {
      for (const operator of [yield* as("ADMINISTRATOR", null), CurrentOperator.atTerminal]) {
        assert.lengthOf(yield* world(() => listed(null), operator), 4)
        assert.deepStrictEqual(yield* world(() => listed(theirs), operator), [their.id])
      }
      assert.deepStrictEqual(yield* world(() => listed(null), yield* as("ADMINISTRATOR", theirs)), [their.id])
    }))

  it.effect("nobody else may look or change; neither a manager without an academy", () =>
    Effect.gen(function*() {
      const teacher = yield* as("TEACHER", ours)
      const astray = yield* as("MANAGER", null)
      const refusals = yield* Effect.all([
        world(() => Effect.flip(listed(null)), teacher),
        world(() => Effect.flatMap(FailedEvents, (events) => Effect.flip(events.show(our.id))), teacher),
        world(() => Effect.flatMap(FailedEvents, (events) => Effect.flip(events.replay(our.id))), teacher),
        world(
          () =>
            Effect.flatMap(FailedEvents, (events) => Effect.flip(events.discard(our.id, DiscardReason.make("why")))),
          teacher
        ),
        world(() => Effect.flip(listed(null)), astray)
      ])
      for (const refusal of refusals) assert.strictEqual(refusal._tag, "NotAllowed")
    }))

  it.effect("who changes something is told to the store; what is not OPEN stays as it is", () =>
    Effect.gen(function*() {
      yield* world((changes) =>
        Effect.gen(function*() {
          const failedEvents = yield* FailedEvents
          yield* failedEvents.replay(our.id)
          yield* failedEvents.discard(our.id, DiscardReason.make("why"))
          const refused = yield* Effect.flip(failedEvents.replay(done.id))
          assert.deepInclude(refused, { _tag: "FailedEventNotOpen", status: "RESOLVED" })
          const foreign = yield* Effect.flip(failedEvents.discard(their.id, DiscardReason.make("why")))
          assert.strictEqual(foreign._tag, "NotFound")
          const by = { actorId: me, channel: "API", academyId: ours } as const
          assert.deepStrictEqual(changes, [{ by, id: our.id }, { by, id: our.id }])
        }), yield* as("MANAGER", ours))
      yield* world((changes) =>
        Effect.gen(function*() {
          const failedEvents = yield* FailedEvents
          yield* failedEvents.replay(system.id)
          assert.deepStrictEqual(changes, [{ by: { actorId: null, channel: "CLI", academyId: null }, id: system.id }])
        }), CurrentOperator.atTerminal)
    }))
})
