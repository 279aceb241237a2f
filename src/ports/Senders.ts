/** As whom an academy writes to people. */
import { Context, type Effect, type Option } from "effect"
import type { NotificationChannel } from "../domain/Channel.ts"
import type { AcademyId } from "../domain/Ids.ts"
import type { Sender } from "./NotificationPort.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface Appearance {
  readonly academyName: string
  readonly sender: Omit<Sender, "templateId" | "templateOff">
  /** Approved templates of its own by names as `CHECK_IN/ko`; `null` is one that is turned off. */
  readonly templates: Readonly<Record<string, string | null>>
}

export class Senders extends Context.Service<Senders, {
  /** What the academy has of its own on the channel. None when there is no such academy. */
  readonly of: (
    academyId: AcademyId,
    channel: NotificationChannel
  ) => Effect.Effect<Option.Option<Appearance>, StorageUnavailable>
}>()("ams/Senders") {}
