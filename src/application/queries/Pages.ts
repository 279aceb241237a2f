/** Pages of what PostgreSQL lists. */
import { Effect } from "effect"
import type { Page } from "./Paging.ts"

/** 1 to 100 of them, behind the last one of the page before. */
export interface PageAfter<Id> {
  readonly limit: number
  readonly after?: Id
}

/** One more than asked for tells whether there is a next page. */
export const pageFrom = <Id extends string, A extends { readonly id: Id }, E, R>(
  page: PageAfter<Id>,
  read: (page: PageAfter<Id>) => Effect.Effect<ReadonlyArray<A>, E, R>
): Effect.Effect<Page<A>, E, R> =>
  Effect.map(read({ ...page, limit: page.limit + 1 }), (found) => {
    const items = found.slice(0, page.limit)
    return { items, next: found.length > page.limit ? items.at(-1)?.id ?? null : null }
  })
