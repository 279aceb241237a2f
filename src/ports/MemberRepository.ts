import { Context, type DateTime, type Effect, type Option, type Redacted } from "effect"
import type { Guardianship } from "../domain/Guardianship.ts"
import type { AcademyId, GuardianshipId, LoginSessionId, MemberId } from "../domain/Ids.ts"
import type { LocalDate } from "../domain/LocalTime.ts"
import type { LoginId, Member, MemberStatus } from "../domain/Member.ts"
import type { Actor, Role } from "../domain/Permission.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { Known } from "../domain/SignUp.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** What a log-in is checked against. */
export interface Credentials {
  readonly memberId: MemberId
  readonly academyId: AcademyId | null
  readonly loginId: LoginId
  readonly status: MemberStatus
  readonly passwordHash: Redacted.Redacted
}

/** Somebody who has a phone number, or shares it. */
export interface PhoneHolder {
  readonly memberId: MemberId
  readonly academyId: AcademyId | null
  readonly academyName: string | null
  readonly status: MemberStatus
  readonly roles: ReadonlyArray<Role>
  readonly name: string
  readonly birthDate: LocalDate | null
  readonly loginId: LoginId | null
  readonly passwordHash: Redacted.Redacted | null
  readonly version: number
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
  readonly find: (academyId: AcademyId, id: MemberId) => Effect.Effect<Option.Option<Member>, StorageUnavailable>
  /** The same, and nobody else changes the member until the transaction ends. */
  readonly hold: (
    academyId: AcademyId,
    id: MemberId
  ) => Effect.Effect<Option.Option<Member>, StorageUnavailable, Transaction>
  /** By its version; roles and profiles as well. With a hash it is the password from now on. */
  readonly update: (
    member: Member,
    by?: { readonly passwordHash?: Redacted.Redacted; readonly decidedBy?: MemberId; readonly now?: DateTime.Utc }
  ) => Effect.Effect<void, never, Transaction>
  /** What signing up is decided on; others who sign up there with one of the numbers wait. None: no such academy. */
  readonly known: (
    academyId: AcademyId,
    person: {
      readonly phone: PhoneNumber
      readonly guardianPhone: PhoneNumber | null
      readonly name: string
      readonly birthDate: LocalDate
    }
  ) => Effect.Effect<Option.Option<Known>, StorageUnavailable, Transaction>
  /** Hashes of the latest passwords before the present one. */
  readonly formerPasswords: (
    id: MemberId,
    count: number
  ) => Effect.Effect<ReadonlyArray<Redacted.Redacted>, StorageUnavailable>
  /** Collides when the password changed meanwhile. What it was is kept. */
  readonly changePassword: (given: {
    readonly memberId: MemberId
    readonly now: DateTime.Utc
    readonly was: Redacted.Redacted
    readonly hash: Redacted.Redacted
  }) => Effect.Effect<void, never, Transaction>
  readonly insertGuardianship: (guardianship: Guardianship) => Effect.Effect<void, never, Transaction>
  readonly findGuardianship: (
    academyId: AcademyId,
    studentId: MemberId,
    id: GuardianshipId
  ) => Effect.Effect<Option.Option<Guardianship>, StorageUnavailable, Transaction>
  /** By its version. */
  readonly updateGuardianship: (guardianship: Guardianship) => Effect.Effect<void, never, Transaction>
  readonly deleteGuardianship: (guardianship: Guardianship) => Effect.Effect<void, never, Transaction>
  /** Of one academy; whoever is not there is not in the answer. */
  readonly brief: (
    academyId: AcademyId,
    ids: ReadonlyArray<MemberId>
  ) => Effect.Effect<ReadonlyArray<MemberInBrief>, StorageUnavailable>
  /** At one academy, or at all of them; the first to be entered comes first. */
  readonly holders: (
    phone: PhoneNumber,
    academyId: AcademyId | null
  ) => Effect.Effect<ReadonlyArray<PhoneHolder>, StorageUnavailable>
  /** Of whoever logs in by this id, or is this member. */
  readonly credentials: (
    by: { readonly loginId: LoginId } | { readonly memberId: MemberId }
  ) => Effect.Effect<Option.Option<Credentials>, StorageUnavailable>
  /** None when the login has ended, or its member or academy is not ACTIVE. */
  readonly actor: (session: LoginSessionId) => Effect.Effect<Option.Option<Actor>, StorageUnavailable>
  /** When somebody logged in, with the password's hash as it is from now on. Collides when either changed meanwhile. */
  readonly loggedIn: (given: {
    readonly memberId: MemberId
    readonly now: DateTime.Utc
    readonly was: Redacted.Redacted
    readonly hash: Redacted.Redacted
  }) => Effect.Effect<void, never, Transaction>
  /** Whether somebody teaches a class that is not over: another teacher takes it first. */
  readonly teaches: (id: MemberId) => Effect.Effect<boolean, StorageUnavailable, Transaction>
  readonly hasAdministrator: Effect.Effect<boolean, StorageUnavailable>
}>()("ams/MemberRepository") {}
