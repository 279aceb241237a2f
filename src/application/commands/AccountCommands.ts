/** What people do about their own logins: when they have forgotten something, or want another password or phone. */
import { Context, Data, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import type { AuditAction } from "../../domain/Audit.ts"
import { NotFound } from "../../domain/Errors.ts"
import type { AcademyId } from "../../domain/Ids.ts"
import {
  edit,
  type LoginId,
  type MemberIncomplete,
  type MemberNot,
  type Password,
  type StillTeaches
} from "../../domain/Member.ts"
import { type PasswordRefused, remembered } from "../../domain/PasswordRules.ts"
import { NotVerified, type Purpose } from "../../domain/PhoneVerification.ts"
import { type AuditEntry, AuditTrail } from "../../ports/AuditTrail.ts"
import { LoginSessions } from "../../ports/LoginSessions.ts"
import { type Credentials, MemberRepository } from "../../ports/MemberRepository.ts"
import { Passwords, type TooManyLogins } from "../../ports/Passwords.ts"
import { PhoneVerifications } from "../../ports/PhoneVerifications.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { CurrentActor } from "../Authorize.ts"
import { passwordChooser } from "../ChoosePassword.ts"
import { leaver } from "../Leaving.ts"
import { secretMaker } from "../Secrets.ts"

/** Whoever changes something of a login says its password once more. */
export class WrongPassword extends Data.TaggedError("WrongPassword")<{}> {}

export interface OwnLoginId {
  readonly loginId: LoginId
  /** `null` for an administrator's. */
  readonly academyId: AcademyId | null
  readonly academyName: string | null
}

type Failed = Refusal | StorageUnavailable

export class AccountCommands extends Context.Service<AccountCommands, {
  /** Of everybody who logs in and has the phone that the token shows; the token (RESET_PASSWORD) is not used up by it. */
  readonly findLoginIds: (
    token: Redacted.Redacted
  ) => Effect.Effect<ReadonlyArray<OwnLoginId>, NotVerified | StorageUnavailable>
  /** Ends all logins of the member. */
  readonly resetPassword: (
    token: Redacted.Redacted,
    loginId: LoginId,
    password: Password
  ) => Effect.Effect<void, NotVerified | PasswordRefused | TooManyLogins | Failed>
  /** Ends all other logins of the member. */
  readonly changePassword: (
    present: Redacted.Redacted,
    password: Password
  ) => Effect.Effect<void, WrongPassword | PasswordRefused | TooManyLogins | NotFound | Failed, CurrentActor>
  /** To the number that the token (CHANGE_PHONE) shows. */
  readonly changePhone: (
    token: Redacted.Redacted
  ) => Effect.Effect<void, NotVerified | MemberIncomplete | NotFound | Failed, CurrentActor>
  /** Leaves the academy. */
  readonly leave: (
    present: Redacted.Redacted
  ) => Effect.Effect<
    void,
    WrongPassword | TooManyLogins | MemberIncomplete | MemberNot | StillTeaches | NotFound | Failed,
    CurrentActor
  >
}>()("ams/AccountCommands") {
  static readonly layer = Layer.effect(
    AccountCommands,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const members = yield* MemberRepository
      const passwords = yield* Passwords
      const sessions = yield* LoginSessions
      const verifications = yield* PhoneVerifications
      const unitOfWork = yield* UnitOfWork
      const choose = yield* passwordChooser
      const leave = yield* leaver
      const secrets = yield* secretMaker

      /** What somebody did about the own login. */
      const own = (
        { academyId, memberId }: Pick<Credentials, "academyId" | "memberId">,
        action: AuditAction
      ): AuditEntry => ({ academyId, actorId: memberId, channel: "API", action, subject: `member/${memberId}` })

      const shown = Effect.fnUntraced(function*(token: Redacted.Redacted, purpose: Purpose) {
        const hash = yield* secrets.hashOf(token)
        const found = yield* verifications.find(hash, purpose, yield* DateTime.now)
        if (Option.isNone(found)) return yield* new NotVerified()
        return { ...found.value, hash }
      })

      /** Who have the phone and log in. */
      const owners = Effect.fnUntraced(function*(token: Redacted.Redacted) {
        const verified = yield* shown(token, "RESET_PASSWORD")
        const holders = yield* members.holders(verified.phone, verified.academyId)
        const owners = holders.flatMap((holder) =>
          holder.loginId === null || holder.passwordHash === null || holder.status === "INACTIVE"
            ? []
            : [{ ...holder, loginId: holder.loginId, passwordHash: holder.passwordHash }]
        )
        return { verified, owners }
      })

      /** The one who asks, by the login id, whose password was said once more. */
      const confirmed = Effect.fnUntraced(function*(present: Redacted.Redacted) {
        const { memberId } = yield* CurrentActor
        const found = yield* members.credentials({ memberId })
        if (Option.isNone(found)) return yield* new NotFound({ what: "member", id: memberId })
        if (!(yield* passwords.verify(present, found.value.passwordHash))) return yield* new WrongPassword()
        return found.value
      })

      /** With the password that it takes the place of. */
      const before = Effect.fnUntraced(
        function*({ memberId, passwordHash }: Pick<Credentials, "memberId" | "passwordHash">) {
          return [passwordHash, ...(yield* members.formerPasswords(memberId, remembered - 1))]
        }
      )

      return AccountCommands.of({
        findLoginIds: Effect.fn("AccountCommands.findLoginIds")(function*(token) {
          const found = yield* owners(token)
          return found.owners.map(({ academyId, academyName, loginId }) => ({ academyId, academyName, loginId }))
        }),
        resetPassword: Effect.fn("AccountCommands.resetPassword")(function*(token, loginId, password) {
          const found = yield* owners(token)
          const owner = found.owners.find((one) => one.loginId === loginId)
          // Of somebody else, or of nobody: that it is taken is not told.
          if (owner === undefined) return yield* new NotVerified()
          const hash = yield* choose(password, loginId, yield* before(owner))
          const now = yield* DateTime.now
          const { academyId, memberId } = owner
          yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.gen(function*() {
              if (Option.isNone(yield* verifications.use(found.verified.hash, "RESET_PASSWORD", now))) {
                return yield* new NotVerified()
              }
              yield* members.changePassword({ memberId, now, was: owner.passwordHash, hash })
              yield* sessions.end({ memberId }, "PASSWORD", now)
              yield* audit.write(own(owner, "password.reset"))
            })
          )
        }),
        changePassword: Effect.fn("AccountCommands.changePassword")(function*(present, password) {
          const { session } = yield* CurrentActor
          const me = yield* confirmed(present)
          const hash = yield* choose(password, me.loginId, yield* before(me))
          const now = yield* DateTime.now
          const { academyId, memberId } = me
          yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.gen(function*() {
              yield* members.changePassword({ memberId, now, was: me.passwordHash, hash })
              yield* sessions.end({ memberId, ...(session === undefined ? {} : { except: session }) }, "PASSWORD", now)
              yield* audit.write(own(me, "password.change"))
            })
          )
        }),
        changePhone: Effect.fn("AccountCommands.changePhone")(function*(token) {
          const { academyId, memberId } = yield* CurrentActor
          const { hash } = yield* shown(token, "CHANGE_PHONE")
          // Of no academy: an administrator has no phone here.
          if (academyId === null) return yield* new NotFound({ what: "member", id: memberId })
          const now = yield* DateTime.now
          yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.gen(function*() {
              const used = yield* verifications.use(hash, "CHANGE_PHONE", now)
              if (Option.isNone(used)) return yield* new NotVerified()
              const found = yield* members.hold(academyId, memberId)
              if (Option.isNone(found)) return yield* new NotFound({ what: "member", id: memberId })
              const { event, member } = yield* Effect.fromResult(edit(found.value, { phone: used.value.phone }))
              yield* members.update(member)
              yield* audit.write(own({ academyId, memberId }, "member.phone"))
              yield* (yield* Transaction).append(event)
            })
          )
        }),
        leave: Effect.fn("AccountCommands.leave")(function*(present) {
          const { academyId, memberId } = yield* confirmed(present)
          if (academyId === null) return yield* new NotFound({ what: "member", id: memberId })
          const now = yield* DateTime.now
          yield* unitOfWork.run(
            { academyId, actor: memberId },
            Effect.andThen(leave(academyId, memberId, now), audit.write(own({ academyId, memberId }, "member.leave")))
          )
        })
      })
    })
  )
}
