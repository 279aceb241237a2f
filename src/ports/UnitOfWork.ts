/**
 * The transaction boundary of every command. Inside it a use case reads, decides, writes and appends its events;
 * at its end writes, events and COMMIT go out together. After COMMIT the events are on their way, after ROLLBACK
 * nothing is.
 */
import { Context, Data, type Effect } from "effect"
import type { ClassroomNameTaken } from "../domain/Classroom.ts"
import type { EventFact } from "../domain/DomainEvent.ts"
import type { ChangedMeanwhile } from "../domain/Errors.ts"
import type { AlreadyGuardian } from "../domain/Guardianship.ts"
import type { AcademyId, MemberId } from "../domain/Ids.ts"
import type { LoginIdTaken, PhoneTaken, RegistrationNumberTaken } from "../domain/Member.ts"

/**
 * The database could not answer now: down, no connection free within 2 s, a statement over 5 s, a lock over 2 s.
 * Nothing was changed, unless COMMIT itself got no answer.
 */
export class StorageUnavailable extends Data.TaggedError("StorageUnavailable")<{
  /** True when two transactions collided: the same work may simply be tried again. */
  readonly conflict: boolean
  readonly cause: unknown
}> {}

/** What the database's constraints refuse, in the domain's words. */
export type Refusal =
  | LoginIdTaken
  | PhoneTaken
  | RegistrationNumberTaken
  | AlreadyGuardian
  | ClassroomNameTaken
  | ChangedMeanwhile

/** For whom the work is done: goes into the envelope of each event. */
export interface Origin {
  readonly academyId: AcademyId | null
  /** `null` for the system itself. */
  readonly actor: MemberId | null
}

/** An open unit of work: only inside one can events be appended and rows be written. */
export class Transaction extends Context.Service<Transaction, {
  readonly append: (...facts: ReadonlyArray<EventFact>) => Effect.Effect<void>
}>()("ams/Transaction") {}

export class UnitOfWork extends Context.Service<UnitOfWork, {
  /**
   * Runs `work` in one transaction. Collisions (deadlock, serialization, a row changed since it was read) run it
   * again, at most 3 times; after that `ChangedMeanwhile`.
   */
  readonly run: <A, E, R>(
    origin: Origin,
    work: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | Refusal | StorageUnavailable, Exclude<R, Transaction>>
}>()("ams/UnitOfWork") {}
