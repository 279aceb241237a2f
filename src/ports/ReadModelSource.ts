/** The content of read documents, as PostgreSQL has it now. */
import { Context, type Effect } from "effect"
import type { ClassId } from "../domain/Ids.ts"
import type { Document, Kind } from "../domain/ReadModel.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

export class ReadModelSource extends Context.Service<ReadModelSource, {
  /** One document for each id; `doc` is null for what does not exist (any more). Draws `asOf` before it reads. */
  readonly load: <K extends Kind>(
    kind: K,
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Document<K>>, StorageUnavailable>
  /** All ids of a kind, in order, page by page: the way through a full sync. */
  readonly ids: (
    kind: Kind,
    after: string | null,
    limit: number
  ) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
  readonly count: (kind: Kind) => Effect.Effect<number, StorageUnavailable>
  /** The days on which these classes have sessions, as ids of `class_day`. */
  readonly classDayIds: (classIds: ReadonlyArray<ClassId>) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
  readonly epoch: Effect.Effect<string, StorageUnavailable>
  /** Draws the next number. */
  readonly asOf: Effect.Effect<number, StorageUnavailable>
}>()("ams/ReadModelSource") {}
