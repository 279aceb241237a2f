/** What an import reads and writes at once, where everybody else looks at one record. */
import { Context, type Effect } from "effect"
import type { Enrollment } from "../domain/Enrollment.ts"
import type { ClassThere, StudentThere } from "../domain/EnrollmentImport.ts"
import type { Guardianship } from "../domain/Guardianship.ts"
import type { AcademyId, ClassId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import type { PersonThere } from "../domain/MemberImport.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { Refusal, StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** Large writes go out at once, so they are refused at once. */
type Written = Effect.Effect<void, Refusal | StorageUnavailable, Transaction>

export class ImportRepository extends Context.Service<ImportRepository, {
  /**
   * Whoever has one of the numbers, and students who have one of the names. Until the unit of work ends nobody signs up at
   * the academy, and no other import begins there.
   */
  readonly people: (
    academyId: AcademyId,
    sought: { readonly phones: ReadonlyArray<PhoneNumber>; readonly names: ReadonlyArray<string> }
  ) => Effect.Effect<ReadonlyArray<PersonThere>, StorageUnavailable, Transaction>
  /**
   * ACTIVE students who have one of the names; locked until the unit of work ends, so that nobody else places them. To be
   * asked when the classes are locked already.
   */
  readonly students: (
    academyId: AcademyId,
    names: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<StudentThere>, StorageUnavailable, Transaction>
  /** Every enrollment of these classes, whatever its status. */
  readonly seats: (
    classes: ReadonlyArray<ClassId>
  ) => Effect.Effect<ReadonlyMap<ClassId, ClassThere["taken"]>, StorageUnavailable, Transaction>
  /** Without a login: they claim their records by signing up. */
  readonly insertMembers: (members: ReadonlyArray<Member>) => Written
  readonly insertGuardianships: (guardianships: ReadonlyArray<Guardianship>) => Written
  /** Who gets a seat waits no longer. */
  readonly insertEnrollments: (enrollments: ReadonlyArray<Enrollment>) => Written
}>()("ams/ImportRepository") {}
