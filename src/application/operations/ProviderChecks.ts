/** What is well and what is not at the provider of KakaoTalk and text messages, judged from facts. */
import { ok, orWell, problem, type Verdicts, warning } from "./Checks.ts"

/** KRW that are left, and below which somebody should know; `null` without a provider. */
export const balance = (left: number | null, alarm: number): Verdicts => {
  if (left === null) return [ok("no provider that is paid")]
  const detail = `${Math.round(left)} KRW on the account with the provider`
  const remedy = "load the account, see docs/channels.md"
  if (left <= 0) return [problem(detail, remedy)]
  return [left < alarm ? warning(detail, remedy) : ok(detail)]
}

export interface SystemTemplate {
  /** As in `CHECK_IN/ko`. */
  readonly template: string
  /** Why the provider did not tell; `null` when it did. */
  readonly unasked: string | null
  /** Why it may not be used; `null` when it may. */
  readonly off: string | null
}

/** `own`: how many of the academies' own templates are off. */
export const templates = (systems: ReadonlyArray<SystemTemplate>, own: number): Verdicts => {
  const remedy = "hand in the text of docs/channels.md; text messages go out meanwhile"
  return orWell(
    [
      ...systems.flatMap(({ off, template }) =>
        off === null ? [] : [warning(`KakaoTalk's template ${template} is not used: ${off}`, remedy)]
      ),
      ...systems.flatMap(({ template, unasked }) =>
        unasked === null ? [] : [warning(`KakaoTalk's template ${template} could not be asked for: ${unasked}`, null)]
      ),
      ...(own === 0 ? [] : [warning(`${own} of the academies' own templates are not used`, remedy)])
    ],
    systems.length === 0 ? "none of the system's are set" : `${systems.length} are at the provider as they are here`
  )
}
