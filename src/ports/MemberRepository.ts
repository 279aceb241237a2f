import { Context, type DateTime, type Effect, type Option, type Redacted } from "effect"
import type { Guardianship } from "../domain/Guardianship.ts"
import type { AcademyId, LoginSessionId, MemberId } from "../domain/Ids.ts"
import type { LoginId, Member, MemberStatus } from "../domain/Member.ts"
import type { Actor, Role } from "../domain/Permission.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** What a log-in is checked against. */
export interface Credentials {
  readonly memberId: MemberId
  readonly academyId: AcademyId | null
  readonly status: MemberStatus
  readonly passwordHash: Redacted.Redacted
}

/** What a decision needs to know of a member who is named in a command. */
export interface MemberInBrief {
  readonly id: MemberId
  readonly roles: ReadonlyArray<Role>
  readonly status: MemberStatus
}

export class MemberRepository extends Context.Service<MemberRepository, {
  readonly insert: (
    member: Member,
    passwordHash: Redacted.Redacted | null
  ) => Effect.Effect<void, never, Transaction>
  readonly insertGuardianship: (guardianship: Guardianship) => Effect.Effect<void, never, Transaction>
  /** Of one academy; whoever is not there is not in the answer. */
  readonly brief: (
    academyId: AcademyId,
    ids: ReadonlyArray<MemberId>
  ) => Effect.Effect<ReadonlyArray<MemberInBrief>, StorageUnavailable>
  readonly credentials: (loginId: LoginId) => Effect.Effect<Option.Option<Credentials>, StorageUnavailable>
  /** None when the login has ended, or its member or academy is not ACTIVE. */
  readonly actor: (session: LoginSessionId) => Effect.Effect<Option.Option<Actor>, StorageUnavailable>
  /** When somebody logged in, with the password's hash as it is from now on. Collides when either changed meanwhile. */
  readonly loggedIn: (given: {
    readonly memberId: MemberId
    readonly now: DateTime.Utc
    readonly was: Redacted.Redacted
    readonly hash: Redacted.Redacted
  }) => Effect.Effect<void, never, Transaction>
  readonly hasAdministrator: Effect.Effect<boolean, StorageUnavailable>
}>()("ams/MemberRepository") {}
