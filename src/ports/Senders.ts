/** As whom an academy writes to people. */
import { Context, type Effect, type Option } from "effect"
import type { NotificationChannel } from "../domain/Channel.ts"
import type { AcademyId } from "../domain/Ids.ts"
import type { Appearance } from "./NotificationPort.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface Named extends Appearance {
  readonly academyName: string
}

export class Senders extends Context.Service<Senders, {
  /** What the academy has of its own on the channel. None when there is no such academy. */
  readonly of: (
    academyId: AcademyId,
    channel: NotificationChannel
  ) => Effect.Effect<Option.Option<Named>, StorageUnavailable>
}>()("ams/Senders") {}
