/** Handlers that do what their events' fates say. */
import { Effect, Exit } from "effect"
import type { HandlerName } from "../../../src/domain/Subscription.ts"
import {
  allDone,
  type EventHandler,
  type FailureClass,
  type Failures,
  HandlerFailure
} from "../../../src/ports/EventHandler.ts"
import type { Chance } from "./Chance.ts"
import type { Fate } from "./Scenario.ts"
import { type EventId, type Failed, keyOf, type What } from "./Trace.ts"

const failure = (kind: FailureClass) => new HandlerFailure({ class: kind, rule: `test-${kind}`, message: "no" })

interface Surroundings {
  readonly chance: Chance
  readonly longestCall: () => number
  readonly fateOf: (event: EventId, handler: HandlerName) => Fate | undefined
  /** Of the handler's other side, now. */
  readonly illness: (handler: HandlerName) => FailureClass | undefined
  readonly note: (what: What) => void
  /** Ends the process at once. */
  readonly kill: () => void
  readonly isDead: () => boolean
  /** Calls so far with this event, of all processes. */
  readonly calls: Map<string, number>
  readonly nextCall: () => number
}

/** How a call ended, as the oracle understands it. */
const ending = (call: number, exit: Exit.Exit<Failures, HandlerFailure>): What => {
  const one = (kind: FailureClass, rule: string): What => {
    const failures = new Map<EventId | "*", Failed>([["*", { class: kind, rule }]])
    return { is: "end", call, failures, cut: false }
  }
  if (Exit.isSuccess(exit)) {
    const failures = new Map<EventId, Failed>(
      [...exit.value].flatMap(([id, one]) => (one._tag === "NotYet" ? [] : [[id, one] as const]))
    )
    return { is: "end", call, failures, cut: false }
  }
  const [reason] = exit.cause.reasons
  if (reason?._tag === "Fail") return one(reason.error.class, reason.error.rule)
  if (reason?._tag === "Die") return one("permanent", "defect")
  return { is: "end", call, failures: new Map(), cut: true }
}

export const makeHandler = (name: HandlerName, world: Surroundings): EventHandler => {
  const { calls, chance, fateOf, illness, isDead, kill, longestCall, nextCall, note } = world

  /** What is wrong with it at this call. */
  const wrong = (event: EventId): Fate["fate"] | undefined => {
    const key = keyOf({ event, handler: name })
    const number = (calls.get(key) ?? 0) + 1
    calls.set(key, number)
    const its = fateOf(event, name)
    return its !== undefined && number <= its.times ? its.fate : undefined
  }

  const outcome = (fates: ReadonlyMap<EventId, Fate["fate"]>): Effect.Effect<Failures, HandlerFailure> => {
    const ill = illness(name)
    if (ill !== undefined) return Effect.fail(failure(ill))
    const has = (fate: Fate["fate"]) => [...fates.values()].includes(fate)
    if (has("hangs")) return Effect.never
    if (has("dies")) return Effect.die(new TypeError("x is undefined"))
    const failures = new Map<EventId, HandlerFailure>()
    for (const [id, fate] of fates) {
      if (fate === "transient" || fate === "permanent" || fate === "account" || fate === "unknown") {
        failures.set(id, failure(fate))
      }
    }
    const [first] = failures.values()
    if (first === undefined) return Effect.succeed(allDone)
    return chance.happens(0.5) ? Effect.fail(first) : Effect.succeed(failures)
  }

  return {
    name,
    handle: (events) =>
      Effect.suspend(() => {
        if (isDead()) return Effect.never
        const call = nextCall()
        note({ is: "call", call, handler: name, events: events.map(({ id }) => id) })
        const fates = new Map<EventId, Fate["fate"]>()
        for (const { id } of events) {
          const fate = wrong(id)
          if (fate !== undefined) fates.set(id, fate)
        }
        const takes = chance.happens(0.3) ? 0 : chance.int(0, longestCall())
        const end = Effect.suspend(() => {
          const all = [...fates.values()]
          if (all.includes("kills")) {
            kill()
            return Effect.never
          }
          return all.includes("interrupts") ? Effect.interrupt : outcome(fates)
        })
        return Effect.andThen(takes === 0 ? Effect.void : Effect.sleep(takes), end).pipe(
          Effect.onExit((exit) => Effect.sync(() => note(ending(call, exit))))
        )
      })
  }
}
