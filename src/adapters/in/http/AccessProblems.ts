/** Why somebody does not get in, and what becomes of members: the part of the table in `Problems.ts` about it. */
import type { WrongPassword } from "../../../application/commands/AccountCommands.ts"
import type {
  AwaitsApproval,
  ChooseAcademy,
  LoginRefused,
  RefreshRefused
} from "../../../application/commands/AuthCommands.ts"
import type { MemberNot, StillTeaches } from "../../../domain/Member.ts"
import type { PasswordRefused } from "../../../domain/PasswordRules.ts"
import type { CodeRefused, NotVerified } from "../../../domain/PhoneVerification.ts"
import type { RateExceeded } from "../../../domain/Rate.ts"
import type { CannotSignUp, NeedsGuardian } from "../../../domain/SignUp.ts"
import type { TooManyLogins } from "../../../ports/Passwords.ts"
import type { CodeNotSent } from "../../../ports/PhoneVerificationPort.ts"
import { type Described, plain } from "./Problem.ts"
import { exceededHeaders } from "./RateHeaders.ts"

export type AccessCondition =
  | AwaitsApproval
  | CannotSignUp
  | ChooseAcademy
  | CodeNotSent
  | CodeRefused
  | LoginRefused
  | MemberNot
  | NeedsGuardian
  | NotVerified
  | PasswordRefused
  | RateExceeded
  | RefreshRefused
  | StillTeaches
  | TooManyLogins
  | WrongPassword

const refusedPasswords = {
  COMMON: ["너무 흔한 비밀번호입니다.", "Many people have this password; whoever guesses begins with it."],
  LOGIN_ID: ["비밀번호에 아이디가 들어 있습니다.", "The password holds the login id."],
  HAD_BEFORE: ["최근에 사용한 비밀번호입니다.", "It was the password not long ago."]
} as const

export const accessProblems = {
  AwaitsApproval: plain(
    403,
    "AUTH_AWAITS_APPROVAL",
    "학원의 승인을 기다리고 있습니다. 승인되면 알려 드립니다.",
    "The academy has not approved you yet; you will be told when it has."
  ),
  CannotSignUp: plain(
    409,
    "AUTH_CANNOT_SIGN_UP",
    "이미 가입했거나 학원에 등록된 정보와 다릅니다. 학원에 문의해 주세요.",
    "Either you log in already, or the academy has another number for this person or another person for this number: "
      + "please ask its office."
  ),
  ChooseAcademy: ({ academies }: ChooseAcademy): Described<409> => ({
    status: 409,
    code: "AUTH_CHOOSE_ACADEMY",
    ko: "여러 학원에 등록되어 있습니다. academyId로 학원을 지정해 주세요.",
    en: "You log in at several academies: name one as academyId.",
    errors: academies.map(({ id, name }) => ({ pointer: "/body/academyId", code: id, message: name }))
  }),
  CodeNotSent: plain(
    503,
    "EXTERNAL_CODE_NOT_SENT",
    "문자를 보내지 못했습니다. 잠시 후 다시 시도해 주세요.",
    "The text message could not be sent; try again in a moment."
  ),
  CodeRefused: plain(
    422,
    "AUTH_CODE_REFUSED",
    "인증번호가 올바르지 않거나 만료되었습니다.",
    "The code is not right, or not good any more."
  ),
  LoginRefused: plain(
    401,
    "AUTH_LOGIN_REFUSED",
    "아이디 또는 비밀번호가 올바르지 않습니다.",
    "Login id or password is not right."
  ),
  MemberNot: ({ current, requested }: MemberNot): Described<409> => ({
    status: 409,
    code: "MEMBER_INVALID_STATUS",
    ko: `지금 상태(${current})에서는 할 수 없습니다.`,
    en: `The member is ${current}.`,
    currentState: current,
    requestedState: requested
  }),
  NeedsGuardian: plain(
    422,
    "AUTH_NEEDS_GUARDIAN",
    "만 14세 미만은 보호자의 휴대폰 인증과 동의가 필요합니다.",
    "Under 14 a guardian consents: send guardian with a verification token of the guardian's phone."
  ),
  NotVerified: plain(
    422,
    "AUTH_NOT_VERIFIED",
    "휴대폰 인증을 다시 해 주세요.",
    "Verify the phone anew: the verification token is used, too old, or for something else."
  ),
  PasswordRefused: ({ why }: PasswordRefused): Described<422> => {
    const [ko, en] = refusedPasswords[why]
    return {
      status: 422,
      code: "AUTH_PASSWORD_REFUSED",
      ko: `${ko} 다른 비밀번호를 입력해 주세요.`,
      en: `${en} Choose another one.`,
      errors: [{ pointer: "/body/password", code: why, message: en }]
    }
  },
  RateExceeded: (exceeded: RateExceeded): Described<429> => ({
    status: 429,
    code: "COMMON_TOO_MANY_REQUESTS",
    ko: "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
    en: "Too often; the header Retry-After says when to try again.",
    headers: exceededHeaders(exceeded)
  }),
  RefreshRefused: plain(
    401,
    "AUTH_REFRESH_REFUSED",
    "다시 로그인해 주세요.",
    "Log in: the refresh token is used, too old, or its login has ended."
  ),
  StillTeaches: plain(
    409,
    "MEMBER_STILL_TEACHES",
    "담당 중인 반이 있습니다. 다른 강사에게 넘긴 뒤에 처리해 주세요.",
    "Classes that are not over have this teacher: give them to another one first."
  ),
  TooManyLogins: plain(
    503,
    "AUTH_BUSY",
    "로그인이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.",
    "Many people are logging in; try again in a moment."
  ),
  WrongPassword: plain(
    422,
    "AUTH_WRONG_PASSWORD",
    "현재 비밀번호가 올바르지 않습니다.",
    "The present password is not right."
  )
}
