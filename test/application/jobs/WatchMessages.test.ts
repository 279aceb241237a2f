import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { watchMessages } from "../../../src/application/jobs/WatchMessages.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { type Alert, Alerts } from "../../../src/ports/Alerts.ts"
import { type Lately, MessageMeasures } from "../../../src/ports/MessageMeasures.ts"

const of = (channel: string, figures: Partial<Lately>): Lately => ({
  channel: NotificationChannel.make(channel),
  timed: 0,
  p95Seconds: 0,
  ended: 0,
  reached: 0,
  ...figures
})

const toldOf = Effect.fnUntraced(function*(lately: ReadonlyArray<Lately>) {
  const told: Array<Alert> = []
  yield* Effect.flatMap(watchMessages, ({ run }) => run).pipe(
    Effect.provide(Layer.mergeAll(
      Layer.mock(MessageMeasures, { lately: Effect.succeed(lately) }),
      Layer.succeed(Alerts, Alerts.of({ raise: (alert) => Effect.sync(() => void told.push(alert)) }))
    ))
  )
  return told
})

describe("WatchMessages", () => {
  it.effect("tells of a channel whose messages are taken after more than a minute, and of no other", () =>
    Effect.gen(function*() {
      const told = yield* toldOf([
        of("SMS", { timed: 20, p95Seconds: 60.4 }),
        of("PUSH", { timed: 20, p95Seconds: 60 }),
        of("KAKAO_TALK", { timed: 19, p95Seconds: 900 })
      ])
      expect(told).toEqual([expect.objectContaining({
        kind: "messages-late",
        fingerprint: "messages-late:SMS",
        severity: "warning",
        facts: { channel: "SMS", messages: 20, p95Seconds: 60 }
      })])
    }))

  it.effect("tells of a channel by which fewer than nine in ten reach people, and of no other", () =>
    Effect.gen(function*() {
      const told = yield* toldOf([
        of("SMS", { ended: 20, reached: 17 }),
        of("PUSH", { ended: 20, reached: 18 }),
        of("KAKAO_TALK", { ended: 19, reached: 0 })
      ])
      expect(told).toEqual([expect.objectContaining({
        kind: "messages-not-reaching",
        fingerprint: "messages-not-reaching:SMS",
        facts: { channel: "SMS", messages: 20, reached: 17 }
      })])
    }))

  it.effect("tells of nobody in an alert", () =>
    Effect.gen(function*() {
      const told = yield* toldOf([of("SMS", { timed: 99, p95Seconds: 99, ended: 99, reached: 1 })])
      expect(told.map(({ kind }) => kind)).toEqual(["messages-late", "messages-not-reaching"])
      for (const { facts } of told) expect(Object.keys(facts)).not.toContain("academyId")
    }))
})
