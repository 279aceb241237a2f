import { Data, type DateTime, Result, Schema } from "effect"
import type { EventFact } from "./DomainEvent.ts"
import { AcademyId, GuardianshipId, MemberId } from "./Ids.ts"
import type { Role } from "./Permission.ts"

export const Relationship = Schema.Literals(["FATHER", "MOTHER", "GUARDIAN"])

export const NewGuardianship = Schema.Struct({
  parentId: MemberId,
  relationship: Relationship,
  /** The first one to be asked. */
  primary: Schema.optionalKey(Schema.Boolean),
  /** False where custody forbids telling this parent anything. */
  mayBeTold: Schema.optionalKey(Schema.Boolean)
})
export type NewGuardianship = typeof NewGuardianship.Type

export const Guardianship = Schema.Struct({
  id: GuardianshipId,
  academyId: AcademyId,
  studentId: MemberId,
  parentId: MemberId,
  relationship: Relationship,
  primary: Schema.Boolean,
  mayBeTold: Schema.Boolean,
  consentAt: Schema.DateTimeUtc,
  version: Schema.Int
})
export type Guardianship = typeof Guardianship.Type

/** The two are not what the link needs: a STUDENT and, somebody else, a PARENT. */
export class NotStudentAndParent extends Data.TaggedError("NotStudentAndParent")<{}> {}
export class AlreadyGuardian extends Data.TaggedError("AlreadyGuardian")<{}> {}

/** What is not said stays. */
export const GuardianshipEdit = Schema.Struct({
  relationship: Schema.optionalKey(Relationship),
  primary: Schema.optionalKey(Schema.Boolean),
  mayBeTold: Schema.optionalKey(Schema.Boolean)
})
export type GuardianshipEdit = typeof GuardianshipEdit.Type

const happened = (
  { id, parentId, studentId, version }: Guardianship,
  type: "GuardianChanged" | "GuardianUnlinked"
): EventFact => ({ type, aggregate: { type: "guardianship", id, version }, payload: { studentId, parentId } })

export const change = (
  before: Guardianship,
  to: GuardianshipEdit
): { readonly guardianship: Guardianship; readonly event: EventFact } => {
  const guardianship = { ...before, ...to, version: before.version + 1 }
  return { guardianship, event: happened(guardianship, "GuardianChanged") }
}

/** The parent sees and hears nothing of the student any more. */
export const unlink = (guardianship: Guardianship): EventFact => happened(guardianship, "GuardianUnlinked")

export const link = (
  input: NewGuardianship & { readonly id: GuardianshipId; readonly academyId: AcademyId; readonly studentId: MemberId },
  roles: { readonly student: ReadonlyArray<Role>; readonly parent: ReadonlyArray<Role> },
  now: DateTime.Utc
): Result.Result<{ readonly guardianship: Guardianship; readonly event: EventFact }, NotStudentAndParent> =>
  input.studentId === input.parentId || !roles.student.includes("STUDENT") || !roles.parent.includes("PARENT")
    ? Result.fail(new NotStudentAndParent())
    : Result.succeed({
      guardianship: {
        id: input.id,
        academyId: input.academyId,
        studentId: input.studentId,
        parentId: input.parentId,
        relationship: input.relationship,
        primary: input.primary ?? false,
        mayBeTold: input.mayBeTold ?? true,
        consentAt: now,
        version: 1
      },
      event: {
        type: "GuardianLinked",
        aggregate: { type: "guardianship", id: input.id, version: 1 },
        payload: { studentId: input.studentId, parentId: input.parentId }
      }
    })
