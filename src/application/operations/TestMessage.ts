/** A test of a channel: one message to a number that somebody gave, the way of every message, and nobody's news. */
import { Context, Data, DateTime, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import type { NotificationChannel } from "../../domain/Channel.ts"
import { type NotAllowed, NotFound } from "../../domain/Errors.ts"
import { AcademyId, DispatchId, MemberId } from "../../domain/Ids.ts"
import { dateIn, timeIn, TimeZoneName } from "../../domain/LocalTime.ts"
import type { Outcome } from "../../domain/Message.ts"
import { render } from "../../domain/NotificationText.ts"
import { mask, type PhoneNumber } from "../../domain/PhoneNumber.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import type { HandlerFailure } from "../../ports/EventHandler.ts"
import { NotificationPort, senderFor } from "../../ports/NotificationPort.ts"
import { type Named, Senders } from "../../ports/Senders.ts"
import { type Refusal, type StorageUnavailable, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { type CurrentOperator, operator } from "./Operator.ts"

/** No message goes to a number on this channel: there is none of that name, or it reaches devices. */
export class ChannelTakesNoNumbers extends Data.TaggedError("ChannelTakesNoNumbers")<{
  readonly channel: NotificationChannel
  /** Those that do. */
  readonly others: ReadonlyArray<NotificationChannel>
}> {}

export interface Tested {
  /** As in `solapi`. */
  readonly provider: string
  readonly outcome: Outcome
}

/** As the system itself appears. */
const system: Named = {
  academyName: "AMS",
  sender: { from: null, profile: null, credentials: null },
  templates: {}
}

/** Test messages are read where AMS is made for. */
const seoul = TimeZoneName.make("Asia/Seoul")

/** An approved template carries it on channels that want one; its words say that it is a test. */
const textOf = (academyName: string, now: DateTime.Utc) =>
  render("ko", academyName, [{
    kind: "CHECK_IN",
    studentName: "(시험)",
    className: "시험 발송",
    day: dateIn(seoul, now),
    until: dateIn(seoul, now),
    time: timeIn(seoul, now),
    status: "PRESENT",
    count: 0
  }])

export class TestMessage extends Context.Service<TestMessage, {
  /**
   * Sends one message, as an academy or as the system. Audited before anything goes out. No ledger row is written: nobody
   * is told anything. Fails `HandlerFailure` when our own storage does.
   */
  readonly send: (
    to: PhoneNumber,
    channel: NotificationChannel,
    academyId: AcademyId | null
  ) => Effect.Effect<
    Tested,
    ChannelTakesNoNumbers | HandlerFailure | NotAllowed | NotFound | Refusal | StorageUnavailable,
    CurrentOperator
  >
}>()("ams/TestMessage") {
  static readonly layer = Layer.effect(
    TestMessage,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const port = yield* NotificationPort
      const random = yield* SecureRandom.SecureRandom
      const senders = yield* Senders
      const unitOfWork = yield* UnitOfWork

      const appearance = Effect.fnUntraced(function*(academyId: AcademyId | null, channel: NotificationChannel) {
        if (academyId === null) return system
        const found = yield* senders.of(academyId, channel)
        return Option.isSome(found) ? found.value : yield* new NotFound({ what: "academy", id: academyId })
      })

      return TestMessage.of({
        send: Effect.fn("TestMessage.send")(function*(to, channel, academyId) {
          const by = yield* operator("operations:system")
          const others = port.ways.filter(({ reaches }) => reaches === "PHONE").map(({ channel }) => channel)
          if (!others.includes(channel)) return yield* new ChannelTakesNoNumbers({ channel, others })
          const appears = yield* appearance(academyId, channel)
          yield* unitOfWork.run(
            { academyId, actor: by.actorId },
            audit.write({
              academyId,
              actorId: by.actorId,
              channel: by.channel,
              action: "notification.test",
              subject: `channel/${channel}`,
              reason: `to ${mask(to)}`
            })
          )
          const text = textOf(appears.academyName, yield* DateTime.now)
          const sending = port.on(channel)
          const outcome = yield* sending.send(
            {
              id: DispatchId.make(yield* random.uuidV7()),
              // Without one it is an academy that does not exist, and so is whoever gets it.
              academyId: academyId ?? AcademyId.make(yield* random.uuidV7()),
              channel,
              recipientId: MemberId.make(yield* random.uuidV7()),
              phone: to,
              devices: [],
              sender: senderFor(appears, text),
              text
            },
            // Nobody will ask about it.
            () => Effect.void
          )
          return { provider: sending.provider, outcome }
        })
      })
    })
  )
}
