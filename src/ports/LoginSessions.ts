import { Context, type DateTime, type Effect, type Option } from "effect"
import type { AcademyId, LoginSessionId, MemberId } from "../domain/Ids.ts"
import type { EndReason, LoginSession, Shown } from "../domain/LoginSession.ts"
import type { MemberStatus } from "../domain/Member.ts"
import type { StorageUnavailable, Transaction } from "./UnitOfWork.ts"

/** Of a secret of 256 random bits: SHA-256, hexadecimal. */
export type SecretHash = string

export interface NewLoginSession extends LoginSession {
  readonly memberId: MemberId
  readonly token: SecretHash
}

/** A refresh token with its session and member, locked until the transaction ends. */
export interface Held extends Shown {
  readonly sessionId: LoginSessionId
  readonly memberId: MemberId
  readonly academyId: AcademyId | null
  readonly status: MemberStatus
}

export class LoginSessions extends Context.Service<LoginSessions, {
  readonly open: (session: NewLoginSession) => Effect.Effect<void, never, Transaction>
  /** None: AMS has never given out such a token, or its session is forgotten. */
  readonly hold: (token: SecretHash) => Effect.Effect<Option.Option<Held>, StorageUnavailable, Transaction>
  /** The session's next token; what the old one was exchanged for before is void. */
  readonly exchange: (given: {
    readonly sessionId: LoginSessionId
    readonly from: SecretHash
    readonly to: SecretHash
    readonly now: DateTime.Utc
    readonly expiresAt: DateTime.Utc
  }) => Effect.Effect<void, never, Transaction>
  /** Ends some of a member's sessions; nothing happens to those that have ended. How many it were. */
  readonly end: (
    which: { readonly memberId: MemberId; readonly only?: LoginSessionId; readonly except?: LoginSessionId },
    reason: EndReason,
    now: DateTime.Utc
  ) => Effect.Effect<number, StorageUnavailable, Transaction>
  /** Those that have not ended, the latest used first. */
  readonly list: (
    memberId: MemberId,
    now: DateTime.Utc
  ) => Effect.Effect<ReadonlyArray<LoginSession>, StorageUnavailable>
}>()("ams/LoginSessions") {}
