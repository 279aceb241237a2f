/** What comes into the inbox while somebody looks. */
import { Duration, Effect, Stream } from "effect"
import type { InboxMessage } from "../../../../ports/Inbox.ts"
import type { StorageUnavailable } from "../../../../ports/UnitOfWork.ts"

type Messages = ReadonlyArray<InboxMessage>

const lookEvery = Duration.seconds(1)
/** Looks without news, after which a sign of life is due: proxies close silent streams. */
const quietLooks = 15
/** A message has the time at which its transaction began, and is seen when that has ended: not much later than this. */
const lateBy = Duration.seconds(10)

interface Seen {
  readonly ids: ReadonlySet<string>
  readonly newest: Date | undefined
}

const seen = (messages: Messages, before?: Date): Seen => ({
  ids: new Set(messages.map(({ id }) => id)),
  newest: messages[0]?.at ?? before
})

/** The messages that were there at first, then those that are new. None: there is nothing new. */
export const news = (
  first: Messages,
  look: (since: Date | undefined) => Effect.Effect<Messages, StorageUnavailable>
): Stream.Stream<Messages> => {
  const next = Effect.fnUntraced(function*({ ids, newest }: Seen): Effect.fn.Return<readonly [Messages, Seen]> {
    const since = newest && new Date(newest.getTime() - Duration.toMillis(lateBy))
    for (let looks = 0; looks < quietLooks; looks++) {
      yield* Effect.sleep(lookEvery)
      // A database that is away comes back.
      const found = yield* Effect.orElseSucceed(look(since), (): Messages => [])
      const fresh = found.filter(({ id }) => !ids.has(id))
      if (fresh.length > 0) return [fresh, seen(found, newest)]
    }
    return [[], { ids, newest }]
  })
  return Stream.concat(Stream.succeed(first), Stream.unfold(seen(first), next))
}
