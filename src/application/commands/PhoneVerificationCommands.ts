/** Showing that a phone is one's own, before anything that depends on it. */
import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { NotFound } from "../../domain/Errors.ts"
import { type AcademyId, PhoneVerificationId } from "../../domain/Ids.ts"
import type { Locale } from "../../domain/NotificationText.ts"
import type { PhoneNumber } from "../../domain/PhoneNumber.ts"
import {
  begin,
  type Code,
  CodeRefused,
  fits,
  type PhoneVerification,
  type Purpose,
  tokenLifetime
} from "../../domain/PhoneVerification.ts"
import { networkOf, type RateExceeded } from "../../domain/Rate.ts"
import { AcademyRepository } from "../../ports/AcademyRepository.ts"
import { Caller } from "../../ports/Caller.ts"
import { MemberRepository } from "../../ports/MemberRepository.ts"
import { type CodeNotSent, PhoneVerificationPort } from "../../ports/PhoneVerificationPort.ts"
import { PhoneVerifications } from "../../ports/PhoneVerifications.ts"
import { RateLimits } from "../../ports/RateLimits.ts"
import { type Refusal, type StorageUnavailable, UnitOfWork } from "../../ports/UnitOfWork.ts"
import { idMaker } from "../NewIds.ts"
import { secretMaker } from "../Secrets.ts"

export interface AskedForCode {
  readonly phone: PhoneNumber
  readonly purpose: Purpose
  /** Where the person is or will be a member; `null`: at whichever. */
  readonly academyId: AcademyId | null
  readonly locale: Locale
}

export interface VerifiedToken {
  /** Good once, for that purpose. */
  readonly token: Redacted.Redacted
  readonly expiresAt: DateTime.Utc
}

export class PhoneVerificationCommands extends Context.Service<PhoneVerificationCommands, {
  /** The same steps and the same answer for every number: who asks learns nothing about whose it is. */
  readonly sendCode: (
    asked: AskedForCode
  ) => Effect.Effect<PhoneVerification, CodeNotSent | NotFound | RateExceeded | Refusal | StorageUnavailable>
  readonly verifyCode: (
    id: PhoneVerificationId,
    code: Code
  ) => Effect.Effect<VerifiedToken, CodeRefused | CodeNotSent | Refusal | StorageUnavailable>
}>()("ams/PhoneVerificationCommands") {
  static readonly layer = Layer.effect(
    PhoneVerificationCommands,
    Effect.gen(function*() {
      const academies = yield* AcademyRepository
      const members = yield* MemberRepository
      const port = yield* PhoneVerificationPort
      const rates = yield* RateLimits
      const verifications = yield* PhoneVerifications
      const unitOfWork = yield* UnitOfWork
      const newId = yield* idMaker
      const secrets = yield* secretMaker

      return PhoneVerificationCommands.of({
        sendCode: Effect.fn("PhoneVerificationCommands.sendCode")(function*({ academyId, locale, phone, purpose }) {
          if (academyId !== null && Option.isNone(yield* academies.find(academyId))) {
            return yield* new NotFound({ what: "academy", id: academyId })
          }
          // Who asks comes first, so that whoever asks too often does not use up the codes of a number that is not theirs.
          yield* rates.take("CODE_ADDRESS", networkOf((yield* Caller).address))
          yield* rates.take("CODE_MINUTE", phone)
          yield* rates.take("CODE_DAY", phone)
          if (academyId !== null) yield* rates.take("CODE_ACADEMY", academyId)
          yield* rates.take("CODE_ALL", "")
          const holders = yield* members.holders(phone, academyId)
          const known = holders.map(({ passwordHash, roles, status }) => ({
            hasLogin: passwordHash !== null,
            left: status === "INACTIVE",
            isStudent: roles.every((role) => role === "STUDENT")
          }))
          const id = yield* newId(PhoneVerificationId)
          const proof = yield* port.send({ id, phone, purpose, locale, academyId, fits: fits(purpose, known) })
          const verification = begin({ id, academyId, phone, purpose }, yield* DateTime.now)
          yield* unitOfWork.run({ academyId, actor: null }, verifications.insert(verification, proof))
          return verification
        }),
        verifyCode: Effect.fn("PhoneVerificationCommands.verifyCode")(function*(id, code) {
          const origin = { academyId: null, actor: null }
          // The try is spent before the code is looked at: whoever guesses in parallel has no more of them.
          const tried = yield* unitOfWork.run(
            origin,
            Effect.flatMap(DateTime.now, (now) => verifications.tryOnce(id, now))
          )
          const proof = Option.isSome(tried) ? tried.value.proof : null
          if (!(yield* port.check({ id, proof }, code)) || Option.isNone(tried)) return yield* new CodeRefused()
          const { hash, secret } = yield* secrets.make
          const now = yield* DateTime.now
          const expiresAt = DateTime.addDuration(now, tokenLifetime)
          const first = yield* unitOfWork.run(origin, verifications.verified(id, { hash, expiresAt }, now))
          return first ? { token: secret, expiresAt } : yield* new CodeRefused()
        })
      })
    })
  )
}
