/**
 * What SOLAPI's answers mean. One table for codes of messages (in answers, look-ups and receipts), for errors of calls, and
 * for calls without an answer.
 */
import { Data, Duration, Option } from "effect"
import type { Outcome } from "../../../../domain/Message.ts"
import { HandlerFailure } from "../../../../ports/EventHandler.ts"

/** `AlreadyDone`: the group has been sent before; how its message fares is asked then. */
export type Tag = Outcome["_tag"] | "AlreadyDone"

export interface Row {
  /**
   * A message's `statusCode`, a call's `errorCode`, `http-` and its status or the hundred of it, or the sign of a call
   * without an answer. `unknown-code`: a `statusCode` in no other row.
   */
  readonly seen: ReadonlyArray<string>
  /** Of a group that has not been told to go out: nothing has. */
  readonly before: Tag
  /** From the call that sends the group on. */
  readonly sending: Tag
}

const row = (sending: Tag, seen: string, before: Tag = sending): Row => ({ seen: seen.split(" "), before, sending })

/** From SOLAPI's list of codes, by what AMS does about them. */
export const table: ReadonlyArray<Row> = [
  row("Accepted", "2000 3000"),
  row("Delivered", "4000"),
  row("InvalidRecipient", "3010 3032 3050"),
  row("ChannelUnavailable", "3104 3107"),
  row("OptedOut", "1060 2060 3047"),
  row(
    "Refused",
    "1010 1011 1012 1013 1014 1025 1028 1029 1031 1032 " +
      "1041 1042 1043 1044 1045 1046 1047 1048 1049 1050 1051 1052 1053 3103 3105"
  ),
  row("Account", "1030 1062 2062 3013 3059"),
  row("Uncertain", "3014 3048"),
  // Who is not taken into a group is not sent; what has happened to one that was cannot be known.
  row("Uncertain", "unknown-code", "Refused"),

  row("Account", "NotEnoughBalance InvalidAPIKey"),
  // A used signature was signed anew and was used again: chance. The other two are our secret and our clock.
  row("NotSent", "DuplicatedSignature"),
  row("Account", "SignatureDoesNotMatch RequestTimeTooSkewed"),
  row("AlreadyDone", "GroupInProcessing AlreadySent", "NotSent"),

  row("Account", "http-401 http-402 http-403"),
  // The group is gone, and what was not sent by then is not sent any more.
  row("NotSent", "http-404 http-429 http-3xx"),
  row("Ambiguous", "http-408 http-409 http-5xx", "NotSent"),
  row("Refused", "http-4xx"),
  // 2xx with a body that is not what it should be.
  row("Ambiguous", "unreadable", "NotSent"),

  row("NotSent", "dns refused unreachable connect-timeout tls busy"),
  // It cannot be written down: an address or a key of the settings.
  row("Account", "request"),
  row("Ambiguous", "write-timeout read-timeout total-timeout reset answer", "NotSent")
]

const bySign = new Map(table.flatMap((row) => row.seen.map((sign) => [sign, row] as const)))

/** What is seen of an answer that is not 2xx. */
export const signOf = (status: number, errorCode: string | null): string =>
  errorCode !== null && bySign.has(errorCode) ? errorCode : `http-${status}`

/** A call that did not do what it should. */
export class Trouble extends Data.TaggedError("Trouble")<{
  readonly sign: string
  /** `null`: no answer came. */
  readonly status: number | null
  /** SOLAPI said so itself, in its own shape, and not something on the way to it. */
  readonly told: boolean
  readonly retryAfter: Option.Option<Duration.Duration>
}> {}

export type Step = "before" | "sending"

export interface Verdict {
  readonly tag: Tag
  readonly rule: string
  readonly retryAfter: Option.Option<Duration.Duration>
}

/** A provider that asks for more is asked again after this: a typing error of theirs must not silence a channel. */
const longestWait = Duration.minutes(10)

const hundredOf = (sign: string) => sign.replace(/^(http-\d)\d\d$/, "$1xx")

const judge = (step: Step, sign: string): Verdict => ({
  tag: (bySign.get(sign) ?? bySign.get(hundredOf(sign)) ?? bySign.get("unknown-code"))?.[step] ?? "Uncertain",
  rule: `solapi-${sign}`,
  retryAfter: Option.none()
})

/** What the `statusCode` of a message says. */
export const ofCode: (step: Step, code: string) => Verdict = judge

export const ofTrouble = (step: Step, { retryAfter, sign }: Trouble): Verdict => ({
  ...judge(step, sign),
  retryAfter: Option.map(retryAfter, (asked) => Duration.min(asked, longestWait))
})

/** As the outcome of an attempt. `took`: of a message that was taken; `cost` in KRW. */
export const outcomeOf = (
  { retryAfter, rule, tag }: Verdict,
  took: { readonly providerId: string; readonly cost?: number }
): Outcome => {
  switch (tag) {
    case "Accepted":
      return { _tag: tag, rule, ...took }
    case "NotSent":
      return { _tag: tag, rule, ...(Option.isSome(retryAfter) ? { retryAfter: retryAfter.value } : {}) }
    case "AlreadyDone":
      return { _tag: "Ambiguous", rule }
    default:
      return { _tag: tag, rule }
  }
}

/** The provider was asked, and did not tell. */
export const failureOf = (trouble: Trouble): HandlerFailure => {
  const { retryAfter, rule, tag } = ofTrouble("before", trouble)
  return new HandlerFailure({
    class: tag === "Account" ? "account" : tag === "Refused" ? "permanent" : "transient",
    rule,
    message: trouble.status === null ? "SOLAPI does not answer" : `SOLAPI answers ${trouble.status}`,
    ...(Option.isSome(retryAfter) ? { retryAfter: retryAfter.value } : {})
  })
}
