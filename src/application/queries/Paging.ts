/** Lists of the read side, page by page. */
import { Effect } from "effect"
import type { LocalDate } from "../../domain/LocalTime.ts"
import { type Kind, placeOf, type View } from "../../domain/ReadModel.ts"
import type { Query, ReadModels } from "../../ports/ReadModels.ts"
import type { Allowed } from "../Authorize.ts"

/** 1 to 100. */
export interface PageRequest {
  readonly limit: number
  /** The place of the last one of the page before. */
  readonly after?: string
}
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Where the next page begins; null at the end. */
  readonly next: string | null
}

/** Both ends included; undefined is open. */
export interface Days {
  readonly dateFrom: LocalDate | undefined
  readonly dateTo: LocalDate | undefined
}
export const bounds = ({ dateFrom, dateTo }: Days) => ({
  ...(dateFrom === undefined ? {} : { dateFrom }),
  ...(dateTo === undefined ? {} : { dateTo })
})

/** One more than asked for tells whether there is a next page. */
export const pagesOf = (readModels: ReadModels["Service"]) =>
<K extends Kind>(
  actor: Allowed,
  kind: K,
  request: PageRequest,
  query: Omit<Query<K>, "academyId" | "limit" | "after">
) =>
  Effect.map(
    readModels.find(kind, {
      ...query,
      academyId: actor.academyId,
      limit: request.limit + 1,
      ...(request.after === undefined ? {} : { after: request.after })
    }),
    (found): Page<View<K>> => {
      const items = found.slice(0, request.limit)
      const last = found.length > request.limit ? items.at(-1) : undefined
      return { items, next: last === undefined ? null : placeOf(last) }
    }
  )
