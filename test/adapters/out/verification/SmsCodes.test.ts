/** Codes over text messages: what is sent, what is known of it, and how long somebody waits when the provider is not well. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as SmsCodes from "../../../../src/adapters/out/verification/SmsCodes.ts"
import { NotificationChannel } from "../../../../src/domain/Channel.ts"
import { PhoneVerificationId } from "../../../../src/domain/Ids.ts"
import type { Outcome } from "../../../../src/domain/Message.ts"
import { PhoneNumber } from "../../../../src/domain/PhoneNumber.ts"
import { type Dispatch, NotificationPort } from "../../../../src/ports/NotificationPort.ts"
import { type CodeRequest, PhoneVerificationPort } from "../../../../src/ports/PhoneVerificationPort.ts"
import { Senders } from "../../../../src/ports/Senders.ts"
import { academyId, uuid } from "../../../domain/given.ts"

const accepted: Outcome = { _tag: "Accepted", rule: "ok", providerId: "p" }
const notSent: Outcome = { _tag: "NotSent", rule: "solapi-http-503" }
const own = PhoneNumber.make("+82212345678")

const request = (n: number, changed: Partial<CodeRequest> = {}): CodeRequest => ({
  id: PhoneVerificationId.make(uuid(n)),
  phone: PhoneNumber.make("+821012345678"),
  purpose: "LOGIN",
  locale: "ko",
  academyId: null,
  fits: true,
  ...changed
})

/** A channel that answers as it is told, call after call and the last one for ever. */
const world = (...answers: ReadonlyArray<Outcome | "hangs">) => {
  const sent: Array<Dispatch> = []
  const sending = {
    provider: "scripted",
    receipts: false,
    paid: true,
    send: (dispatch: Dispatch) =>
      Effect.suspend(() => {
        sent.push(dispatch)
        const answer = answers[Math.min(sent.length, answers.length) - 1] ?? accepted
        return answer === "hangs" ? Effect.never : Effect.succeed(answer)
      }),
    resume: () => Effect.succeed(accepted)
  }
  const channel = NotificationChannel.make("SMS")
  const layer = SmsCodes.layer(Redacted.make("a key")).pipe(
    Layer.provide(Layer.mergeAll(
      NodeCrypto.layer,
      Layer.mock(NotificationPort, {
        ways: [],
        on: (asked) => {
          assert.strictEqual(asked, channel)
          return sending
        }
      }),
      Layer.mock(Senders, {
        of: (id) =>
          Effect.succeed(
            id === academyId
              ? Option.some({
                academyName: "한빛학원",
                sender: { from: own, profile: null, credentials: "c2VhbGVk" },
                templates: {}
              })
              : Option.none()
          )
      })
    ))
  )
  return { sent, layer }
}

const codeIn = (dispatch: Dispatch | undefined) => /\d{6}/.exec(dispatch?.text.body ?? "")?.[0] ?? ""
const send = (changed: CodeRequest) => Effect.flatMap(PhoneVerificationPort, (port) => port.send(changed))
const check = (n: number, proof: string | null, code: string) =>
  Effect.flatMap(
    PhoneVerificationPort,
    (port) => port.check({ id: PhoneVerificationId.make(uuid(n)), proof }, Redacted.make(code))
  )

/** How it ends when this much time goes by. */
const after = <A, E, R>(time: Duration.Input, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.flip(effect))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

describe("a code", () => {
  it.effect("goes to the phone once, and is known again by what does not hold it", () => {
    const { layer, sent } = world(accepted)
    return Effect.gen(function*() {
      const proof = yield* send(request(1))
      assert.lengthOf(sent, 1)
      const code = codeIn(sent[0])
      assert.match(code, /^\d{6}$/)
      assert.notInclude(proof ?? "", code)
      assert.isTrue(yield* check(1, proof, code))
      assert.isFalse(yield* check(1, proof, code === "000000" ? "000001" : "000000"))
      // Of another verification it is not the code.
      assert.isFalse(yield* check(2, proof, code))
      assert.isFalse(yield* check(1, null, code))
    }).pipe(Effect.provide(layer))
  })

  it.effect("is another one each time, and each digit comes as often as any other", () => {
    const { layer, sent } = world(accepted)
    return Effect.gen(function*() {
      yield* Effect.forEach(Array.from({ length: 2_000 }, (_, n) => n), (n) => send(request(n)))
      const codes = sent.map(codeIn)
      assert.isAbove(new Set(codes).size, 1_980)
      const first = Map.groupBy(codes, (code) => code[0])
      for (const digit of "0123456789") assert.closeTo(first.get(digit)?.length ?? 0, 200, 75)
    }).pipe(Effect.provide(layer))
  })

  it.effect("comes from the academy's own number, where there is one", () => {
    const { layer, sent } = world(accepted)
    return Effect.gen(function*() {
      yield* send(request(1, { academyId }))
      yield* send(request(2))
      assert.deepStrictEqual(sent.map(({ sender }) => sender.from), [own, null])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is none for a number that does not fit: it takes the same steps, and the text says why", () => {
    const { layer, sent } = world(accepted)
    return Effect.gen(function*() {
      const proof = yield* send(request(1, { fits: false }))
      assert.isNull(proof)
      assert.lengthOf(sent, 1)
      assert.strictEqual(codeIn(sent[0]), "")
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<Outcome>([
    { _tag: "InvalidRecipient", rule: "solapi-3010" },
    { _tag: "OptedOut", rule: "solapi-3047" }
  ])("of which nobody is told whether the number exists: %j", (outcome) => {
    const { layer, sent } = world(outcome)
    return Effect.gen(function*() {
      assert.isNotNull(yield* send(request(1)))
      assert.lengthOf(sent, 1)
    }).pipe(Effect.provide(layer))
  })
})

describe("a provider that is not well", () => {
  it.effect("is asked twice more, when it surely has not sent it", () => {
    const { layer, sent } = world(notSent, notSent, accepted)
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(send(request(1)))
      yield* TestClock.adjust("2 seconds")
      assert.isNotNull(yield* Fiber.join(fiber))
      assert.lengthOf(sent, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect("and then no more", () => {
    const { layer, sent } = world(notSent)
    return Effect.gen(function*() {
      assert.deepInclude(yield* after("4 seconds", send(request(1))), { rule: "solapi-http-503" })
      assert.lengthOf(sent, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<Outcome>([
    { _tag: "Ambiguous", rule: "solapi-reset" },
    { _tag: "Account", rule: "solapi-balance" },
    { _tag: "ChannelUnavailable", rule: "channel-off" }
  ])("is asked once when more would be wrong or would not help: %j", (outcome) => {
    const { layer, sent } = world(outcome)
    return Effect.gen(function*() {
      assert.deepInclude(yield* Effect.flip(send(request(1))), { rule: outcome.rule })
      assert.lengthOf(sent, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is given up after three seconds, and nobody waits for more than four", () => {
    const { layer, sent } = world("hangs")
    return Effect.gen(function*() {
      assert.deepInclude(yield* after("3 seconds", send(request(1))), { rule: "timeout" })
      assert.lengthOf(sent, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("keeps eight waiting, and the ninth is told at once", () => {
    const { layer, sent } = world("hangs")
    return Effect.gen(function*() {
      yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (n) => Effect.forkChild(Effect.flip(send(request(n)))))
      yield* Effect.yieldNow
      assert.deepInclude(yield* Effect.flip(send(request(9))), { rule: "busy" })
      assert.lengthOf(sent, 8)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is left alone for half a minute once half of its calls fail", () => {
    const { layer, sent } = world(...Array.from({ length: 5 }, () => "hangs" as const), accepted)
    return Effect.gen(function*() {
      for (const n of [1, 2, 3, 4, 5]) yield* after("3 seconds", send(request(n)))
      assert.deepInclude(yield* Effect.flip(send(request(6))), { rule: "circuit-open" })
      assert.lengthOf(sent, 5)
      yield* TestClock.adjust("30 seconds")
      assert.isNotNull(yield* send(request(7)))
      assert.lengthOf(sent, 6)
    }).pipe(Effect.provide(layer))
  })
})
