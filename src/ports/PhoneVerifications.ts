import { Context, type DateTime, type Effect, type Option } from "effect"
import type { AcademyId, PhoneVerificationId } from "../domain/Ids.ts"
import type { PhoneNumber } from "../domain/PhoneNumber.ts"
import type { PhoneVerification, Purpose } from "../domain/PhoneVerification.ts"
import type { SecretHash } from "./LoginSessions.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** What a token stands for. */
export interface VerifiedPhone {
  readonly phone: PhoneNumber
  /** Named when the code was asked for. */
  readonly academyId: AcademyId | null
}

export class PhoneVerifications extends Context.Service<PhoneVerifications, {
  readonly insert: (
    verification: PhoneVerification,
    proof: string | null
  ) => Effect.Effect<void, never, Transaction>
  /** Spends one of its tries. None: it does not exist, is over, verified, or has no try left. */
  readonly tryOnce: (
    id: PhoneVerificationId,
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<{ readonly proof: string | null }>, StorageUnavailable, Transaction>
  /** Once, by whoever comes first: false for everybody after that. */
  readonly verified: (
    id: PhoneVerificationId,
    token: { readonly hash: SecretHash; readonly expiresAt: DateTime.Utc },
    now: DateTime.Utc
  ) => Effect.Effect<boolean, StorageUnavailable, Transaction>
  /** What an unused token stands for. */
  readonly find: (
    token: SecretHash,
    purpose: Purpose,
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<VerifiedPhone>, StorageUnavailable>
  /** The same, and uses it up: once, by whoever comes first, if the transaction commits. */
  readonly use: (
    token: SecretHash,
    purpose: Purpose,
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<VerifiedPhone>, StorageUnavailable, Transaction>
}>()("ams/PhoneVerifications") {}
