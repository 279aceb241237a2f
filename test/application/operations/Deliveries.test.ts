import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Deliveries } from "../../../src/application/operations/Deliveries.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { type AcademyId, Incarnation } from "../../../src/domain/Ids.ts"
import { handlersOf } from "../../../src/domain/Subscription.ts"
import { DeliveryStore } from "../../../src/ports/DeliveryStore.ts"
import { HandlerNames } from "../../../src/ports/HandlerNames.ts"
import { by, type OperatorName, ours, theirs } from "./operators.ts"

const startedAt = new Date("2026-11-22T09:00:00Z")
const node = {
  incarnation: Incarnation.make("01998c5e-0000-7000-8000-000000000009"),
  host: "here",
  pid: 1,
  startedAt,
  silentSeconds: 0.4,
  openCircuits: []
}

/** Ours has 2 open, theirs 5. */
const store = Layer.mock(DeliveryStore, {
  backlog: (academyId: AcademyId | null) => {
    const open = academyId === null ? 7 : academyId === ours ? 2 : 5
    return Effect.succeed([
      { handler: "Forgotten", open: 1, postponed: 0, oldestSeconds: 90 },
      { handler: "SendMessage:SMS", open, postponed: 1, oldestSeconds: 30 }
    ])
  },
  nodes: Effect.succeed([node])
})

const channels = Layer.succeed(HandlerNames, handlersOf([{ channel: NotificationChannel.make("SMS") }]))

const status = (name: OperatorName, academyId: AcademyId | null = null) =>
  Effect.flatMap(Deliveries, (deliveries) => deliveries.status(academyId)).pipe(
    by(name),
    Effect.provide(Deliveries.layer.pipe(Layer.provide(Layer.merge(store, channels))))
  )

describe("Deliveries", () => {
  it.effect("the terminal sees those of all academies, of every handler, and the processes", () =>
    Effect.gen(function*() {
      const idle = { open: 0, postponed: 0, oldestSeconds: 0 }
      expect(yield* status("terminal")).toEqual({
        academyId: null,
        backlog: [
          { handler: "ReadModelSync", ...idle },
          { handler: "Statistics", ...idle },
          { handler: "Notifications", ...idle },
          { handler: "SendMessage:SMS", open: 7, postponed: 1, oldestSeconds: 30 },
          { handler: "Forgotten", open: 1, postponed: 0, oldestSeconds: 90 }
        ],
        open: 8,
        oldestSeconds: 90,
        nodes: [node]
      })
    }))

  it.effect("whoever sees all may name one academy; a manager gets the own one, whichever is named", () =>
    Effect.gen(function*() {
      const named = yield* status("terminal", theirs)
      assert.deepInclude(named, { academyId: theirs, open: 6, nodes: [node] })
      assert.deepInclude(yield* status("administratorHere"), { academyId: ours, open: 3, nodes: [node] })
      for (const academyId of [null, ours, theirs]) {
        assert.deepInclude(yield* status("manager", academyId), { academyId: ours, open: 3, nodes: null })
      }
    }))

  it.effect("are nobody else's business", () =>
    Effect.gen(function*() {
      for (const name of ["teacher", "managerOfNone"] as const) {
        assert.deepInclude(yield* Effect.flip(status(name)), { _tag: "NotAllowed", permission: "operations:read" })
      }
    }))
})
