import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { NotFound } from "../../domain/Errors.ts"
import type { NotStudentAndParent } from "../../domain/Guardianship.ts"
import { GuardianshipId, MemberId } from "../../domain/Ids.ts"
import type { Member, MemberIncomplete } from "../../domain/Member.ts"
import type { PasswordRefused } from "../../domain/PasswordRules.ts"
import { NotVerified } from "../../domain/PhoneVerification.ts"
import { type CannotSignUp, type NeedsGuardian, type SignUp, signUp } from "../../domain/SignUp.ts"
import { AuditTrail } from "../../ports/AuditTrail.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import type { TooManyLogins } from "../../ports/Passwords.ts"
import { PhoneVerifications } from "../../ports/PhoneVerifications.ts"
import { type Refusal, type StorageUnavailable, Transaction, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { passwordChooser } from "../ChoosePassword.ts"
import { idMaker } from "../NewIds.ts"
import { secretMaker } from "../Secrets.ts"

/** Tokens of phones that were shown to be the person's own, and the guardian's. */
export interface ShownPhones {
  readonly own: Redacted.Redacted
  readonly guardian: Redacted.Redacted | null
}

export class SignUpCommands extends Context.Service<SignUpCommands, {
  /**
   * Makes the person a member who can log in, or gives the one whom the office has entered a login. A teacher is PENDING
   * until a manager approves. The tokens are used up only when it succeeds.
   */
  readonly signUp: (
    input: SignUp,
    phones: ShownPhones
  ) => Effect.Effect<
    Member,
    | CannotSignUp
    | MemberIncomplete
    | NeedsGuardian
    | NotFound
    | NotStudentAndParent
    | NotVerified
    | PasswordRefused
    | Refusal
    | StorageUnavailable
    | TooManyLogins
  >
}>()("ams/SignUpCommands") {
  static readonly layer = Layer.effect(
    SignUpCommands,
    Effect.gen(function*() {
      const audit = yield* AuditTrail
      const members = yield* MemberRepository
      const verifications = yield* PhoneVerifications
      const unitOfWork = yield* UnitOfWork
      const choose = yield* passwordChooser
      const newId = yield* idMaker
      const secrets = yield* secretMaker

      return SignUpCommands.of({
        signUp: Effect.fn("SignUpCommands.signUp")(function*(input, phones) {
          const { academyId } = input
          const own = yield* secrets.hashOf(phones.own)
          const guardians = phones.guardian === null ? null : yield* secrets.hashOf(phones.guardian)
          const ids = {
            member: yield* newId(MemberId),
            guardian: yield* newId(MemberId),
            guardianship: yield* newId(GuardianshipId)
          }
          const now = yield* DateTime.now
          // Whoever has shown no phone makes nobody hash anything.
          if (Option.isNone(yield* verifications.find(own, "SIGN_UP", now))) return yield* new NotVerified()
          const passwordHash = yield* choose(input.password, input.loginId)
          const shown = Effect.fnUntraced(function*(token: string) {
            const used = yield* verifications.use(token, "SIGN_UP", now)
            if (Option.isNone(used)) return yield* new NotVerified()
            return used.value.phone
          })
          return yield* unitOfWork.run(
            { academyId, actor: null },
            Effect.gen(function*() {
              const phone = yield* shown(own)
              const guardianPhone = guardians === null ? null : yield* shown(guardians)
              const known = yield* members.known(academyId, {
                phone,
                guardianPhone,
                name: input.name.normalize("NFC"),
                birthDate: input.birthDate
              })
              if (Option.isNone(known)) return yield* new NotFound({ what: "academy", id: academyId })
              const { claimed, events, guardianship, member, newGuardian } = yield* Effect.fromResult(
                signUp(input, known.value, { phone, guardianPhone, now, ids })
              )
              yield* claimed ? members.update(member, { passwordHash }) : members.insert(member, passwordHash)
              if (newGuardian !== null) yield* members.insert(newGuardian, null)
              if (guardianship !== null) yield* members.insertGuardianship(guardianship)
              const by = { academyId, actorId: member.id, channel: "API" } as const
              const action = claimed ? "member.claim" : "member.sign-up"
              yield* audit.write({ ...by, action, subject: `member/${member.id}`, detail: member.roles.join(", ") })
              if (guardianship !== null) {
                const subject = `member/${member.id}/guardian/${guardianship.parentId}`
                yield* audit.write({ ...by, action: "guardianship.link", subject, detail: "consent" })
              }
              yield* (yield* Transaction).append(...events)
              return member
            })
          )
        })
      })
    })
  )
}
