/** What a member wishes about being told: on which channels first, and of what not at all. */
import { Data, Result, Schema } from "effect"
import { NotificationChannel, type Way } from "./Channel.ts"
import { NotificationKind } from "./Notification.ts"

export const NotificationPreference = Schema.Struct({
  /** Best first. The system's other channels stay behind them, for when these do not reach anybody. */
  channels: Schema.Array(NotificationChannel).check(Schema.isMaxLength(20), Schema.isUnique()),
  /** Kinds that this person does not want to hear of. */
  muted: Schema.Array(NotificationKind).check(
    Schema.isMaxLength(NotificationKind.literals.length),
    Schema.isUnique()
  )
})
export type NotificationPreference = typeof NotificationPreference.Type

/** Of somebody who has said nothing. */
export const noPreference: NotificationPreference = { channels: [], muted: [] }

/** There is no such channel in this system; `known` are those that there are. */
export class NoSuchChannel extends Data.TaggedError("NoSuchChannel")<{
  readonly channel: NotificationChannel
  readonly known: ReadonlyArray<NotificationChannel>
}> {}

/** A child that is missing is what AMS is for: nobody is spared that alarm, nor the news that it is over. */
export class CannotBeMuted extends Data.TaggedError("CannotBeMuted")<{ readonly kind: NotificationKind }> {}

const alwaysTold: ReadonlyArray<NotificationKind> = ["MISSING", "ARRIVED"]

export const prefer = (
  wished: NotificationPreference,
  ways: ReadonlyArray<Pick<Way, "channel">>
): Result.Result<NotificationPreference, NoSuchChannel | CannotBeMuted> => {
  const known = ways.map(({ channel }) => channel)
  const channel = wished.channels.find((one) => !known.includes(one))
  if (channel !== undefined) return Result.fail(new NoSuchChannel({ channel, known }))
  const kind = wished.muted.find((one) => alwaysTold.includes(one))
  return kind === undefined ? Result.succeed(wished) : Result.fail(new CannotBeMuted({ kind }))
}
