/** What somebody changes is what they have seen: each row that people edit has a version, plus 1 for each change. */
import { Data, Result } from "effect"

/** Upon which versions a change may build; left out where nobody looked before. */
export type Seen = ReadonlyArray<number> | "any"

/** It has been changed since: look again, and decide again. */
export class Stale extends Data.TaggedError("Stale")<{ readonly version: number }> {}

/** The thing, if it is still as it was seen. */
export const asSeen = <A extends { readonly version: number }>(thing: A, seen: Seen = "any"): Result.Result<A, Stale> =>
  seen === "any" || seen.includes(thing.version)
    ? Result.succeed(thing)
    : Result.fail(new Stale({ version: thing.version }))
