/** Forgets whoever left long ago. */
import { DateTime, Duration, Effect } from "effect"
import { Erasure } from "../../ports/Erasure.ts"
import { eraser } from "../Erasing.ts"
import type { Job } from "./Jobs.ts"

/** Looked up at once. */
const pageSize = 100

/** `after`: so long after they left. */
export const eraseMembers = (after: Duration.Duration) =>
  Effect.gen(function*() {
    const erasure = yield* Erasure
    const erase = yield* eraser
    const job: Job = {
      name: "EraseMembers",
      every: Duration.hours(6),
      within: Duration.minutes(10),
      run: Effect.gen(function*() {
        const before = DateTime.subtractDuration(yield* DateTime.now, after)
        let erased = 0
        for (;;) {
          const due = yield* erasure.due(before, pageSize)
          for (const { academyId, id } of due) {
            erased += yield* erase({ academyId, id, actorId: null, channel: "SYSTEM", reason: "retention" }).pipe(
              Effect.as(1),
              // Somebody was quicker.
              Effect.catchTags({ NotFound: () => Effect.succeed(0), MemberNot: () => Effect.succeed(0) })
            )
          }
          if (due.length < pageSize) break
        }
        if (erased > 0) yield* Effect.logInfo(`forgot ${erased} members who had left`)
      })
    }
    return job
  })
