/** What lately became of messages, and what they cost: read from the messages themselves. */
import { Context, type Effect } from "effect"
import type { NotificationChannel } from "../domain/Channel.ts"
import type { AcademyId } from "../domain/Ids.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** Of the messages of all academies that were planned in the last 15 minutes. */
export interface Lately {
  readonly channel: NotificationChannel
  /** Taken by the provider, or older than a minute and not taken yet; without those that waited for quiet hours to end. */
  readonly timed: number
  /** Of these 95 of 100 were taken within so many seconds; who still waits counts with the age so far. */
  readonly p95Seconds: number
  /** Came to an end on this channel: taken, arrived, given up, gone on to another channel, or nobody knows. */
  readonly ended: number
  /** Of these, taken or arrived. */
  readonly reached: number
}

export class MessageMeasures extends Context.Service<MessageMeasures, {
  /** One for each channel that had any. */
  readonly lately: Effect.Effect<ReadonlyArray<Lately>, StorageUnavailable>
  /** KRW that an academy's messages cost since midnight there, as far as providers have taken them. */
  readonly spentToday: (academyId: AcademyId) => Effect.Effect<number, StorageUnavailable>
}>()("ams/MessageMeasures") {}
