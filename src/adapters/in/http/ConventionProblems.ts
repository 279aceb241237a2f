/** Keys of requests, versions of things, and collisions: the part of the table in `Problems.ts` about the conventions of the API. */
import type { Stale } from "../../../domain/Version.ts"
import { type Described, plain } from "./Problem.ts"

export const conventionProblems = {
  ChangedMeanwhile: plain(
    409,
    "COMMON_CHANGED_MEANWHILE",
    "다른 요청이 동시에 변경했습니다. 다시 시도해 주세요.",
    "Another request changed it at the same time. Please try again."
  ),
  KeyUsedOtherwise: plain(
    422,
    "COMMON_IDEMPOTENCY_KEY_REUSED",
    "이미 다른 요청에 사용한 Idempotency-Key입니다. 새 요청에는 새 키를 보내 주세요.",
    "Another request had this Idempotency-Key: send a new key with a new request."
  ),
  PreconditionMissing: plain(
    428,
    "COMMON_PRECONDITION_REQUIRED",
    "If-Match 헤더에 조회한 ETag를 보내 주세요.",
    "Send the header If-Match with the ETag that you have seen, or * to change whatever is there."
  ),
  Stale: ({ version }: Stale): Described<412> => ({
    status: 412,
    code: "COMMON_PRECONDITION_FAILED",
    ko: "다른 사람이 먼저 변경했습니다. 다시 조회한 후 변경해 주세요.",
    en: `It has been changed since; it is at version ${version}. Get it again, and decide again.`
  }),
  StorageUnavailable: plain(
    503,
    "COMMON_UNAVAILABLE",
    "잠시 후 다시 시도해 주세요.",
    "The database does not answer; try again in a moment."
  )
}

/** With `Retry-After`, which the table's problems have no room for. */
export const stillRunning: Described<409> = {
  status: 409,
  code: "COMMON_IDEMPOTENCY_KEY_RUNNING",
  ko: "같은 Idempotency-Key의 요청을 처리하는 중입니다. 잠시 후 다시 보내 주세요.",
  en: "The request with this Idempotency-Key is not done yet; send it again in a moment."
}
