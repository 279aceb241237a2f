/** Why somebody does not get in: the part of the table in `Problems.ts` about it. */
import { plain } from "./Problem.ts"

export const accessProblems = {
  AwaitsApproval: plain(
    403,
    "AUTH_AWAITS_APPROVAL",
    "학원의 승인을 기다리고 있습니다. 승인되면 알려 드립니다.",
    "The academy has not approved you yet; you will be told when it has."
  ),
  LoginRefused: plain(
    401,
    "AUTH_LOGIN_REFUSED",
    "아이디 또는 비밀번호가 올바르지 않습니다.",
    "Login id or password is not right."
  ),
  RefreshRefused: plain(
    401,
    "AUTH_REFRESH_REFUSED",
    "다시 로그인해 주세요.",
    "Log in: the refresh token is used, too old, or its login has ended."
  ),
  TooManyLogins: plain(
    503,
    "AUTH_BUSY",
    "로그인이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.",
    "Many people are logging in; try again in a moment."
  )
}
