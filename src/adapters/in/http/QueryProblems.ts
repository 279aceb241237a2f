/** Why a query has no answer: the part of the table in `Problems.ts` that is about reading alone. */
import type { InvalidPeriod } from "../../../domain/Statistics.ts"
import { type Described, plain } from "./Problem.ts"

export const queryProblems = {
  ChildNotNamed: plain(
    400,
    "COMMON_CHILD_NOT_NAMED",
    "자녀가 여럿이면 studentId를 지정해야 합니다.",
    "Name one of your children by studentId."
  ),
  InvalidPeriod: ({ mostDays }: InvalidPeriod): Described<400> => ({
    status: 400,
    code: "STATISTICS_INVALID_PERIOD",
    ko: `기간은 시작일부터 ${mostDays}일까지입니다.`,
    en: `A period does not end before it begins, and has at most ${mostDays} days.`,
    errors: [{ pointer: "/query/dateTo", code: "INVALID", message: `0 to ${mostDays - 1} days after dateFrom` }]
  }),
  ReadSideUnavailable: plain(
    503,
    "COMMON_UNAVAILABLE",
    "잠시 후 다시 시도해 주세요.",
    "The read side does not answer; try again in a moment."
  ),
  TooManyStreams: plain(
    503,
    "COMMON_TOO_MANY_STREAMS",
    "실시간 연결이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
    "As many streams are open as one process has; try again in a moment."
  )
}
