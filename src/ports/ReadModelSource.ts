/** The content of read documents, as PostgreSQL has it now. */
import { Context, type Effect } from "effect"
import type { AcademyId, ClassId, ClassroomId, EnrollmentId, MemberId, SessionId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { Document, Kind } from "../domain/ReadModel.ts"
import type { StorageUnavailable } from "./UnitOfWork.ts"

/** A document by its kind and id. */
export type Named = readonly [Kind, string]

/** What an event changes without naming it. */
export type Reach =
  /** The class's sessions and their attendances. */
  | { readonly of: "class"; readonly id: ClassId }
  /** The sessions that are held in the classroom. */
  | { readonly of: "classroom"; readonly id: ClassroomId }
  /** The class's sessions from the enrollment's first day on. */
  | { readonly of: "enrollment"; readonly id: EnrollmentId }
  /** The attendances of a session. */
  | { readonly of: "session"; readonly id: SessionId }
  /** Where the member's name stands: of a parent the children, of a teacher the classes, of a student what was attended. */
  | { readonly of: "member"; readonly id: MemberId }
  /** The student's sessions on these days, both included. */
  | { readonly of: "student"; readonly id: MemberId; readonly from: LocalDate; readonly until: LocalDate }

/** The figures that an event changes without naming them; days of a class are ids of `class_day`. */
export type FigureReach =
  /** All days of a class, and those of its students. */
  | { readonly of: "class"; readonly id: ClassId }
  /** A class's day, and every student's day there. */
  | { readonly of: "day"; readonly id: string }
  /** The days of those students of a class's day of whom nothing may be recorded: it is known by what is of others. */
  | { readonly of: "unrecorded"; readonly id: string }
  /** The days of a session's students, were it held on this day. */
  | { readonly of: "session"; readonly id: SessionId; readonly date: LocalDate }
  /** The class's days from the enrollment's first day on, the student's among them; and the academy's first day. */
  | { readonly of: "enrollment"; readonly id: EnrollmentId }
  /** The day of the academy on which the member was entered. */
  | { readonly of: "member"; readonly id: MemberId }
  /** All days of an academy on which members were entered, in whatever zone. */
  | { readonly of: "academy"; readonly id: AcademyId }

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
  /** About how many ids there are, for whoever waits. */
  readonly count: (kind: Kind) => Effect.Effect<number, StorageUnavailable>
  /** One statement for all of them. May name documents that do not exist, since one may have gone by the event. */
  readonly reached: (reach: ReadonlyArray<Reach>) => Effect.Effect<ReadonlyArray<Named>, StorageUnavailable>
  readonly figuresReached: (
    reach: ReadonlyArray<FigureReach>
  ) => Effect.Effect<ReadonlyArray<Named>, StorageUnavailable>
  readonly epoch: Effect.Effect<string, StorageUnavailable>
  /** Draws the next number. */
  readonly asOf: Effect.Effect<number, StorageUnavailable>
}>()("ams/ReadModelSource") {}
