/** Word of what the read side shows anew, from whichever process has written it to every one that somebody looks at. */
import { Context, type Effect, type Stream } from "effect"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export class Changes extends Context.Service<Changes, {
  /**
   * Says that what stands under these ids (sessions, academies) has changed. It may be lost: whoever must not miss it
   * looks by itself now and then.
   */
  readonly announce: (ids: ReadonlyArray<string>) => Effect.Effect<void, StorageUnavailable>
  /**
   * The ids that any process announces. Begins with none of them: from there all that is announced is heard, until the
   * stream fails; what was before is not.
   */
  readonly announcements: Stream.Stream<ReadonlyArray<string>, StorageUnavailable>
}>()("ams/Changes") {}
