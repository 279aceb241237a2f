/**
 * What is counted of messages, channel by channel and never academy by academy: thousands of those would be thousands of
 * series. Names begin with `ams.`; `docs/operations.md` says what each is good for.
 */
import { DateTime, Effect, Metric } from "effect"
import type { NotificationChannel } from "../domain/Channel.ts"
import type { Conclusion, Outcome } from "../domain/Message.ts"
import type { MessageStatus } from "../domain/Notification.ts"

const outcomes = ["accepted", "delivered", "undelivered", "unknown", "skipped", "expired", "rerouted"] as const
/** What became of a message on a channel; `rerouted`: it goes another way. */
export type MessageOutcome = (typeof outcomes)[number]

const byChannel = (channel: NotificationChannel) => ({ "ams.channel": channel })
const byOutcome = (channel: NotificationChannel, outcome: MessageOutcome) => ({
  ...byChannel(channel),
  "ams.message.outcome": outcome
})

const unit = (unit: string) => ({ attributes: { unit } })

/** Seconds, from what nobody notices to the half hour after which nobody wants to hear. */
const delays = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800]

const messages = Metric.counter("ams.messages", {
  ...unit("{message}"),
  description: "What became of messages on a channel",
  incremental: true
})
const notReached = Metric.counter("ams.messages.not_reached", {
  ...unit("{message}"),
  description: "Messages that a channel did not bring to the person, as far as is known",
  incremental: true
})
const accepted = Metric.histogram("ams.message.accepted.delay", {
  ...unit("s"),
  description: "Seconds from planning a message until a provider took it",
  boundaries: delays
})
const delivered = Metric.histogram("ams.message.delivered.delay", {
  ...unit("s"),
  description: "Seconds from planning a message until its receipt said that it arrived",
  boundaries: delays
})
const cost = Metric.counter("ams.message.cost", {
  ...unit("{KRW}"),
  description: "KRW that messages cost",
  incremental: true
})

const missed: ReadonlyArray<MessageOutcome> = ["undelivered", "unknown", "expired", "rerouted"]

const count = (channel: NotificationChannel, outcome: MessageOutcome, by: number) =>
  Effect.all([
    Metric.update(Metric.withAttributes(messages, byOutcome(channel, outcome)), by),
    ...(missed.includes(outcome) ? [Metric.update(Metric.withAttributes(notReached, byChannel(channel)), by)] : [])
  ], { discard: true })

/** Every series is there from the start: Prometheus sees no increase in one that begins with 1. */
export const startAtZero = (channel: NotificationChannel) =>
  Effect.all([
    ...outcomes.map((outcome) => count(channel, outcome, 0)),
    Metric.update(Metric.withAttributes(cost, byChannel(channel)), 0)
  ], { discard: true })

/** A message as it was before it was decided about. */
export interface Measured {
  readonly status: MessageStatus
  readonly channel: NotificationChannel
  /** When it was planned; `null` where it waited for the end of quiet hours, which is nobody's delay. */
  readonly since: DateTime.Utc | null
}

const outcomeOf = (before: Measured, { channel, status }: Conclusion): MessageOutcome | null => {
  switch (status) {
    case "ACCEPTED":
      return "accepted"
    case "DELIVERED":
      return "delivered"
    case "UNDELIVERED":
      return "undelivered"
    case "UNKNOWN":
      return "unknown"
    case "SKIPPED":
      return "skipped"
    case "EXPIRED":
      return "expired"
    case "PLANNED":
      return channel === before.channel ? null : "rerouted"
    case "SENDING":
      return null
  }
}

/** An attempt ended, or a receipt changed what is known. */
export const concluded = Effect.fnUntraced(function*(before: Measured, outcome: Outcome, conclusion: Conclusion) {
  const became = outcomeOf(before, conclusion)
  if (became === null) return
  yield* count(before.channel, became, 1)
  if (outcome._tag === "Accepted" && outcome.cost !== undefined) {
    yield* Metric.update(Metric.withAttributes(cost, byChannel(before.channel)), outcome.cost)
  }
  if (before.since === null || (became !== "accepted" && became !== "delivered")) return
  const seconds = Math.max(0, DateTime.toEpochMillis(yield* DateTime.now) - DateTime.toEpochMillis(before.since)) / 1000
  // The receipt may come before the answer to the call that sent it.
  const isNew = before.status !== "ACCEPTED"
  if (isNew) yield* Metric.update(Metric.withAttributes(accepted, byChannel(before.channel)), seconds)
  if (became === "delivered") yield* Metric.update(Metric.withAttributes(delivered, byChannel(before.channel)), seconds)
})

/** It was not sent, and is not any more. */
export const dropped = (channel: NotificationChannel, status: "EXPIRED" | "SKIPPED") =>
  count(channel, status === "EXPIRED" ? "expired" : "skipped", 1)
