/** Whether our templates are such that they can go out, and whether the provider's are ours. */
import { type Locale, longestValues, template, templateKey, templateNames } from "./NotificationText.ts"
import { eucKrBytes, forSms, lmsBytes } from "./SmsText.ts"

export interface OwnTemplate {
  /** As in `CHECK_IN/ko`. */
  readonly key: string
  readonly locale: Locale
  readonly text: string
}

const locales: ReadonlyArray<Locale> = ["ko", "en"]

/** All of AMS, in the order of `templateNames`. */
export const ownTemplates: ReadonlyArray<OwnTemplate> = templateNames.flatMap((name) =>
  locales.map((locale) => ({ key: templateKey(name, locale), locale, text: template(name, locale) }))
)

/** Characters of an AlimTalk. */
const talkLetters = 1_000

const problemsOf = ({ locale, text }: OwnTemplate): ReadonlyArray<string> => {
  const values = longestValues(locale)
  const open = text.match(/#\{[^}]*\}?/g) ?? []
  const unknown = [...new Set(open)].filter((variable) => values[variable] === undefined)
  const filled = text.replace(/#\{[^}]*\}/g, (variable) => values[variable] ?? variable)
  // A phone shows the same letters that were approved.
  const shown = forSms(filled)
  return [
    ...unknown.map((variable) => `${variable} is no variable of a template in ${locale}`),
    ...(text.trim() === "" ? ["it is empty"] : []),
    ...(shown === filled ? [] : ["it has a letter that a text message cannot show"]),
    ...(eucKrBytes(shown) > lmsBytes
      ? [`${eucKrBytes(shown)} bytes at its longest, a text message has ${lmsBytes}`]
      : []),
    ...([...filled].length > talkLetters
      ? [`${[...filled].length} letters at its longest, an AlimTalk has ${talkLetters}`]
      : [])
  ]
}

/** One line for each mistake; none when every template can go out whatever stands in its variables. */
export const templateProblems = (templates: ReadonlyArray<OwnTemplate>): ReadonlyArray<string> =>
  templates.flatMap((one) => problemsOf(one).map((problem) => `template ${one.key}: ${problem}`))

/** What a provider has under a template's id. */
export interface ProvidersTemplate {
  readonly content: string
  readonly status: string
}

const asWritten = (text: string) => text.normalize("NFC").replaceAll("\r\n", "\n")

/** Why this template must not be used; `null` when it may. `theirs` is `null` where the provider knows none. */
export const whyOff = (key: string, theirs: ProvidersTemplate | null): string | null => {
  const ours = ownTemplates.find((one) => one.key === key)
  if (ours === undefined) return "no-such-template"
  if (theirs === null) return "unknown-at-provider"
  if (theirs.status !== "APPROVED") return `status-${theirs.status.toLowerCase()}`
  return asWritten(theirs.content) === asWritten(ours.text) ? null : "other-text"
}
