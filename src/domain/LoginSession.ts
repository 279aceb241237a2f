/**
 * One login on one device, as long as its refresh tokens are exchanged in time. Each is good once:
 *
 * ```
 *  token 1 ─ exchanged ─▶ token 2 ─ exchanged ─▶ token 3 …
 *     │
 *     └─ again within 10 s, token 2 not used yet: the answer was lost. Token 2 is void, token 2' takes its place.
 *     └─ again otherwise: two have it, and one of them has no right to. The session ends for both.
 * ```
 */
import { DateTime, Duration, Schema } from "effect"
import { LoginSessionId } from "./Ids.ts"

/** Without an exchange for so long, the person logs in anew. */
export const idleLifetime = Duration.days(14)
/** And after so long in any case: NIST SP 800-63B asks for 30 days of what has high risk; children's phones are no bank. */
export const longestLifetime = Duration.days(90)
/** An answer that was lost is asked for again by then. */
export const inDoubtFor = Duration.seconds(10)

export const EndReason = Schema.Literals(["LOGOUT", "REUSE", "PASSWORD", "DEACTIVATED", "ERASED"])
export type EndReason = typeof EndReason.Type

/** As its member sees it. */
export const LoginSession = Schema.Struct({
  id: LoginSessionId,
  device: Schema.NullOr(Schema.String),
  address: Schema.NullOr(Schema.String),
  createdAt: Schema.DateTimeUtc,
  lastUsedAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc
})
export type LoginSession = typeof LoginSession.Type

/** A session and the token that somebody shows, as they are while both are locked. */
export interface Shown {
  readonly createdAt: DateTime.Utc
  readonly ended: boolean
  readonly token: {
    /** By when it must be exchanged. */
    readonly expiresAt: DateTime.Utc
    readonly usedAt: DateTime.Utc | null
    readonly void: boolean
    /** What it was exchanged for last. */
    readonly successor: "NONE" | "UNUSED" | "USED"
  }
}

export type Rotation =
  /** It gets a successor; one that it had before becomes void. */
  | { readonly _tag: "Exchanged"; readonly expiresAt: DateTime.Utc }
  /** The session ends: somebody else has this token as well. */
  | { readonly _tag: "Reused" }
  /** There is nothing to exchange any more. */
  | { readonly _tag: "Over" }

const earlier = (one: DateTime.Utc, other: DateTime.Utc) => DateTime.isLessThan(one, other) ? one : other

/** When a session that is used now has to be used next. */
export const expiry = (createdAt: DateTime.Utc, now: DateTime.Utc): DateTime.Utc =>
  earlier(DateTime.addDuration(now, idleLifetime), DateTime.addDuration(createdAt, longestLifetime))

export const rotate = ({ createdAt, ended, token }: Shown, now: DateTime.Utc): Rotation => {
  if (ended) return { _tag: "Over" }
  const inDoubt = token.usedAt !== null && token.successor === "UNUSED"
    && DateTime.isLessThanOrEqualTo(now, DateTime.addDuration(token.usedAt, inDoubtFor))
  if (token.void || (token.usedAt !== null && !inDoubt)) return { _tag: "Reused" }
  if (DateTime.isGreaterThanOrEqualTo(now, token.expiresAt)) return { _tag: "Over" }
  return { _tag: "Exchanged", expiresAt: expiry(createdAt, now) }
}
