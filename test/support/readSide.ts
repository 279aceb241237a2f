/** What the read side shows, as a whole. */
import { Effect } from "effect"
import type { AcademyId } from "../../src/domain/Ids.ts"
import { idOf, type Kind, placeOf, type View } from "../../src/domain/ReadModel.ts"
import { ReadModels } from "../../src/ports/ReadModels.ts"
import { ReadModelSource } from "../../src/ports/ReadModelSource.ts"

const pageSize = 500

/** Every document of one kind on the read side, by its id. */
export const shownDocuments = Effect.fnUntraced(function*(kind: Kind, academies: ReadonlyArray<AcademyId>) {
  const readModels = yield* ReadModels
  const found = new Map<string, View<Kind>>()
  for (const academyId of academies) {
    let after: string | undefined
    do {
      const page: ReadonlyArray<View<Kind>> = yield* readModels.find(kind, {
        academyId,
        where: {},
        order: "ascending",
        limit: pageSize,
        ...(after === undefined ? {} : { after })
      })
      for (const doc of page) found.set(idOf(doc), doc)
      const last = page.at(-1)
      after = page.length < pageSize || last === undefined ? undefined : placeOf(last)
    } while (after !== undefined)
  }
  return found
})

/** Every document of one kind as PostgreSQL has it now, by its id: what a sync would write. */
export const presentDocuments = Effect.fnUntraced(function*(kind: Kind) {
  const source = yield* ReadModelSource
  const found = new Map<string, View<Kind> | null>()
  let after: string | null = null
  while (true) {
    const ids: ReadonlyArray<string> = yield* source.ids(kind, after, pageSize)
    const last = ids.at(-1)
    if (last === undefined) return found
    after = last
    for (const { doc, id } of yield* source.load(kind, ids)) found.set(id, doc)
  }
})
