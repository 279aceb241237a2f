/** What is told: alerts of one fingerprint, made fit to leave AMS. */
import { Data, type DateTime, type Effect } from "effect"
import { masked } from "../../../domain/Masking.ts"
import type { Alert } from "../../../ports/Alerts.ts"

/** The latest alert of its fingerprint, for all those since the last notice. */
export interface Notice extends Omit<Alert, "kind"> {
  /** `test`: an operator tries whether alerts arrive. */
  readonly kind: Alert["kind"] | "test"
  /** How many alerts this notice tells; the counts of a fingerprint's notices add up to its alerts. */
  readonly count: number
  /** It follows one that told the fingerprint before. */
  readonly again: boolean
  /** When the latest alert was raised. */
  readonly at: DateTime.Utc
}

/** It did not arrive; the message is a phrase that says why, without the address, which is a secret. */
export class NotTold extends Data.TaggedError("NotTold")<{ readonly message: string }> {}

/** One of those to be told. */
export interface Sink {
  readonly name: string
  readonly send: (notice: Notice) => Effect.Effect<void, NotTold>
}

/** Characters, and facts, beyond which an alert is cut: Slack shows 3,000 characters and ten facts well. */
const most = { fingerprint: 200, summary: 500, name: 60, value: 200, facts: 20 }

// Masked before it is cut: half a phone number is not recognized.
const fit = (text: string, length: number) => masked(text).slice(0, length).toWellFormed()

/** Without what is nobody's business, and short. Every alert passes here before any sink sees it. */
export const fitToLeave = (alert: Alert): Alert => ({
  kind: alert.kind,
  fingerprint: fit(alert.fingerprint, most.fingerprint),
  severity: alert.severity,
  summary: fit(alert.summary, most.summary),
  facts: Object.fromEntries(
    Object.entries(alert.facts).slice(0, most.facts).map(([name, value]) => [
      fit(name, most.name),
      typeof value === "number" ? value : fit(value, most.value)
    ])
  )
})

/** The summary, and how many alerts there are besides the one that it tells. */
export const headline = ({ again, count, summary }: Notice): string => {
  const more = again ? count : count - 1
  return more === 0 ? summary : `${summary} (and ${more} more)`
}
