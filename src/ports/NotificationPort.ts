/** The way out to a person's phone. The domain knows this and nothing of providers. */
import { Context, type Effect } from "effect"
import type { NotificationChannel, Way } from "../domain/Channel.ts"
import type { AcademyId, DispatchId, MemberId, PushTargetId } from "../domain/Ids.ts"
import type { Outcome } from "../domain/Message.ts"
import type { Text } from "../domain/NotificationText.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { HandlerFailure } from "./EventHandler.ts"

/** A person's device that takes push messages. */
export interface Device {
  readonly id: PushTargetId
  readonly token: string
}

/** How an academy appears on a channel; `null`: as the system does. */
export interface Sender {
  /** The number in the place of the sender's, registered with the provider. */
  readonly from: PhoneNumber | null
  /** The KakaoTalk channel. */
  readonly profile: string | null
  /** The provider's id of the approved template of this message; `null` when there is none. */
  readonly templateId: string | null
  /** It turned out to be another text at the provider, so that it is not used. */
  readonly templateOff: boolean
  /** The academy's own account with the provider, sealed up to the adapter that uses it; `null`: the system's. */
  readonly credentials: string | null
}

/**
 * As which an academy appears on a channel, template by template where the channel has them: by names as `CHECK_IN/ko`;
 * `null` is one that is turned off.
 */
export interface Appearance {
  readonly sender: Omit<Sender, "templateId" | "templateOff">
  readonly templates: Readonly<Record<string, string | null>>
}

/** With the template of this text. */
export const senderFor = ({ sender, templates }: Appearance, { templated }: Text): Sender => {
  const template = templated === null ? undefined : templates[templated.key]
  return { ...sender, templateId: template ?? null, templateOff: template === null }
}

/** One attempt to hand over one message. */
export interface Dispatch {
  /** Of this attempt: the provider keeps it beside the message. */
  readonly id: DispatchId
  readonly academyId: AcademyId
  readonly channel: NotificationChannel
  readonly recipientId: MemberId
  readonly phone: PhoneNumber | null
  readonly devices: ReadonlyArray<Device>
  readonly sender: Sender
  readonly text: Text
}

/** What is known of an attempt whose end is not. */
export interface Begun {
  readonly id: DispatchId
  readonly academyId: AcademyId
  readonly channel: NotificationChannel
  /** What the provider can be asked by; `null` when the attempt had not come so far, so that nothing went out. */
  readonly key: string | null
  readonly credentials: string | null
}

/** How one channel is served. */
export interface Sending {
  /** Who carries it, as in `solapi`. */
  readonly provider: string
  /** Whether the provider says later on what became of what it took. */
  readonly receipts: boolean
  /** Whether its messages cost money, so that they wait when an academy has spent what it may in a day. */
  readonly paid: boolean
  /**
   * Hands one message over, once. Whatever the other side does is an outcome; it fails when our own storage does, or when
   * another process has taken the attempt over. `keep` writes down by what the provider can be asked about this attempt.
   * It must have ended well before anything can go out: who cannot keep it does not send.
   */
  readonly send: (
    dispatch: Dispatch,
    keep: (key: string) => Effect.Effect<void, HandlerFailure>
  ) => Effect.Effect<Outcome, HandlerFailure>
  /**
   * Brings an attempt to its end of which nobody knows how far it came, asking the provider. What lies there ready and has
   * not gone out, goes out now when `go`, and never when not. `NotSent` when it surely did not and will not go out,
   * `Uncertain` when that cannot be known. Fails when the provider cannot be asked now.
   */
  readonly resume: (begun: Begun, go: boolean) => Effect.Effect<Outcome, HandlerFailure>
}

export class NotificationPort extends Context.Service<NotificationPort, {
  /** In the order in which they are tried. */
  readonly ways: ReadonlyArray<Way>
  /** The adapter of a channel; a channel that is not known refuses everything. */
  readonly on: (channel: NotificationChannel) => Sending
}>()("ams/NotificationPort") {}
