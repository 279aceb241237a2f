import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { policyOf } from "../../../src/application/events/RetryPolicy.ts"
import { Handlers } from "../../../src/application/operations/Handlers.ts"
import { Reason } from "../../../src/application/operations/Operator.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { type AcademyId, Incarnation } from "../../../src/domain/Ids.ts"
import { HandlerName } from "../../../src/domain/Subscription.ts"
import { handlersOf } from "../../../src/domain/Subscription.ts"
import { DeliveryStore, type Node } from "../../../src/ports/DeliveryStore.ts"
import type { Operator } from "../../../src/ports/FailedEventStore.ts"
import { HandlerNames } from "../../../src/ports/HandlerNames.ts"
import { type PausedHandler, PausedHandlers } from "../../../src/ports/PausedHandlers.ts"
import { by, me, type OperatorName, ours } from "./operators.ts"

const since = new Date("2026-11-22T09:00:00Z")
const why = Reason.make("the provider is down")

const node = (host: string, pid: number, openCircuits: ReadonlyArray<string>): Node => ({
  incarnation: Incarnation.make("01998c5e-0000-7000-8000-000000000009"),
  host,
  pid,
  startedAt: since,
  silentSeconds: 0,
  openCircuits
})

const names = handlersOf([{ channel: NotificationChannel.make("SMS") }])

/** 7 deliveries wait for SendMessage, 2 of them at our academy; its circuit is open in one of two processes. */
const world = () => {
  const paused = new Map<HandlerName, PausedHandler>()
  const asked: Array<Operator> = []
  const layer = Handlers.layer.pipe(Layer.provide(Layer.mergeAll(
    Layer.mock(DeliveryStore, {
      backlog: (academyId: AcademyId | null) =>
        Effect.succeed([
          { handler: "SendMessage:SMS", open: academyId === null ? 7 : 2, postponed: 1, oldestSeconds: 30 },
          { handler: "Forgotten", open: 1, postponed: 0, oldestSeconds: 90 }
        ]),
      nodes: Effect.succeed([node("here", 1, ["SendMessage:SMS"]), node("there", 2, [])])
    }),
    Layer.succeed(HandlerNames, names),
    Layer.mock(PausedHandlers, {
      list: Effect.sync(() => [...paused.values()]),
      pause: (operator, handler, reason) =>
        Effect.sync(() => {
          asked.push(operator)
          if (paused.has(handler)) return false
          paused.set(handler, { handler, reason, pausedBy: operator.actorId, pausedAt: since })
          return true
        }),
      resume: (operator, handler) =>
        Effect.sync(() => {
          asked.push(operator)
          return paused.delete(handler)
        })
    })
  )))
  return { asked, layer }
}

const listed = (name: OperatorName) =>
  Effect.flatMap(Handlers, ({ list }) => list).pipe(by(name), Effect.provide(world().layer))

describe("Handlers", () => {
  it.effect("are listed all, each with its backlog, circuits and policy", () =>
    Effect.gen(function*() {
      const all = yield* listed("terminal")
      assert.deepStrictEqual(all.map(({ handler }) => handler), [...names])
      const { batch, concurrency, retries } = policyOf("SendMessage:SMS")
      expect(all.find(({ handler }) => handler === "SendMessage:SMS")).toEqual({
        handler: "SendMessage:SMS",
        paused: null,
        backlog: { open: 7, postponed: 1, oldestSeconds: 30 },
        circuitOpen: true,
        openIn: [{ host: "here", pid: 1 }],
        policy: { batch, concurrency, retries, timeoutSeconds: 20 }
      })
      expect(all.find(({ handler }) => handler === "Statistics")).toMatchObject({
        backlog: { open: 0, postponed: 0, oldestSeconds: 0 },
        circuitOpen: false,
        openIn: []
      })
    }))

  it.effect("a manager sees the own academy's backlog, and that a circuit is open, but not where", () =>
    Effect.gen(function*() {
      for (const name of ["manager", "administratorHere"] as const) {
        const line = (yield* listed(name)).find(({ handler }) => handler === "SendMessage:SMS")
        expect(line).toMatchObject({ backlog: { open: 2 }, circuitOpen: true })
        expect(line?.openIn).toEqual(name === "manager" ? null : [{ host: "here", pid: 1 }])
      }
      expect(yield* listed("administrator")).toMatchObject({ 3: { backlog: { open: 7 } } })
    }))

  it.effect("are paused and resumed by an administrator or at the terminal, once; the store is told who it was", () =>
    Effect.gen(function*() {
      const { asked, layer } = world()
      yield* Effect.gen(function*() {
        const handlers = yield* Handlers
        expect(yield* by("administratorHere")(handlers.pause("SendMessage:SMS", why))).toMatchObject({
          handler: "SendMessage:SMS",
          paused: { reason: why, since, by: me }
        })
        const again = yield* Effect.flip(by("terminal")(handlers.pause("SendMessage:SMS", why)))
        assert.deepInclude(again, { _tag: "HandlerAlreadyPaused", handler: "SendMessage:SMS" })
        expect(yield* by("terminal")(handlers.resume("SendMessage:SMS"))).toMatchObject({ paused: null })
        const running = yield* Effect.flip(by("terminal")(handlers.resume("SendMessage:SMS")))
        assert.deepInclude(running, { _tag: "HandlerNotPaused", handler: "SendMessage:SMS" })
        const member = { actorId: me, channel: "API", academyId: ours } as const
        const terminal = { actorId: null, channel: "CLI", academyId: null } as const
        assert.deepStrictEqual(asked, [member, terminal, terminal, terminal])
      }).pipe(Effect.provide(layer))
    }))

  it.effect("a manager pauses none, since it would rest for every academy; a teacher does not even see them", () =>
    Effect.gen(function*() {
      const { asked, layer } = world()
      yield* Effect.gen(function*() {
        const handlers = yield* Handlers
        for (const name of ["manager", "managerOfNone", "teacher"] as const) {
          const refusals = [
            yield* Effect.flip(by(name)(handlers.pause("SendMessage:SMS", why))),
            yield* Effect.flip(by(name)(handlers.resume("SendMessage:SMS")))
          ]
          for (const refusal of refusals) {
            assert.deepInclude(refusal, { _tag: "NotAllowed", permission: "operations:system" })
          }
        }
        for (const name of ["managerOfNone", "teacher"] as const) {
          assert.deepInclude(yield* Effect.flip(by(name)(handlers.list)), { permission: "operations:read" })
        }
        assert.deepStrictEqual(asked, [])
      }).pipe(Effect.provide(layer))
    }))
})
