/** What the sandbox channel "sent", newest first; in development only. */
import { Context, type Effect } from "effect"
import type { AcademyId, MessageId } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface InboxMessage {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly channel: string
  readonly recipient: string
  /** Whose number it is; `null` when it is nobody's any more. */
  readonly name: string | null
  readonly body: string
  readonly at: Date
}

export class Inbox extends Context.Service<Inbox, {
  /** `since`: from this moment on. */
  readonly list: (
    filter: { readonly academyId?: AcademyId; readonly since?: Date; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<InboxMessage>, StorageUnavailable>
}>()("ams/Inbox") {}
