/** The read side: documents by kind, written only where they are newer, found by a few fields, page by page. */
import { Context, Data, type Duration, type Effect, type Option } from "effect"
import type { AcademyId } from "../domain/Ids.ts"
import type { Document, Kind, View } from "../domain/ReadModel.ts"
import type { DayFigures } from "../domain/Statistics.ts"

/**
 * The read side could not answer: down, slower than its time-out (reads 2 s or a little more, writes 5 s), or a document
 * is of an older form.
 */
export class ReadSideUnavailable extends Data.TaggedError("ReadSideUnavailable")<{
  /** As in `mongodb-network`, `postgres-connection`. */
  readonly rule: string
  readonly cause: unknown
}> {}

export interface Query<K extends Kind> {
  readonly academyId: AcademyId
  /** Fields of the document that must equal; for an array field: must contain. */
  readonly where: {
    readonly [Field in keyof View<K> as View<K>[Field] extends string | ReadonlyArray<string> | null ? Field : never]?:
      string
  }
  /** Inclusive bounds of the document's `date`, `YYYY-MM-DD`. */
  readonly dateFrom?: string
  readonly dateTo?: string
  /** What the document's `name` must contain: a regular expression of `nameSearch`. */
  readonly name?: "name" extends keyof View<K> ? string : never
  /** By id, which is by age for ids of version 7; sessions by their start. */
  readonly order: "ascending" | "descending"
  /** The place (`placeOf`) of the last one of the page before. */
  readonly after?: string
  /** At least 1. */
  readonly limit: number
}

/** Kinds that hold figures of a day. */
export type FigureKind = "class_day" | "student_day"

export class ReadModels extends Context.Service<ReadModels, {
  /** Bulk write; a document applies only where its `asOf` is greater than the stored one. */
  readonly put: <K extends Kind>(
    kind: K,
    documents: ReadonlyArray<Document<K>>
  ) => Effect.Effect<void, ReadSideUnavailable>
  readonly find: <K extends Kind>(
    kind: K,
    query: Query<K>
  ) => Effect.Effect<ReadonlyArray<View<K>>, ReadSideUnavailable>
  readonly get: <K extends Kind>(
    kind: K,
    academyId: AcademyId,
    id: string
  ) => Effect.Effect<Option.Option<View<K>>, ReadSideUnavailable>
  /** The figures of these documents, summed for each day, by date; a day that has none is left out. */
  readonly sum: <K extends FigureKind>(
    kind: K,
    query: Pick<Query<K>, "academyId" | "where" | "dateFrom" | "dateTo">
  ) => Effect.Effect<ReadonlyArray<DayFigures>, ReadSideUnavailable>
  /**
   * Declares gone, as of this number, what was last written below it: the end of a full sync that began by drawing it.
   */
  readonly sweep: (kind: Kind, asOf: number) => Effect.Effect<void, ReadSideUnavailable>
  /**
   * Forgets what has been gone for so long. Until then its number is kept, so that a write still under way does not
   * bring it back: a day is plenty.
   */
  readonly prune: (goneFor: Duration.Duration) => Effect.Effect<void, ReadSideUnavailable>
  /** Which life of PostgreSQL's data the documents show; none on an empty read side. */
  readonly epoch: Effect.Effect<Option.Option<string>, ReadSideUnavailable>
  readonly setEpoch: (epoch: string) => Effect.Effect<void, ReadSideUnavailable>
}>()("ams/ReadModels") {}
