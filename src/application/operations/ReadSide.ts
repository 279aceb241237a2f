/**
 * Writes the read side again from PostgreSQL, while it serves: every document of every kind, then away with what was
 * not among them. Safe when run twice or by two at once, since a write applies only where its number is greater.
 */
import { Effect, Option } from "effect"
import { kinds } from "../../domain/ReadModel.ts"
import { ReadModels } from "../../ports/ReadModels.ts"
import { ReadModelSource } from "../../ports/ReadModelSource.ts"

/** Documents read and written at once. */
const pageSize = 500

export interface Progress {
  readonly kind: string
  readonly done: number
  readonly total: number
}

export const sync = Effect.fn("ReadSide.sync")(function*(report: (progress: Progress) => Effect.Effect<void>) {
  const source = yield* ReadModelSource
  const readModels = yield* ReadModels
  const epoch = yield* source.epoch
  let written = 0
  for (const kind of kinds) {
    const began = yield* source.asOf
    const total = yield* source.count(kind)
    let done = 0
    let after: string | null = null
    while (true) {
      const ids: ReadonlyArray<string> = yield* source.ids(kind, after, pageSize)
      const last = ids.at(-1)
      if (last === undefined) break
      yield* readModels.put(kind, yield* source.load(kind, ids))
      after = last
      done += ids.length
      yield* report({ kind, done, total: Math.max(total, done) })
    }
    yield* readModels.sweep(kind, began)
    written += done
  }
  yield* readModels.setEpoch(epoch)
  return written
})

/** True when the read side is empty or shows another life of the data (after a restore). */
export const isOutOfDate = Effect.gen(function*() {
  const source = yield* ReadModelSource
  const readModels = yield* ReadModels
  const [ours, theirs] = yield* Effect.all([source.epoch, readModels.epoch])
  return !Option.contains(theirs, ours)
})
