/** PUSH: what each device gets, what becomes of devices that are gone, and what is known afterwards. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as Push from "../../../../../src/adapters/out/notification/fcm/Push.ts"
import { NotificationChannel } from "../../../../../src/domain/Channel.ts"
import { HandlerFailure } from "../../../../../src/ports/EventHandler.ts"
import type { Dispatch } from "../../../../../src/ports/NotificationPort.ts"
import { StorageUnavailable } from "../../../../../src/ports/UnitOfWork.ts"
import { logged } from "../../../../support/alerts.ts"
import { dispatch, keeper, limits } from "../server.ts"
import { device, refusal, type Script, serving, targets } from "./fcm.ts"

/** Sends one message to these devices. */
const sent = Effect.fnUntraced(function*(
  script: Script,
  { devices = [1, 2], perSecond = 1_000, storage, text }: {
    readonly devices?: ReadonlyArray<number>
    readonly perSecond?: number
    readonly storage?: StorageUnavailable
    readonly text?: Dispatch["text"]
  } = {}
) {
  const fcm = yield* serving(script)
  const { dropped, layer } = targets(storage)
  const { layer: logs, lines } = logged()
  const { keep, kept } = keeper()
  const given = dispatch({ devices: devices.map(device), ...(text === undefined ? {} : { text }) })
  const outcome = yield* Effect.gen(function*() {
    const push = yield* Push.make({
      url: fcm.url,
      projectId: "our-project",
      serviceAccount: fcm.serviceAccount,
      limits,
      perSecond
    })
    return yield* push.send(given, keep)
  }).pipe(Effect.provide([layer, logs]))
  return { ...fcm, dropped, given, kept, lines, outcome }
})

describe("a push", () => {
  it.live("goes to each device, shows once, and says what it is about", () =>
    Effect.gen(function*() {
      const { given, journal, kept, outcome, sent: messages } = yield* sent({})
      assert.deepStrictEqual(outcome, {
        _tag: "Accepted",
        rule: "fcm-accepted",
        providerId: "projects/our-project/messages/device-1,projects/our-project/messages/device-2",
        cost: 0
      })
      assert.deepStrictEqual(kept, ["fcm"])
      assert.strictEqual(journal.filter(({ call }) => call === "POST /v1/projects/our-project/messages:send").length, 2)
      const first = messages.find(({ message }) => message.token === "device-1")
      assert.deepStrictEqual<unknown>(first, {
        bearer: "Bearer access-1",
        message: {
          token: "device-1",
          notification: { title: "한빛학원", body: given.text.news },
          data: { notificationId: given.id },
          android: { priority: "HIGH", ttl: "3600s", notification: { tag: given.id } },
          apns: { headers: { "apns-collapse-id": given.id } }
        }
      })
    }))

  it.live("sends nothing before the key is kept, and nothing when it cannot be", () =>
    Effect.gen(function*() {
      const { journal, serviceAccount, url } = yield* serving()
      const push = yield* Push.make({ url, projectId: "our-project", serviceAccount, limits, perSecond: 1 }).pipe(
        Effect.provide(targets().layer)
      )
      const lost = new HandlerFailure({ class: "transient", rule: "postgres", message: "gone" })
      const failure = yield* Effect.flip(push.send(dispatch({ devices: [device(1)] }), () => Effect.fail(lost)))
      assert.strictEqual(failure, lost)
      // Who dies while it waits for a token has surely sent nothing.
      assert.deepStrictEqual(journal.map(({ call }) => call), ["POST /token"])
    }))

  it.live("cannot reach who has no device, and asks nobody", () =>
    Effect.gen(function*() {
      const { journal, kept, outcome } = yield* sent({}, { devices: [] })
      assert.deepStrictEqual(outcome, { _tag: "ChannelUnavailable", rule: "no-device" })
      assert.isEmpty(journal)
      assert.isEmpty(kept)
    }))

  it.live("drops devices that are gone, and alone they are no way to a person", () =>
    Effect.gen(function*() {
      const gone = [refusal(404, "NOT_FOUND", "UNREGISTERED")]
      const one = yield* sent({ sends: { "device-1": gone } })
      assert.strictEqual(one.outcome._tag, "Accepted")
      assert.deepStrictEqual(one.dropped, [device(1)])
      const all = yield* sent({ sends: { "device-1": gone, "device-2": gone } })
      assert.deepStrictEqual(all.outcome, { _tag: "ChannelUnavailable", rule: "no-device" })
    }))

  it.live("drops a device of another project, and says so to the operator without its token", () =>
    Effect.gen(function*() {
      const { dropped, lines, outcome } = yield* sent(
        { sends: { "device-1": [refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")] } },
        { devices: [1] }
      )
      assert.deepStrictEqual(outcome, { _tag: "ChannelUnavailable", rule: "no-device" })
      assert.deepStrictEqual(dropped, [device(1)])
      assert.deepStrictEqual(lines.map(({ level }) => level), ["Error"])
      assert.notInclude(JSON.stringify(lines), "device-1")
    }))

  it.live("has gone out, also when a device that is gone cannot be dropped", () =>
    Effect.gen(function*() {
      const { lines, outcome } = yield* sent(
        { sends: { "device-1": [refusal(404, "NOT_FOUND", "UNREGISTERED")] } },
        { storage: new StorageUnavailable({ conflict: false, cause: "stopped" }) }
      )
      assert.strictEqual(outcome._tag, "Accepted")
      assert.deepStrictEqual(lines.map(({ level }) => level), ["Warn"])
    }))

  it.live("asks for a new token, once, when the one it has is refused", () =>
    Effect.gen(function*() {
      const refused = refusal(401, "UNAUTHENTICATED")
      const well = yield* sent({ sends: { "device-1": [refused] } }, { devices: [1] })
      assert.strictEqual(well.outcome._tag, "Accepted")
      assert.deepStrictEqual(well.sent.map(({ bearer }) => bearer), ["Bearer access-1", "Bearer access-2"])
      const never = yield* sent({ sends: { "device-1": [refused, refused, refused] } }, { devices: [1] })
      assert.deepStrictEqual(never.outcome, { _tag: "Account", rule: "fcm-http-401" })
      assert.lengthOf(never.sent, 2)
    }))

  it.live("sends nothing without a token", () =>
    Effect.gen(function*() {
      const alone = yield* sent({ tokens: [{ status: 400 }] }, { devices: [1] })
      assert.deepStrictEqual(alone.outcome, { _tag: "Account", rule: "fcm-token-http-400" })
      assert.isEmpty(alone.sent)
    }))

  it.live.each<readonly [NonNullable<Script["sends"]>, Record<string, unknown>]>([
    [{ "device-1": ["hang"] }, { _tag: "Uncertain", rule: "fcm-read-timeout" }],
    [{ "device-1": ["reset"] }, { _tag: "Uncertain", rule: "fcm-reset" }],
    [{ "device-1": [{ status: 502, text: "<html>" }] }, { _tag: "Uncertain", rule: "fcm-http-502" }],
    [{ "device-1": [{ text: "{\"name\"" }] }, { _tag: "Uncertain", rule: "fcm-unreadable" }],
    [{ "device-1": [refusal(503, "UNAVAILABLE", "UNAVAILABLE")] }, { _tag: "NotSent", rule: "fcm-UNAVAILABLE" }],
    [{ "device-1": [{ status: 500, text: "<html>" }] }, { _tag: "NotSent", rule: "fcm-http-500" }],
    [{ "device-1": [refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")] }, {
      _tag: "NotSent",
      rule: "fcm-QUOTA_EXCEEDED",
      retryAfter: Duration.minutes(1)
    }],
    [{ "device-1": [refusal(400, "INVALID_ARGUMENT")] }, { _tag: "Refused", rule: "fcm-INVALID_ARGUMENT" }],
    [{ "device-1": [refusal(403, "PERMISSION_DENIED")] }, { _tag: "Account", rule: "fcm-http-403" }]
  ])("answered with %j is %j, and is not sent again", ([sends, expected]) =>
    Effect.gen(function*() {
      const { outcome, sent: messages } = yield* sent({ sends }, { devices: [1] })
      assert.deepStrictEqual<unknown>(outcome, expected)
      assert.lengthOf(messages, 1)
    }))

  it.live("goes to many devices, four at a time", () =>
    Effect.gen(function*() {
      const hanging = Object.fromEntries([1, 2, 3, 4].map((number) => [`device-${number}`, ["hang"] as const]))
      const { journal, outcome } = yield* sent({ sends: hanging }, { devices: [1, 2, 3, 4, 5] })
      assert.strictEqual(outcome._tag, "Accepted")
      const times = journal.filter(({ call }) => call !== "POST /token").map(({ at }) => at)
      assert.lengthOf(times, 5)
      // The fifth has its turn when the first is given up.
      assert.isAtLeast((times[4] ?? 0) - (times[0] ?? 0), Duration.toMillis(limits.read) - 50)
    }))
})

describe("FCM", () => {
  it.live("is called no faster than the settings allow", () =>
    Effect.gen(function*() {
      const { journal } = yield* sent({}, { devices: [1, 2], perSecond: 1 })
      const [first = 0, second = 0] = journal.flatMap(({ at, call }) => (call === "POST /token" ? [] : [at]))
      assert.isAtLeast(second - first, 950)
    }))
})

describe("what a push holds", () => {
  const given = dispatch()
  const of = (news: string) => Push.payloadOf({ ...given, text: { ...given.text, news } })
  const bytes = (json: unknown) => Buffer.byteLength(JSON.stringify(json))
  const room = 4096 - bytes(of(""))

  it("is the whole text as long as there is room", () => {
    const news = "a".repeat(room)
    assert.strictEqual(of(news).notification.body, news)
    assert.strictEqual(bytes(of(news)), 4096)
  })

  it.each(["a", "가", "🎉", "\n"])("is shortened between two letters, as little as possible: %j", (letter) => {
    const { body } = of(letter.repeat(5000)).notification
    assert.isTrue(body.endsWith("…"))
    assert.isTrue(body.isWellFormed())
    // Without the quotes, which the empty one has as well.
    assert.isAtMost(bytes(body) - 2, room)
    assert.isAbove(bytes(letter + body) - 2, room)
  })
})

describe("resuming a push", () => {
  it.live("knows that nothing went out before the key was kept, and nothing after that", () =>
    Effect.gen(function*() {
      const { journal, serviceAccount, url } = yield* serving()
      const push = yield* Push.make({ url, projectId: "our-project", serviceAccount, limits, perSecond: 1 }).pipe(
        Effect.provide(targets().layer)
      )
      const { academyId, id } = dispatch()
      const begun = { id, academyId, channel: NotificationChannel.make("PUSH"), credentials: null }
      assert.deepStrictEqual(yield* push.resume({ ...begun, key: null }, true), {
        _tag: "NotSent",
        rule: "nothing-kept"
      })
      assert.deepStrictEqual(yield* push.resume({ ...begun, key: "fcm" }, true), {
        _tag: "Uncertain",
        rule: "fcm-cannot-tell"
      })
      assert.isEmpty(journal)
    }))
})
