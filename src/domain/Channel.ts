/**
 * The ways to a person's phone, and which of them a message takes. Channels are open: which ones there are is said where
 * AMS is put together (`App.ts`), not here.
 */
import { Schema } from "effect"

export const NotificationChannel = Schema.String.annotate({ examples: ["KAKAO_TALK", "SMS", "PUSH"] }).check(
  Schema.isPattern(/^[A-Z][A-Z_]{1,30}$/u, { expected: "a channel such as KAKAO_TALK, SMS or PUSH" })
).pipe(Schema.brand("NotificationChannel"))
export type NotificationChannel = typeof NotificationChannel.Type

/** A channel as the route sees it. */
export interface Way {
  readonly channel: NotificationChannel
  /** What a person needs for it: a number, or a device that registered itself. */
  readonly reaches: "PHONE" | "DEVICE"
  /** Set up for this system. */
  readonly on: boolean
}

/** What is known of the one to be told. */
export interface Reach {
  readonly phone: boolean
  readonly device: boolean
  /** Those that the person likes, best first; the others come after them. */
  readonly prefers: ReadonlyArray<NotificationChannel>
  /** Those that the academy does not use. */
  readonly off: ReadonlyArray<NotificationChannel>
}

/** Why nobody can be told. */
export type NoWay = "no-phone" | "no-channel"

/**
 * The channels to try, in this order: what the person prefers, then the system's order. Empty when none is left; `noWay`
 * then says why. Where no channel at all is set up, the first one that would do stands for them all, so that the message
 * waits there for an operator instead of vanishing.
 */
export const routeOf = (ways: ReadonlyArray<Way>, reach: Reach): ReadonlyArray<NotificationChannel> => {
  const setUp = ways.filter(({ on }) => on)
  if (setUp.length === 0) {
    return ways.length === 0 ? [] : routeOf(ways.map((way) => ({ ...way, on: true })), reach).slice(0, 1)
  }
  const usable = setUp.filter(({ channel, reaches }) =>
    (reaches === "PHONE" ? reach.phone : reach.device) && !reach.off.includes(channel)
  ).map(({ channel }) => channel)
  return [...reach.prefers.filter((channel) => usable.includes(channel)), ...usable].filter(
    (channel, at, all) => all.indexOf(channel) === at
  )
}

export const noWay = (reach: Reach): NoWay => (reach.phone || reach.device ? "no-channel" : "no-phone")
