/** What FCM's answers mean for one device, and for a message to all devices of a person. */
import { Duration, Option } from "effect"
import type { Outcome } from "../../../../domain/Message.ts"

/** `Gone`: no such device any more. `Foreign`: a device of another project than ours. `Ambiguous`: it may have gone out. */
export type Tag = "Accepted" | "Gone" | "Foreign" | "NotSent" | "Ambiguous" | "Refused" | "Account"

export interface Row {
  /** An `errorCode`, or `http-` and a status or the hundred of it, or the sign of a call without an answer. */
  readonly seen: ReadonlyArray<string>
  readonly tag: Tag
}

const row = (tag: Tag, seen: string): Row => ({ tag, seen: seen.split(" ") })

/** From the list of error codes of FCM HTTP v1. */
export const table: ReadonlyArray<Row> = [
  row("Gone", "UNREGISTERED"),
  row("Foreign", "SENDER_ID_MISMATCH"),
  row("Refused", "INVALID_ARGUMENT"),
  row("NotSent", "QUOTA_EXCEEDED INTERNAL UNAVAILABLE"),
  row("Account", "THIRD_PARTY_AUTH_ERROR"),

  // A 404 that speaks of no device speaks of the project.
  row("Account", "http-401 http-403 http-404"),
  row("NotSent", "http-429 http-500 http-503 http-3xx"),
  // Of whatever stands before FCM.
  row("Ambiguous", "http-408 http-5xx"),
  row("Refused", "http-4xx"),
  row("Ambiguous", "unreadable"),

  row("NotSent", "dns refused unreachable connect-timeout tls busy"),
  // It cannot be written down: an address of the settings.
  row("Account", "request"),
  row("Ambiguous", "write-timeout read-timeout total-timeout reset answer")
]

const bySign = new Map(table.flatMap(({ seen, tag }) => seen.map((sign) => [sign, tag] as const)))

const hundredOf = (sign: string) => sign.replace(/^(http-\d)\d\d$/, "$1xx")

/** What is seen of an answer that is not 2xx. */
export const signOf = (status: number, errorCode: string | null): string =>
  errorCode !== null && bySign.has(errorCode) ? errorCode : `http-${status}`

/** How one device fared. */
export interface Verdict {
  readonly tag: Tag
  readonly rule: string
  /** FCM's name of the message, where it took it. */
  readonly name: string | null
  readonly retryAfter: Option.Option<Duration.Duration>
}

/** What Google says to wait for where it says nothing else. */
const quotaWait = Duration.minutes(1)
/** An absurd wish must not silence the channel. */
const longestWait = Duration.minutes(10)

export const judge = (sign: string, retryAfter: Option.Option<Duration.Duration> = Option.none()): Verdict => ({
  tag: bySign.get(sign) ?? bySign.get(hundredOf(sign)) ?? "Ambiguous",
  rule: `fcm-${sign}`,
  name: null,
  retryAfter: (sign === "QUOTA_EXCEEDED" || sign === "http-429"
    ? Option.some(Option.getOrElse(retryAfter, () => quotaWait))
    : retryAfter).pipe(Option.map((asked) => Duration.min(asked, longestWait)))
})

export const accepted = (name: string): Verdict => ({
  tag: "Accepted",
  rule: "fcm-accepted",
  name,
  retryAfter: Option.none()
})

export const noDevice: Outcome = { _tag: "ChannelUnavailable", rule: "no-device" }

/** Of what is left when no device has it, and none may have it: the first that there is. */
const worst = ["Account", "NotSent", "Refused"] as const

/** One outcome of all devices: who reads it on one of them has been told. */
export const together = (verdicts: ReadonlyArray<Verdict>): Outcome => {
  const taken = verdicts.filter(({ tag }) => tag === "Accepted")
  if (taken[0] !== undefined) {
    return { _tag: "Accepted", rule: taken[0].rule, providerId: taken.map(({ name }) => name).join(","), cost: 0 }
  }
  // FCM cannot be asked what it has sent.
  const open = verdicts.find(({ tag }) => tag === "Ambiguous")
  if (open !== undefined) return { _tag: "Uncertain", rule: open.rule }
  for (const tag of worst) {
    const found = verdicts.find((verdict) => verdict.tag === tag)
    if (found === undefined) continue
    const { retryAfter, rule } = found
    return tag === "NotSent" && Option.isSome(retryAfter)
      ? { _tag: tag, rule, retryAfter: retryAfter.value }
      : { _tag: tag, rule }
  }
  return noDevice
}
