import { Context, Data, type Duration, type Effect, type Redacted } from "effect"
import type { AcademyId, LoginSessionId, MemberId } from "../domain/Ids.ts"

/** Missing, expired, forged, or not ours: the caller logs in again. */
export class InvalidToken extends Data.TaggedError("InvalidToken")<{}> {}

/** What an access token says: who, nothing of what they may do. */
export interface Claims {
  readonly memberId: MemberId
  readonly academyId: AcademyId | null
  /** It is good as long as this login is. */
  readonly sessionId: LoginSessionId
}

export class Tokens extends Context.Service<Tokens, {
  readonly issue: (
    claims: Claims
  ) => Effect.Effect<{ readonly token: Redacted.Redacted; readonly expiresIn: Duration.Duration }>
  readonly verify: (token: Redacted.Redacted) => Effect.Effect<Claims, InvalidToken>
  /** The public keys, as a JSON Web Key Set; the first one signs. */
  readonly jwks: Effect.Effect<unknown>
}>()("ams/Tokens") {}
