/**
 * Showing that a phone is one's own: a code goes to it, whoever has the phone types the code, and gets a token that is good
 * once, for one purpose.
 *
 * ```
 *  sent ─── the right code, within 5 minutes and 5 tries ───▶ verified ─── its token, within 10 minutes ───▶ used
 * ```
 */
import { Data, DateTime, Duration, Schema } from "effect"
import type { AcademyId } from "./Ids.ts"
import type { PhoneVerificationId } from "./Ids.ts"
import type { Locale } from "./NotificationText.ts"
import type { PhoneNumber } from "./PhoneNumber.ts"

export const Purpose = Schema.Literals(["SIGN_UP", "LOGIN", "RESET_PASSWORD", "CHANGE_PHONE"])
export type Purpose = typeof Purpose.Type

/** As typed. One in a million is guessed; five tries make that 1 : 200,000 for a code. */
export const Code = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^\d{6}$/u, { expected: "the six digits of the text message" }))
)
export type Code = typeof Code.Type

export const codeLifetime = Duration.minutes(5)
export const triesAllowed = 5
export const tokenLifetime = Duration.minutes(10)
/** At most three go to a number in a minute. */
export const resendAfter = Duration.seconds(20)

export interface PhoneVerification {
  readonly id: PhoneVerificationId
  readonly academyId: AcademyId | null
  readonly phone: PhoneNumber
  readonly purpose: Purpose
  readonly createdAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
}

export const begin = (
  given: Omit<PhoneVerification, "createdAt" | "expiresAt">,
  now: DateTime.Utc
): PhoneVerification => ({ ...given, createdAt: now, expiresAt: DateTime.addDuration(now, codeLifetime) })

/** Unknown, expired, tried too often or simply wrong: they look the same. */
export class CodeRefused extends Data.TaggedError("CodeRefused")<{}> {}

/** It was never given out, is used, too old, or for something else: verify the phone anew. */
export class NotVerified extends Data.TaggedError("NotVerified")<{}> {}

/** A member who has the number, as far as it matters here. */
export interface Holder {
  /** Somebody logs in as this member. */
  readonly hasLogin: boolean
  readonly left: boolean
  /** May share the number with a parent. */
  readonly isStudent: boolean
}

/**
 * Whether a code for this purpose makes sense for the number. Signing up always does: also a parent who is a member already
 * verifies the number for a child.
 */
export const fits = (purpose: Purpose, holders: ReadonlyArray<Holder>): boolean => {
  switch (purpose) {
    case "SIGN_UP":
      return true
    case "LOGIN":
    case "RESET_PASSWORD":
      return holders.some(({ hasLogin, left }) => hasLogin && !left)
    case "CHANGE_PHONE":
      return holders.every(({ isStudent }) => isStudent)
  }
}

/** A short text message: 90 bytes of EUC-KR. */
export const codeText = (locale: Locale, code: string): string =>
  locale === "ko"
    ? `[AMS] 인증번호 ${code} (5분 안에 입력)\n아무에게도 알려 주지 마세요.`
    : `[AMS] Your code is ${code}, for 5 minutes. Never tell it to anybody.`

const misfit = {
  ko: {
    none: "[AMS] 이 번호로 가입된 회원이 없습니다. 학원에 등록한 번호를 확인해 주세요.",
    taken: "[AMS] 다른 회원이 쓰고 있는 번호입니다. 학원에 문의해 주세요."
  },
  en: {
    none: "[AMS] Nobody logs in with this number. Which one has your academy?",
    taken: "[AMS] Another member has this number. Please ask your academy."
  }
} as const

/** In place of a code, to a number that does not fit the purpose. */
export const misfitText = (locale: Locale, purpose: Purpose): string =>
  misfit[locale][purpose === "CHANGE_PHONE" ? "taken" : "none"]
