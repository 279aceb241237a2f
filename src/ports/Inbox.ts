/** What the sandbox channel "sent", newest first; in development only. */
import { Context, type Effect } from "effect"
import type { AcademyId, MessageId } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export interface InboxMessage {
  readonly id: MessageId
  readonly academyId: AcademyId
  readonly channel: string
  readonly recipient: string
  readonly body: string
  readonly at: Date
}

export class Inbox extends Context.Service<Inbox, {
  readonly list: (
    filter: { readonly academyId?: AcademyId; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<InboxMessage>, StorageUnavailable>
}>()("ams/Inbox") {}
