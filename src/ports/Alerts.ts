/** The way to whoever operates AMS. It needs none of the tables, which may be what an alert is about. */
import { Context, type Effect, Schema } from "effect"

/** Each has its heading in `docs/operations.md`, which says what to do. */
export const AlertKind = Schema.Literals([
  "failure-group",
  "backlog-age",
  "circuit-opened",
  "circuit-closed",
  "take-over",
  "job-failing",
  "database-silent",
  "messages-late",
  "messages-not-reaching",
  "spend-cap",
  "provider-balance",
  "template-differs"
])
export type AlertKind = typeof AlertKind.Type

export interface Alert {
  readonly kind: AlertKind
  /** Alerts of one fingerprint are told together. */
  readonly fingerprint: string
  readonly severity: "info" | "warning" | "critical"
  /** One sentence, without personal data. */
  readonly summary: string
  readonly facts: Readonly<Record<string, string | number>>
}

export class Alerts extends Context.Service<Alerts, {
  /** Takes the alert and returns at once, whatever the state of those to be told. */
  readonly raise: (alert: Alert) => Effect.Effect<void>
}>()("ams/Alerts") {}

/** What became of a trial alert at one of those to be told. */
export interface Probed {
  /** As in `slack`. */
  readonly sink: string
  /** Why it did not arrive; null when it did. */
  readonly problem: string | null
}

/** For an operator who wants to see that alerts arrive. */
export class AlertProbe extends Context.Service<AlertProbe, {
  /** Tells all of them at the same moment, apart from the alerts; ends when each has answered or was given up. */
  readonly probe: Effect.Effect<ReadonlyArray<Probed>>
}>()("ams/AlertProbe") {}
