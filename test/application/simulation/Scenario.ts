/** What happens to some processes in one run: data, made from a seed by chance alone. */
import type { HandlerName } from "../../../src/domain/Subscription.ts"
import type { FailureClass } from "../../../src/ports/EventHandler.ts"
import { Chance } from "./Chance.ts"

/** What happens to the first `times` calls with an event; later ones succeed. */
export interface Fate {
  readonly fate: FailureClass | "dies" | "interrupts" | "hangs" | "kills"
  readonly times: number
}

export interface Published {
  /** Also its age: a greater number is a younger event. */
  readonly n: number
  readonly academy: number
  readonly type: "AttendanceRequested" | "AttendanceConfirmed" | "MessagePlanned"
  /** How long ago it happened when it is published, in milliseconds. */
  readonly age: number
  readonly fates: Readonly<Partial<Record<HandlerName, Fate>>>
}

/** How a publishing transaction ends. */
export type Outcome =
  /** COMMIT is answered after so many milliseconds. */
  | { readonly commit: "answered"; readonly after: number }
  /** Committed, but the answer is lost: the caller gives up after so many milliseconds. */
  | { readonly commit: "lost"; readonly after: number }
  | { readonly commit: "rolled back" }

/** Refuses: fails at once. Hangs: answers at its end. Loses: some answers, some statements. Slow: up to 1.5 s each way. */
export type TroubleKind = "refuses" | "hangs" | "loses" | "slow"

/** `process` counts among those that run at that moment. Durations are in milliseconds. */
export type Step =
  & { readonly at: number }
  & (
    | {
      readonly do: "publish"
      readonly process: number
      readonly events: ReadonlyArray<Published>
      readonly outcome: Outcome
    }
    /** Events that are in the table already, and with which so many processes died. */
    | { readonly do: "haunt"; readonly events: ReadonlyArray<Published>; readonly deaths: number }
    | { readonly do: "start" }
    | { readonly do: "kill"; readonly process: number; readonly restartAfter: number | null }
    | { readonly do: "stop"; readonly process: number; readonly for: number }
    | { readonly do: "close"; readonly process: number; readonly restartAfter: number | null }
    /** Between the database and one process, or (`null`) all of them. */
    | { readonly do: "trouble"; readonly process: number | null; readonly kind: TroubleKind; readonly for: number }
    | { readonly do: "pause"; readonly handler: HandlerName; readonly for: number }
    /** The handler's other side is ill: every call fails. */
    | { readonly do: "ill"; readonly handler: HandlerName; readonly class: FailureClass; readonly for: number }
  )

export interface Scenario {
  readonly seed: number
  readonly processes: number
  readonly handlers: ReadonlyArray<HandlerName>
  /** Milliseconds that a call takes at most. */
  readonly longestCall: number
  /** What happens to announcements. */
  readonly bells: "ring" | "are late, double or lost"
  readonly steps: ReadonlyArray<Step>
  /** When all trouble is over, in milliseconds. */
  readonly until: number
  /** Nothing goes wrong: what a fair share is can be said. */
  readonly calm: boolean
}

const handlerSets: readonly [ReadonlyArray<HandlerName>, ...ReadonlyArray<ReadonlyArray<HandlerName>>] = [
  ["ReadModelSync"],
  ["Statistics"],
  ["SendMessage:SMS"],
  ["ReadModelSync", "Statistics"],
  ["ReadModelSync", "SendMessage:SMS"],
  ["Statistics", "Notifications", "SendMessage:SMS"]
]

const eventTypesOf = (
  handlers: ReadonlyArray<HandlerName>
): readonly [Published["type"], ...ReadonlyArray<Published["type"]>] =>
  handlers.includes("SendMessage:SMS")
    ? handlers.length === 1 ? ["MessagePlanned"] : ["MessagePlanned", "AttendanceConfirmed"]
    : ["AttendanceRequested", "AttendanceConfirmed"]

const hours = 3_600_000

/** Bursts of one academy, and single events of others now and then. */
const calm = (seed: number, chance: Chance): Scenario => {
  const handlers = chance.pick(handlerSets)
  const types = eventTypesOf(handlers)
  const processes = chance.int(1, 2)
  const until = 4000
  let n = 0
  const published = (academy: number): Published => ({ n: n++, academy, type: chance.pick(types), age: 0, fates: {} })
  const answered = () => ({ commit: "answered", after: chance.int(0, 5) }) as const
  const bursts = Array.from({ length: chance.int(1, 2) }, (_, burst): Step => ({
    at: chance.int(0, 500),
    do: "publish",
    process: chance.int(0, processes - 1),
    events: Array.from({ length: chance.int(70, 1200) }, () => published(burst)),
    outcome: answered()
  }))
  const singles = Array.from({ length: chance.int(2, 5) }, (_, one): Step => ({
    at: chance.int(500, until),
    do: "publish",
    process: chance.int(0, processes - 1),
    events: [published(10 + one)],
    outcome: answered()
  }))
  return {
    seed,
    processes,
    handlers,
    longestCall: chance.pick([20, 100, 400]),
    bells: chance.pick(["ring", "are late, double or lost"]),
    steps: [...bursts, ...singles].sort((a, b) => a.at - b.at),
    until,
    calm: true
  }
}

/** Each run has some kinds of trouble only, so that rare meetings of two of them are not drowned in the others. */
const troubled = (seed: number, chance: Chance): Scenario => {
  const handlers = chance.pick(handlerSets)
  const [some, ...others] = handlers
  const anyHandler = () => (some === undefined ? "ReadModelSync" : chance.pick([some, ...others]))
  const types = eventTypesOf(handlers)
  const until = chance.int(3, 12) * 1000
  const academies = chance.int(1, 4)
  const anyTime = () => chance.int(0, until)
  const anyProcess = () => chance.int(0, 3)
  const upTo = (probability: number, most: number) => (chance.happens(probability) ? chance.int(1, most) : 0)
  const restartAfter = () => (chance.happens(0.7) ? chance.int(100, 6000) : null)

  const failing = chance.happens(0.5) ? chance.int(5, 30) / 100 : 0
  const poison = chance.happens(0.12)
  const old = chance.happens(0.05)
  const lost = chance.happens(0.3) ? 0.2 : 0
  const rolledBack = chance.happens(0.3) ? 0.2 : 0

  let kills = poison ? chance.int(1, 2) : 0
  const fate = (): Fate | undefined => {
    if (kills > 0 && chance.happens(0.1)) {
      kills--
      return { fate: "kills", times: chance.pick([1, 2, 100]) }
    }
    if (!chance.happens(failing)) return undefined
    return {
      fate: chance.pick(["transient", "transient", "transient", "unknown", "permanent", "dies", "interrupts", "hangs"]),
      times: chance.pick([1, 1, 2, 3, 8])
    }
  }

  let n = 0
  const published = (): Published => {
    const fates = handlers.flatMap((handler) => {
      const its = fate()
      return its === undefined ? [] : [[handler, its] as const]
    })
    return {
      n: n++,
      academy: chance.int(0, academies - 1),
      type: chance.pick(types),
      age: old && chance.happens(0.5) ? 24 * hours - chance.int(0, 10_000) : 0,
      fates: Object.fromEntries(fates)
    }
  }
  const outcome = (): Outcome => {
    if (chance.happens(rolledBack)) return { commit: "rolled back" }
    if (chance.happens(lost)) return { commit: "lost", after: chance.pick([0, 1000, 5500, 9000]) }
    return { commit: "answered", after: chance.happens(lost) ? chance.int(0, 7000) : chance.int(0, 4) }
  }
  const publish = (at: number, most: number): Step => ({
    at,
    do: "publish",
    process: anyProcess(),
    events: Array.from({ length: chance.int(1, most) }, published),
    outcome: outcome()
  })

  const steps: Array<Step> = Array.from({ length: chance.int(3, 12) }, () => publish(anyTime(), 4))
  for (let i = upTo(0.2, 2); i > 0; i--) steps.push(publish(anyTime(), 60))
  for (let i = upTo(0.15, 4); i > 0; i--) {
    const events = Array.from({ length: chance.int(1, 3) }, published)
    steps.push({ at: anyTime(), do: "haunt", events, deaths: chance.int(1, 4) })
  }
  for (let i = upTo(0.3, 2); i > 0; i--) steps.push({ at: anyTime(), do: "start" })
  for (let i = upTo(0.4, 3); i > 0; i--) {
    steps.push({ at: anyTime(), do: "kill", process: anyProcess(), restartAfter: restartAfter() })
  }
  for (let i = upTo(0.4, 2); i > 0; i--) {
    steps.push({ at: anyTime(), do: "stop", process: anyProcess(), for: chance.int(3000, 20_000) })
  }
  for (let i = upTo(0.25, 2); i > 0; i--) {
    steps.push({ at: anyTime(), do: "close", process: anyProcess(), restartAfter: restartAfter() })
  }
  for (let i = upTo(0.3, 2); i > 0; i--) {
    steps.push({
      at: anyTime(),
      do: "trouble",
      process: chance.happens(0.5) ? null : anyProcess(),
      kind: chance.pick(["refuses", "hangs", "loses", "slow"]),
      for: chance.int(100, 14_000)
    })
  }
  for (let i = upTo(0.25, 2); i > 0; i--) {
    steps.push({ at: anyTime(), do: "pause", handler: anyHandler(), for: chance.int(500, 8000) })
  }
  for (let i = upTo(old ? 1 : 0.15, 1); i > 0; i--) {
    const kind: FailureClass = old ? "account" : chance.pick(["transient", "account"])
    steps.push({ at: anyTime(), do: "ill", handler: anyHandler(), class: kind, for: chance.int(1000, 8000) })
  }
  return {
    seed,
    processes: chance.pick([1, 2, 2, 3, 4]),
    handlers,
    longestCall: chance.pick([5, 50, 900, 2500]),
    bells: chance.pick(["ring", "are late, double or lost"]),
    steps: steps.sort((a, b) => a.at - b.at),
    // Who stands still does so to the end: the others have time to take it for dead.
    until: Math.max(until, ...steps.map((step) => (step.do === "stop" ? step.at + step.for : 0))),
    calm: false
  }
}

export const generate = (seed: number): Scenario => {
  const chance = new Chance(seed)
  return chance.happens(0.1) ? calm(seed, chance) : troubled(seed, chance)
}
