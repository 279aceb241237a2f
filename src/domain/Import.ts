/** Members and enrollments from a file, all or nothing: what both have in common. */
import { Data, Schema } from "effect"
import type { ImportProblem } from "./ImportProblem.ts"

/** One file holds one of them. */
export const ImportKind = Schema.Literals(["members", "enrollments"])
export type ImportKind = typeof ImportKind.Type

/**
 * A student with two guardians is some 150 bytes, so that 5,000 of them are 1 MiB; an academy has some hundreds. So many are
 * written in one transaction, which takes some seconds.
 */
export const limits = { bytes: 5 * 1024 * 1024, lines: 5_000 }

/** What became of a file, or would have become of it. */
export const ImportReport = Schema.Struct({
  kind: ImportKind,
  /** True: nothing was written. */
  dryRun: Schema.Boolean,
  /** Below the headings, without empty ones. */
  lines: Schema.Int,
  /** Made: members, among them guardians that stand only in a student's line. */
  members: Schema.Int,
  /** Made: guardians linked to students. */
  guardianships: Schema.Int,
  /** Made. */
  enrollments: Schema.Int,
  /** Lines that say what is there already: they were skipped. */
  alreadyThere: Schema.Array(Schema.Int)
})
export type ImportReport = typeof ImportReport.Type

/** Where an import is. `done` of `total`: lines that were checked, records that were written. */
export const ImportProgress = Schema.Struct({
  stage: Schema.Literals(["reading", "checking", "writing"]),
  done: Schema.Int,
  total: Schema.Int
})
export type ImportProgress = typeof ImportProgress.Type

/** What only one side says does not count against it. */
export const agree = <A>(a: A | null, b: A | null): boolean => a === null || b === null || a === b
/** Both say it, and alike. */
export const same = <A>(a: A | null, b: A | null): boolean => a !== null && a === b

/** Nothing was written: every problem of every line. */
export class ImportRefused extends Data.TaggedError("ImportRefused")<{
  readonly problems: ReadonlyArray<ImportProblem>
}> {}
