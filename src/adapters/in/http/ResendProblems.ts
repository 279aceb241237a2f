/** Why a message is not sent once more: the part of the table in `Problems.ts` that is about telling people. */
import type { MessageUnderWay } from "../../../domain/Resend.ts"
import { type Described, plain } from "./Problem.ts"

export const resendProblems = {
  MayNotBeTold: plain(
    409,
    "NOTIFICATION_MAY_NOT_BE_TOLD",
    "더 이상 이 내용을 알릴 수 없는 분입니다.",
    "The recipient may not be told of it any more: custody, or no longer of the academy."
  ),
  MessageUnderWay: ({ status }: MessageUnderWay): Described<409> => ({
    status: 409,
    code: "NOTIFICATION_UNDER_WAY",
    ko: `같은 내용을 보내는 중입니다(${status}). 결과가 나온 뒤에 다시 보낼 수 있습니다.`,
    en: `It, or what it was resent as, is ${status}: look what becomes of that first.`,
    currentState: status,
    requestedState: "PLANNED"
  })
}
