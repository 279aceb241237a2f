import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { concluded, dropped, startAtZero } from "../../src/application/MessageMetrics.ts"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import type { Conclusion, Outcome } from "../../src/domain/Message.ts"
import type { MessageStatus } from "../../src/domain/Notification.ts"

const kakaoTalk = NotificationChannel.make("KAKAO_TALK")
const sms = NotificationChannel.make("SMS")
const began = DateTime.makeUnsafe(0)

const before = (status: MessageStatus, since: DateTime.Utc | null = began) => ({ status, channel: kakaoTalk, since })
const becomes = (status: MessageStatus, channel = kakaoTalk): Conclusion => ({
  status,
  channel,
  reason: null,
  events: []
})
const took: Outcome = { _tag: "Accepted", rule: "solapi-2000", providerId: "1", cost: 13 }

/** What there is of a metric, without what is still 0. */
const shown = Effect.map(
  Metric.snapshot,
  (all) =>
    Object.fromEntries(all.flatMap(({ attributes, id, state }): ReadonlyArray<readonly [string, string | number]> => {
      const name = [id, attributes?.["ams.channel"], attributes?.["ams.message.outcome"]].filter(Boolean).join(" ")
      if ("buckets" in state) return [[name, `${state.count} x ${state.sum} s`]]
      return "count" in state && state.count !== 0 ? [[name, Number(state.count)]] : []
    }))
)

const measured = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.andThen(effect, shown).pipe(Effect.provide(Layer.succeed(Metric.MetricRegistry, new Map())))

describe("of a message", () => {
  it.effect("that is taken, its channel, its price and how long it took are counted; when it arrives, that", () =>
    Effect.gen(function*() {
      const figures = yield* measured(Effect.gen(function*() {
        yield* TestClock.adjust("3 seconds")
        yield* concluded(before("SENDING"), took, becomes("ACCEPTED"))
        yield* TestClock.adjust("4 seconds")
        yield* concluded(before("ACCEPTED"), { _tag: "Delivered", rule: "solapi-4000" }, becomes("DELIVERED"))
      }))
      expect(figures).toEqual({
        "ams.messages KAKAO_TALK accepted": 1,
        "ams.messages KAKAO_TALK delivered": 1,
        "ams.message.cost KAKAO_TALK": 13,
        "ams.message.accepted.delay KAKAO_TALK": "1 x 3 s",
        "ams.message.delivered.delay KAKAO_TALK": "1 x 7 s"
      })
    }))

  it.effect("whose receipt is quicker than the answer, it was taken by then", () =>
    Effect.gen(function*() {
      const figures = yield* measured(Effect.gen(function*() {
        yield* TestClock.adjust("2 seconds")
        yield* concluded(before("SENDING"), { _tag: "Delivered", rule: "solapi-4000" }, becomes("DELIVERED"))
      }))
      expect(figures).toMatchObject({
        "ams.message.accepted.delay KAKAO_TALK": "1 x 2 s",
        "ams.message.delivered.delay KAKAO_TALK": "1 x 2 s"
      })
    }))

  it.effect("that waited for the end of quiet hours no delay is counted", () =>
    Effect.gen(function*() {
      expect(yield* measured(concluded(before("SENDING", null), took, becomes("ACCEPTED")))).toEqual({
        "ams.messages KAKAO_TALK accepted": 1,
        "ams.message.cost KAKAO_TALK": 13
      })
    }))

  it.effect.each(
    [
      ["undelivered", becomes("UNDELIVERED")],
      ["unknown", becomes("UNKNOWN")],
      ["rerouted", becomes("PLANNED", sms)]
    ] as const
  )(
    "that did not come to the person on this channel counts as not reached: %s",
    ([outcome, conclusion]) =>
      Effect.gen(function*() {
        const refused: Outcome = { _tag: "ChannelUnavailable", rule: "solapi-3104" }
        expect(yield* measured(concluded(before("SENDING"), refused, conclusion))).toEqual({
          [`ams.messages KAKAO_TALK ${outcome}`]: 1,
          "ams.messages.not_reached KAKAO_TALK": 1
        })
      })
  )

  it.effect("that is tried again on the same channel nothing is counted yet", () =>
    Effect.gen(function*() {
      const again: Outcome = { _tag: "NotSent", rule: "solapi-dns" }
      expect(yield* measured(concluded(before("SENDING"), again, becomes("PLANNED")))).toEqual({})
    }))

  it.effect("that is too late it is counted as not reached, and that nobody needs any more is not", () =>
    Effect.gen(function*() {
      const figures = yield* measured(Effect.andThen(dropped(kakaoTalk, "EXPIRED"), dropped(sms, "SKIPPED")))
      expect(figures).toEqual({
        "ams.messages KAKAO_TALK expired": 1,
        "ams.messages.not_reached KAKAO_TALK": 1,
        "ams.messages SMS skipped": 1
      })
    }))

  it.effect("every counter of a channel is there before the first one", () =>
    Effect.gen(function*() {
      yield* startAtZero(sms)
      const all = yield* Metric.snapshot
      expect(all.map(({ id }) => id).filter((id) => id === "ams.messages")).toHaveLength(7)
      expect(all.map(({ id }) => id)).toContain("ams.messages.not_reached")
      expect(all.map(({ id }) => id)).toContain("ams.message.cost")
    }).pipe(Effect.provide(Layer.succeed(Metric.MetricRegistry, new Map()))))
})
