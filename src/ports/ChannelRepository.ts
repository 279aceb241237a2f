/** How each academy appears on its channels. */
import { Context, type Effect, type Option } from "effect"
import type { AcademyChannel, ChannelChange } from "../domain/AcademyChannel.ts"
import type { NotificationChannel } from "../domain/Channel.ts"
import type { AcademyId } from "../domain/Ids.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** What becomes of the academy's account with the provider. */
export type SealedAccount = Uint8Array | "none" | "as it was"

export class ChannelRepository extends Context.Service<ChannelRepository, {
  /** In the order of the channels; nothing for an academy that does not exist. */
  readonly list: (
    academyId: AcademyId,
    channels: ReadonlyArray<NotificationChannel>
  ) => Effect.Effect<ReadonlyArray<AcademyChannel>, StorageUnavailable>
  /** With the academy locked until the unit of work ends. None when it does not exist. */
  readonly find: (academyId: AcademyId, channel: NotificationChannel) => Effect.Effect<
    Option.Option<{ readonly channel: AcademyChannel; readonly academyVersion: number }>,
    StorageUnavailable,
    Transaction
  >
  /** By its version; of the templates those that were changed. */
  readonly put: (
    academyId: AcademyId,
    channel: AcademyChannel,
    account: SealedAccount,
    templates: NonNullable<ChannelChange["templates"]>
  ) => Effect.Effect<void, never, Transaction>
}>()("ams/ChannelRepository") {}
