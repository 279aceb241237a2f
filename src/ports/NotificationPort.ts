/** The way out to a person's phone. The domain knows this and nothing of providers. */
import { Context, type Effect, type Option } from "effect"
import type { AcademyId, MessageId } from "../domain/Ids.ts"
import type { NotificationChannel } from "../domain/Notification.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { HandlerFailure } from "./EventHandler.ts"

export interface OutgoingMessage {
  /** The key by which the provider can be asked later whether it has this message. */
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly to: PhoneNumber
  readonly text: string
}

export class NotificationPort extends Context.Service<NotificationPort, {
  readonly channel: NotificationChannel
  readonly provider: string
  /**
   * Hands one message over; the provider's id of it. Fails `unknown` when it may have gone out: ask `lookUp` before
   * sending again.
   */
  readonly send: (message: OutgoingMessage) => Effect.Effect<string, HandlerFailure>
  /** The provider's id of a message handed over before; none when the provider surely does not have it. */
  readonly lookUp: (id: MessageId) => Effect.Effect<Option.Option<string>, HandlerFailure>
}>()("ams/NotificationPort") {}
