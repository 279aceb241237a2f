import { Data, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, ClassroomId } from "./Ids.ts"

export const NewClassroom = Schema.Struct({
  /** No two classrooms of an academy have the same. */
  name: Schema.NonEmptyString.check(Schema.isMaxLength(60)),
  location: Schema.optionalKey(Schema.NullOr(Schema.String.check(Schema.isMaxLength(200)))),
  /** Seats. */
  capacity: Schema.optionalKey(Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))))
})
export type NewClassroom = typeof NewClassroom.Type

export const Classroom = Schema.Struct({
  id: ClassroomId,
  academyId: AcademyId,
  name: Schema.String,
  location: Schema.NullOr(Schema.String),
  capacity: Schema.NullOr(Schema.Int),
  version: Schema.Int
})
export type Classroom = typeof Classroom.Type

export class ClassroomNameTaken extends Data.TaggedError("ClassroomNameTaken")<{}> {}
/** The academy has no such classroom. */
export class NoSuchClassroom extends Data.TaggedError("NoSuchClassroom")<{}> {}

/** A new one, or how an old one is from now on. */
export const describe = (
  input: NewClassroom,
  of: Pick<Classroom, "id" | "academyId" | "version">
): { readonly classroom: Classroom; readonly event: EventFact } => ({
  classroom: {
    id: of.id,
    academyId: of.academyId,
    name: input.name.normalize("NFC"),
    location: input.location ?? null,
    capacity: input.capacity ?? null,
    version: of.version + 1
  },
  event: {
    type: "ClassroomChanged",
    aggregate: { type: "classroom", id: of.id, version: of.version + 1 },
    payload: { classroomId: of.id }
  }
})
