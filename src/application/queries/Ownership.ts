/** Whose documents may the actor see? Staff see by class, students and parents by student. */
import { Data, Effect, Option } from "effect"
import { NotAllowed, NotFound } from "../../domain/Errors.ts"
import type { ClassId, MemberId } from "../../domain/Ids.ts"
import { type Actor, type Permission, seesWholeAcademy } from "../../domain/Permission.ts"
import type { View } from "../../domain/ReadModel.ts"
import { ReadModels, type ReadSideUnavailable } from "../../ports/ReadModels.ts"
import type { Allowed } from "../Authorize.ts"

/** Those about whom the actor may ask as a student or a parent: oneself, and one's children. */
export const ownStudents = (actor: Actor): ReadonlyArray<MemberId> => [
  ...(actor.roles.includes("STUDENT") ? [actor.memberId] : []),
  ...actor.children
]

/** A parent of several children must say about whom, by `studentId`. */
export class ChildNotNamed extends Data.TaggedError("ChildNotNamed")<{}> {}

/**
 * The student to whom a query is limited: themselves, one's child, or (for staff) whoever was asked for, if anybody.
 */
export const studentInView = (
  actor: Allowed,
  permission: Permission,
  asked: MemberId | undefined
): Effect.Effect<MemberId | undefined, NotAllowed | ChildNotNamed> => {
  if (seesWholeAcademy(actor) || actor.roles.includes("TEACHER")) return Effect.succeed(asked)
  const own = ownStudents(actor)
  if (asked !== undefined) {
    return own.includes(asked) ? Effect.succeed(asked) : Effect.fail(new NotAllowed({ permission }))
  }
  const [only, ...others] = own
  if (only === undefined) return Effect.fail(new NotAllowed({ permission }))
  return others.length > 0 ? Effect.fail(new ChildNotNamed()) : Effect.succeed(only)
}

/** Classes, and their sessions, that the actor sees: all, the own ones, or those of a student in view. */
export const inView = (
  actor: Allowed,
  studentId: MemberId | undefined
): { readonly teacherId?: MemberId; readonly studentIds?: MemberId } => ({
  ...(studentId === undefined ? {} : { studentIds: studentId }),
  ...(!seesWholeAcademy(actor) && actor.roles.includes("TEACHER")
      && (studentId === undefined || !ownStudents(actor).includes(studentId))
    ? { teacherId: actor.memberId }
    : {})
})

/** Refuses whoever is not the student, nor a parent, nor one who teaches them, nor sees the whole academy. */
export const seesStudent = Effect.fnUntraced(function*(actor: Allowed, permission: Permission, studentId: MemberId) {
  if (seesWholeAcademy(actor) || ownStudents(actor).includes(studentId)) return
  const shared = yield* (yield* ReadModels).find("class", {
    academyId: actor.academyId,
    where: { teacherId: actor.memberId, studentIds: studentId },
    order: "ascending",
    limit: 1
  })
  if (shared.length === 0) return yield* new NotAllowed({ permission })
})

/** The class, if the academy has it and the actor teaches it or sees the whole academy. */
export const classInView = (
  actor: Allowed,
  permission: Permission,
  classId: ClassId
): Effect.Effect<View<"class">, NotAllowed | NotFound | ReadSideUnavailable, ReadModels> =>
  Effect.gen(function*() {
    const readModels = yield* ReadModels
    const found: Option.Option<View<"class">> = yield* readModels.get(
      "class",
      actor.academyId,
      classId
    )
    if (Option.isNone(found)) return yield* new NotFound({ what: "class", id: classId })
    if (!seesWholeAcademy(actor) && found.value.teacherId !== actor.memberId) {
      return yield* new NotAllowed({ permission })
    }
    return found.value
  })
