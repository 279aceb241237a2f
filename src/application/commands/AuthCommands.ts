/** Logging in and staying so. */
import { Context, Data, DateTime, Duration, Effect, Layer, Option, type Redacted } from "effect"
import type { AuditAction } from "../../domain/Audit.ts"
import { NotFound } from "../../domain/Errors.ts"
import { type AcademyId, LoginSessionId, type MemberId } from "../../domain/Ids.ts"
import { expiry, rotate } from "../../domain/LoginSession.ts"
import type { LoginId } from "../../domain/Member.ts"
import { NotVerified } from "../../domain/PhoneVerification.ts"
import { networkOf, type RateExceeded } from "../../domain/Rate.ts"
import { type AuditEntry, AuditTrail } from "../../ports/AuditTrail.ts"
import { Caller } from "../../ports/Caller.ts"
import { LoginDelays } from "../../ports/LoginDelays.ts"
import { LoginSessions } from "../../ports/LoginSessions.ts"
import { type Credentials, MemberRepository } from "../../ports/MemberRepository.ts"
import { Passwords, type TooManyLogins } from "../../ports/Passwords.ts"
import { PhoneVerifications } from "../../ports/PhoneVerifications.ts"
import { RateLimits } from "../../ports/RateLimits.ts"
import { Tokens } from "../../ports/Tokens.ts"
import { type Refusal, type StorageUnavailable, type Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { CurrentActor } from "../Authorize.ts"
import { idMaker } from "../NewIds.ts"
import { secretMaker } from "../Secrets.ts"

/** Unknown login id, wrong password, or a member who has left: they look the same. */
export class LoginRefused extends Data.TaggedError("LoginRefused")<{}> {}

/** The password is right, and a manager has not yet said yes. */
export class AwaitsApproval extends Data.TaggedError("AwaitsApproval")<{}> {}

/** It was never given out, is used up, too old, or its login has ended: log in again. */
export class RefreshRefused extends Data.TaggedError("RefreshRefused")<{}> {}

/** Several academies have a login of this phone and password: one is named. */
export class ChooseAcademy extends Data.TaggedError("ChooseAcademy")<{
  readonly academies: ReadonlyArray<{ readonly id: AcademyId; readonly name: string }>
}> {}

export interface LoggedIn {
  readonly accessToken: Redacted.Redacted
  readonly expiresIn: Duration.Duration
  /** Good once, until `refreshBy`. */
  readonly refreshToken: Redacted.Redacted
  readonly refreshBy: DateTime.Utc
}

/** With one number: a parent at several academies. Each costs a hash. */
const mostOwners = 5

export class AuthCommands extends Context.Service<AuthCommands, {
  readonly login: (
    loginId: LoginId,
    password: Redacted.Redacted
  ) => Effect.Effect<
    LoggedIn,
    LoginRefused | AwaitsApproval | RateExceeded | TooManyLogins | Refusal | StorageUnavailable
  >
  /**
   * By a phone that was shown (LOGIN) and the password. Without an academy, and with a login of this password at several:
   * `ChooseAcademy`. The token is used up only when it succeeds.
   */
  readonly loginByPhone: (
    token: Redacted.Redacted,
    password: Redacted.Redacted,
    academyId: AcademyId | null
  ) => Effect.Effect<
    LoggedIn,
    | NotVerified
    | LoginRefused
    | ChooseAcademy
    | AwaitsApproval
    | RateExceeded
    | TooManyLogins
    | Refusal
    | StorageUnavailable
  >
  /** The next pair of tokens. Who shows a token that another has used ends the login for both. */
  readonly refresh: (
    token: Redacted.Redacted
  ) => Effect.Effect<LoggedIn, RefreshRefused | RateExceeded | Refusal | StorageUnavailable>
  /** Ends the login that a refresh token belongs to; one that is unknown has nothing to end. */
  readonly logout: (token: Redacted.Redacted) => Effect.Effect<void, Refusal | StorageUnavailable>
  /** Ends one of one's own logins. */
  readonly endSession: (
    id: LoginSessionId
  ) => Effect.Effect<void, NotFound | Refusal | StorageUnavailable, CurrentActor>
  /** Ends all of one's own logins but the one that asks. How many it were. */
  readonly endOthers: Effect.Effect<number, Refusal | StorageUnavailable, CurrentActor>
}>()("ams/AuthCommands") {
  static readonly layer = Layer.effect(
    AuthCommands,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const members = yield* MemberRepository
      const delays = yield* LoginDelays
      const passwords = yield* Passwords
      const rates = yield* RateLimits
      const sessions = yield* LoginSessions
      const tokens = yield* Tokens
      const verifications = yield* PhoneVerifications
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      const secrets = yield* secretMaker

      const about = (
        { academyId, memberId, sessionId }: {
          readonly academyId: AcademyId | null
          readonly memberId: MemberId
          readonly sessionId: LoginSessionId
        },
        action: AuditAction
      ): AuditEntry => ({
        academyId,
        actorId: memberId,
        channel: "API",
        action,
        subject: `member/${memberId}/login/${sessionId}`
      })

      const issued = Effect.fnUntraced(function*(
        who: { readonly memberId: MemberId; readonly academyId: AcademyId | null; readonly sessionId: LoginSessionId },
        refresh: { readonly token: Redacted.Redacted; readonly by: DateTime.Utc }
      ) {
        const { expiresIn, token } = yield* tokens.issue(who)
        return { accessToken: token, expiresIn, refreshToken: refresh.token, refreshBy: refresh.by }
      })

      /** Failures are counted by where they come from, so that nobody locks somebody else out. */
      const fromHere = (who: string) => Effect.map(Caller, ({ address }) => `${networkOf(address)} ${who}`)
      const slowed = Effect.fnUntraced(function*(key: string) {
        return Duration.isGreaterThan(yield* delays.waitFor(key, yield* DateTime.now), Duration.zero)
      })
      /** What was tried while it is slowed down does not make it slower. */
      const refused = Effect.fnUntraced(function*(key: string, isSlowed: boolean) {
        if (!isSlowed) yield* delays.failed(key, yield* DateTime.now)
        return yield* new LoginRefused()
      })

      /** `before`: what has to hold in the same transaction. */
      const open = Effect.fnUntraced(function*<E = never>(
        known: Pick<Credentials, "academyId" | "memberId" | "passwordHash" | "status">,
        password: Redacted.Redacted,
        before: Effect.Effect<void, E, Transaction> = Effect.void
      ) {
        if (known.status === "PENDING") return yield* new AwaitsApproval()
        const { academyId, memberId, passwordHash } = known
        const rehashed = passwords.outdated(passwordHash) ? yield* passwords.hash(password) : passwordHash
        const sessionId = yield* newId(LoginSessionId)
        const { hash, secret } = yield* secrets.make
        const { address, device } = yield* Caller
        const now = yield* DateTime.now
        const expiresAt = expiry(now, now)
        yield* unitOfWork.run(
          { academyId, actor: memberId },
          Effect.all([
            before,
            members.loggedIn({ memberId, now, was: passwordHash, hash: rehashed }),
            sessions.open({
              id: sessionId,
              memberId,
              token: hash,
              device,
              address,
              createdAt: now,
              lastUsedAt: now,
              expiresAt
            }),
            audit.write(about({ academyId, memberId, sessionId }, "login.open"))
          ])
        )
        return yield* issued({ memberId, academyId, sessionId }, { token: secret, by: expiresAt })
      })

      return AuthCommands.of({
        login: Effect.fn("AuthCommands.login")(function*(loginId, password) {
          const key = yield* fromHere(loginId)
          yield* rates.take("LOGIN", key)
          const isSlowed = yield* slowed(key)
          const found = yield* members.credentials({ loginId })
          // Who is slowed down is answered as who is wrong, and as slowly.
          const known = Option.isSome(found) && !isSlowed && found.value.status !== "INACTIVE" ? found.value : null
          const right = yield* passwords.verify(password, known?.passwordHash ?? null)
          if (known === null || !right) return yield* refused(key, isSlowed)
          yield* delays.succeeded(key)
          return yield* open(known, password)
        }),
        loginByPhone: Effect.fn("AuthCommands.loginByPhone")(function*(token, password, academyId) {
          const hash = yield* secrets.hashOf(token)
          const verified = yield* verifications.find(hash, "LOGIN", yield* DateTime.now)
          if (Option.isNone(verified)) return yield* new NotVerified()
          const { phone } = verified.value
          const key = yield* fromHere(phone)
          yield* rates.take("LOGIN", key)
          const isSlowed = yield* slowed(key)
          const holders = yield* members.holders(phone, academyId ?? verified.value.academyId)
          const owners = holders.flatMap((one) =>
            one.passwordHash === null || one.status === "INACTIVE" || isSlowed
              ? []
              : [{ ...one, passwordHash: one.passwordHash }]
          ).slice(0, mostOwners)
          const fitting = yield* Effect.filter(owners, (one) => passwords.verify(password, one.passwordHash))
          const [owner, ...others] = fitting
          if (owners.length === 0) yield* passwords.verify(password, null)
          if (owner === undefined) return yield* refused(key, isSlowed)
          yield* delays.succeeded(key)
          if (others.length > 0) {
            return yield* new ChooseAcademy({
              academies: fitting.flatMap(({ academyId: id, academyName: name }) =>
                id === null || name === null ? [] : [{ id, name }]
              )
            })
          }
          const use = Effect.gen(function*() {
            const used = yield* verifications.use(hash, "LOGIN", yield* DateTime.now)
            if (Option.isNone(used)) return yield* new NotVerified()
          })
          return yield* open(owner, password, use)
        }),
        refresh: Effect.fn("AuthCommands.refresh")(function*(token) {
          const shown = yield* secrets.hashOf(token)
          const next = yield* secrets.make
          const now = yield* DateTime.now
          const done = yield* unitOfWork.run(
            { academyId: null, actor: null },
            Effect.gen(function*() {
              const found = yield* sessions.hold(shown)
              if (Option.isNone(found)) return null
              const { memberId, sessionId } = found.value
              yield* rates.take("REFRESH", sessionId)
              const rotation = rotate(found.value, now)
              if (rotation._tag === "Reused") {
                yield* sessions.end({ memberId, only: sessionId }, "REUSE", now)
                yield* audit.write(about(found.value, "login.reuse"))
                yield* Effect.logWarning("a refresh token was used twice: its login has ended", { memberId, sessionId })
              }
              // Committed, then refused: the end of the login must stand.
              if (rotation._tag !== "Exchanged" || found.value.status !== "ACTIVE") return null
              yield* sessions.exchange({
                sessionId,
                from: shown,
                to: next.hash,
                now,
                expiresAt: rotation.expiresAt
              })
              return { ...found.value, by: rotation.expiresAt }
            })
          )
          if (done === null) return yield* new RefreshRefused()
          return yield* issued(done, { token: next.secret, by: done.by })
        }),
        logout: Effect.fn("AuthCommands.logout")(function*(token) {
          const shown = yield* secrets.hashOf(token)
          const now = yield* DateTime.now
          yield* unitOfWork.run(
            { academyId: null, actor: null },
            Effect.gen(function*() {
              const found = yield* sessions.hold(shown)
              if (Option.isNone(found)) return
              const { memberId, sessionId } = found.value
              const ended = yield* sessions.end({ memberId, only: sessionId }, "LOGOUT", now)
              if (ended > 0) yield* audit.write(about(found.value, "login.end"))
            })
          )
        }),
        endSession: Effect.fn("AuthCommands.endSession")(function*(id) {
          const { academyId, memberId } = yield* CurrentActor
          const now = yield* DateTime.now
          const ended = yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.tap(
              sessions.end({ memberId, only: id }, "LOGOUT", now),
              (
                ended
              ) => (ended === 0 ? Effect.void : audit.write(about({ academyId, memberId, sessionId: id }, "login.end")))
            )
          )
          if (ended === 0) return yield* new NotFound({ what: "login session", id })
        }),
        endOthers: Effect.gen(function*() {
          const { academyId, memberId, session } = yield* CurrentActor
          const now = yield* DateTime.now
          return yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.tap(
              sessions.end({ memberId, ...(session === undefined ? {} : { except: session }) }, "LOGOUT", now),
              (ended) =>
                audit.write({
                  academyId,
                  actorId: memberId,
                  channel: "API",
                  action: "login.end",
                  subject: `member/${memberId}`,
                  detail: `${ended} others`
                })
            )
          )
        }).pipe(Effect.withSpan("AuthCommands.endOthers"))
      })
    })
  )
}
