import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Events } from "../../../src/application/operations/Events.ts"
import { type AcademyId, EventId } from "../../../src/domain/Ids.ts"
import { EventStory, type Story } from "../../../src/ports/EventStory.ts"
import { by, type OperatorName, ours, theirs } from "./operators.ts"

const ourEvent = EventId.make("01998c5e-0000-7000-8000-000000000011")
const theirEvent = EventId.make("01998c5e-0000-7000-8000-000000000012")
const story = (id: EventId, academyId: AcademyId): Story => ({
  event: {
    id,
    type: "ClassCreated",
    version: 1,
    academyId,
    aggregate: { type: "class", id, version: 1 },
    occurredAt: new Date(0),
    actor: null,
    correlationId: null,
    traceparent: null,
    payload: {}
  },
  together: [],
  deliveries: [],
  failed: [],
  messages: []
})
const stories = [story(ourEvent, ours), story(theirEvent, theirs)]

const shown = (name: OperatorName, id: EventId) =>
  Effect.flatMap(Events, (events) => events.show(id)).pipe(
    by(name),
    Effect.provide(Events.layer.pipe(Layer.provide(Layer.mock(EventStory, {
      of: (academyId, id) =>
        Effect.succeed(Option.fromUndefinedOr(
          stories.find(({ event }) => event.id === id && (academyId === null || academyId === event.academyId))
        ))
    }))))
  )

describe("Events", () => {
  it.effect("one is shown to its academy's office, to administrators and at the terminal", () =>
    Effect.gen(function*() {
      for (const name of ["manager", "administratorHere", "administrator", "terminal"] as const) {
        assert.strictEqual(yield* shown(name, ourEvent), stories[0])
      }
      for (const name of ["administrator", "terminal"] as const) {
        assert.strictEqual(yield* shown(name, theirEvent), stories[1])
      }
      for (const name of ["teacher", "managerOfNone"] as const) {
        assert.deepInclude(yield* Effect.flip(shown(name, ourEvent)), {
          _tag: "NotAllowed",
          permission: "operations:read"
        })
      }
    }))

  it.effect("of another academy than one's own there is none", () =>
    Effect.gen(function*() {
      for (const name of ["manager", "administratorHere"] as const) {
        const refusal = yield* Effect.flip(shown(name, theirEvent))
        assert.deepInclude(refusal, { _tag: "NotFound", what: "event", id: theirEvent })
      }
    }))
})
