/** Messages that a person sends once more. */
import { Context, type Effect, type Option } from "effect"
import type { AcademyId, MemberId, MessageId, NotificationId } from "../domain/Ids.ts"
import type { Resend, Resendable } from "../domain/Resend.ts"
import type { SentMessageInFull } from "./NotificationHistory.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

export class Resends extends Context.Service<Resends, {
  /** None when the academy has no such message. */
  readonly find: (
    academyId: AcademyId,
    id: MessageId
  ) => Effect.Effect<Option.Option<Resendable>, StorageUnavailable, Transaction>
  /**
   * Writes the message, and a ledger row for each line, in the order of the ids; answers it as it is then. If somebody
   * else resent one of its occasions meanwhile, the unit of work runs again.
   */
  readonly plan: (
    resend: Resend,
    of: {
      /** `null`: whoever has the terminal. */
      readonly by: MemberId | null
      readonly reason: string
      /** New ones, as many as there are lines. */
      readonly lines: ReadonlyArray<NotificationId>
    }
  ) => Effect.Effect<SentMessageInFull, StorageUnavailable, Transaction>
}>()("ams/Resends") {}
