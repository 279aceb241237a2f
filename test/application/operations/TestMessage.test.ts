/** What the adapter of a channel is given when somebody tests it, and who may. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestMessage } from "../../../src/application/operations/TestMessage.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import type { AcademyId } from "../../../src/domain/Ids.ts"
import type { Outcome } from "../../../src/domain/Message.ts"
import { PhoneNumber } from "../../../src/domain/PhoneNumber.ts"
import { type AuditEntry, AuditTrail } from "../../../src/ports/AuditTrail.ts"
import { type Dispatch, NotificationPort } from "../../../src/ports/NotificationPort.ts"
import { type Named, Senders } from "../../../src/ports/Senders.ts"
import { Transaction, UnitOfWork } from "../../../src/ports/UnitOfWork.ts"
import { by, type OperatorName, ours, theirs } from "./operators.ts"

const [kakaoTalk, push] = [NotificationChannel.make("KAKAO_TALK"), NotificationChannel.make("PUSH")]
const to = PhoneNumber.make("+821098765432")
const appearance: Named = {
  academyName: "한빛학원",
  sender: { from: PhoneNumber.make("+82212345678"), profile: "@hanbit", credentials: "c2VhbGVk" },
  templates: { "CHECK_IN/ko": "T1" }
}

/** What was done, in order, when somebody tested a channel. */
const tested = (options: {
  readonly as?: OperatorName
  readonly channel?: NotificationChannel
  readonly academyId?: AcademyId
  readonly templates?: Named["templates"]
  readonly outcome?: Outcome
}) =>
  Effect.gen(function*() {
    const done: Array<AuditEntry | Dispatch> = []
    const needs = Layer.mergeAll(
      NodeCrypto.layer,
      Layer.mock(AuditTrail, { write: (entry) => Effect.sync(() => void done.push(entry)) }),
      Layer.mock(Senders, {
        of: (id) =>
          Effect.succeed(
            id === ours
              ? Option.some({ ...appearance, templates: options.templates ?? appearance.templates })
              : Option.none()
          )
      }),
      Layer.succeed(
        UnitOfWork,
        UnitOfWork.of({
          run: (_, work) =>
            Effect.provideService(work, Transaction, Transaction.of({ append: () => Effect.die("nothing happened") }))
        })
      ),
      Layer.succeed(
        NotificationPort,
        NotificationPort.of({
          ways: [
            { channel: push, reaches: "DEVICE", on: true },
            { channel: kakaoTalk, reaches: "PHONE", on: true }
          ],
          on: () => ({
            provider: "test",
            receipts: false,
            paid: false,
            send: (dispatch, keep) =>
              Effect.as(
                Effect.andThen(keep("key"), Effect.sync(() => void done.push(dispatch))),
                options.outcome ?? { _tag: "Delivered", rule: "ok" }
              ),
            resume: () => Effect.die("nobody asks")
          })
        })
      )
    )
    const result = yield* Effect.flatMap(
      TestMessage,
      (messages) => messages.send(to, options.channel ?? kakaoTalk, options.academyId ?? null)
    ).pipe(by(options.as ?? "terminal"), Effect.provide(Layer.provide(TestMessage.layer, needs)), Effect.result)
    return { done, result }
  })

describe("a test message", () => {
  it.effect("goes out as the academy appears, with an approved template, after it was audited", () =>
    Effect.gen(function*() {
      const { done: [entry, dispatch], result } = yield* tested({ academyId: ours })
      expect(result).toMatchObject({ success: { provider: "test", outcome: { _tag: "Delivered" } } })
      expect(entry).toEqual({
        academyId: ours,
        actorId: null,
        channel: "CLI",
        action: "notification.test",
        subject: "channel/KAKAO_TALK",
        reason: "to 010****5432"
      })
      expect(dispatch).toMatchObject({
        academyId: ours,
        channel: kakaoTalk,
        phone: to,
        devices: [],
        sender: { ...appearance.sender, templateId: "T1", templateOff: false },
        text: { body: expect.stringContaining("시험 발송"), templated: { key: "CHECK_IN/ko" } }
      })
      const off = yield* tested({ academyId: ours, templates: { "CHECK_IN/ko": null } })
      expect(off.done[1]).toMatchObject({ sender: { templateId: null, templateOff: true } })
    }))

  it.effect("goes out as the system does where no academy is named", () =>
    Effect.gen(function*() {
      const { done: [, dispatch] } = yield* tested({})
      expect(dispatch).toMatchObject({
        sender: { from: null, profile: null, credentials: null, templateId: null, templateOff: false },
        text: { academyName: "AMS" }
      })
    }))

  it.effect("does not go out for who may not, to a channel of devices, or as an academy that does not exist", () =>
    Effect.gen(function*() {
      const refused = [
        yield* tested({ as: "manager" }),
        yield* tested({ channel: push }),
        yield* tested({ channel: NotificationChannel.make("FAX") }),
        yield* tested({ academyId: theirs })
      ]
      expect(refused.map(({ result }) => result)).toMatchObject([
        { failure: { _tag: "NotAllowed", permission: "operations:system" } },
        { failure: { _tag: "ChannelTakesNoNumbers", channel: push, others: [kakaoTalk] } },
        { failure: { _tag: "ChannelTakesNoNumbers" } },
        { failure: { _tag: "NotFound", what: "academy" } }
      ])
      assert.deepStrictEqual(refused.flatMap(({ done }) => done), [])
    }))
})
