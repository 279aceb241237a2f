/** A channel that a test speaks for. */
import { Effect, Layer } from "effect"
import { NotificationChannel } from "../../src/domain/Channel.ts"
import { NotificationPort, type Sending } from "../../src/ports/NotificationPort.ts"

export const kakaoTalk = NotificationChannel.make("KAKAO_TALK")

/** The only way to anybody's phone. */
export const onlyWay = (sending: Sending) =>
  Layer.succeed(
    NotificationPort,
    NotificationPort.of({ ways: [{ channel: kakaoTalk, reaches: "PHONE", on: true }], on: () => sending })
  )

export const accepted = (id: string) => ({ _tag: "Accepted", rule: "ok", providerId: `ok-${id}` }) as const

/** Takes everything, and knows nothing of what it has not taken. */
export const taking: Sending = {
  provider: "test",
  receipts: false,
  paid: false,
  send: ({ id }, keep) => Effect.as(keep(id), accepted(id)),
  resume: () => Effect.succeed({ _tag: "NotSent", rule: "unknown" })
}
