/** No channel is configured: messages wait in the failed-event store instead of vanishing. */
import { Effect, Layer } from "effect"
import { HandlerFailure } from "../../../ports/EventHandler.ts"
import { NotificationPort } from "../../../ports/NotificationPort.ts"

export const layer = Layer.succeed(
  NotificationPort,
  NotificationPort.of({
    channel: "KAKAO_TALK",
    provider: "none",
    send: () =>
      Effect.fail(
        new HandlerFailure({
          class: "permanent",
          rule: "no-channel",
          message: "no notification channel is configured: set one up, then replay this event"
        })
      ),
    lookUp: () => Effect.succeedNone
  })
)
