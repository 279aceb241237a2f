/**
 * Groups alerts, and tells them one a second at most. Each sink has a desk of its own, so that one that does not answer
 * holds up nobody else; what comes in meanwhile is told together.
 *
 * ```
 *  raise ──▶ group of its fingerprint ──▶ first in line ──▶ sink
 *            new: told at once             one a second      └─ not arrived: logged with the alert
 *            known: counted, told when its 5 minutes are over
 * ```
 *
 * All of it is in memory: it must work when no database does.
 */
import { Cause, Clock, Duration, Effect, Fiber, Latch, type Scope } from "effect"
import { type Notice, NotTold, type Sink } from "./Notice.ts"

/** A fingerprint is told at most once in this time. */
export const window = Duration.minutes(5)
/** Slack takes one message a second. */
export const pace = Duration.seconds(1)
/**
 * Fingerprints that a desk remembers. At most 300 of them can have been told within the window; the others wait, and
 * beyond that new ones are dropped: the first ones of a storm say more about it than the last ones.
 */
export const places = 500
/** What is pending when AMS ends has this long to go out. */
export const closeWithin = Duration.seconds(2)

/** An alert when it is raised. */
export type Raised = Omit<Notice, "count" | "again">

interface Group {
  latest: Raised
  untold: number
  told: boolean
  /** When it may be told, in milliseconds of the monotonic clock. */
  due: number
}

export interface Desk {
  readonly raise: (raised: Raised) => void
  /** Tells what is pending, in any window, for 2 s at most; logs the rest. */
  readonly close: Effect.Effect<void>
}

const notArrived = (sink: Sink, notice: Raised, why: string) =>
  Effect.logError(`${sink.name} was not told of an alert: ${why}`, notice)

/** Opens a desk; its fiber lives as long as the scope, whatever the sink does. */
export const open = Effect.fnUntraced(function*(sink: Sink): Effect.fn.Return<Desk, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  // Not the wall clock, which may be set back.
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const groups = new Map<string, Group>()
  const dropped = new Map<string, number>()
  const bell = Latch.makeUnsafe(false)
  /** Before this the sink is not told anything. */
  let free = Number.NEGATIVE_INFINITY
  let closing = false

  /** Forgets the fingerprints that were quiet until their window was over. */
  const forget = (now: number) => {
    for (const [fingerprint, { due, untold }] of groups) if (untold === 0 && due <= now) groups.delete(fingerprint)
  }

  const raise: Desk["raise"] = (raised) => {
    const now = monotonic()
    // Nothing else does it while nothing is to be told.
    if (groups.get(raised.fingerprint)?.untold === 0 || groups.size >= places) forget(now)
    const group = groups.get(raised.fingerprint)
    if (group !== undefined) {
      group.latest = raised
      group.untold++
      if (group.untold === 1) bell.openUnsafe()
    } else if (groups.size < places) {
      groups.set(raised.fingerprint, { latest: raised, untold: 1, told: false, due: now })
      bell.openUnsafe()
    } else {
      dropped.set(raised.kind, (dropped.get(raised.kind) ?? 0) + 1)
    }
  }

  const pending = () => [...groups.values()].filter(({ untold }) => untold > 0)

  const sayDropped = Effect.suspend(() => {
    if (dropped.size === 0) return Effect.void
    const kinds = Object.fromEntries(dropped)
    dropped.clear()
    return Effect.logError(`alerts were dropped, ${places} other fingerprints wait for ${sink.name}`, kinds)
  })

  const tell = (group: Group, now: number) => {
    const notice: Notice = { ...group.latest, count: group.untold, again: group.told }
    group.untold = 0
    group.told = true
    group.due = now + Duration.toMillis(window)
    free = now + Duration.toMillis(pace)
    return sink.send(notice).pipe(
      Effect.catchCause((cause) => {
        const error = Cause.squash(cause)
        return notArrived(sink, notice, error instanceof NotTold ? error.message : Cause.pretty(cause))
      }),
      Effect.onInterrupt(() => notArrived(sink, notice, "AMS ended meanwhile"))
    )
  }

  /** Tells the one that is first in line, or waits until there is one; false at the end. */
  const turn = Effect.gen(function*() {
    yield* sayDropped
    const now = monotonic()
    forget(now)
    const [first] = pending().sort((one, other) => one.due - other.due)
    if (first === undefined && closing) return false
    const wait = first === undefined ? Number.POSITIVE_INFINITY : Math.max(free, closing ? now : first.due) - now
    if (first !== undefined && wait <= 0) yield* tell(first, now)
    else {
      bell.closeUnsafe()
      yield* Effect.timeoutOption(bell.await, wait)
      // Whoever rang runs up to here: let them go before anything is sent.
      yield* Effect.yieldNow
    }
    return true
  })

  const loop = yield* Effect.forkScoped(Effect.repeat(turn, { while: (more) => more }))

  const close = Effect.gen(function*() {
    closing = true
    bell.openUnsafe()
    yield* Fiber.await(loop).pipe(Effect.interruptible, Effect.timeoutOption(closeWithin))
    yield* Fiber.interrupt(loop)
    yield* sayDropped
    yield* Effect.forEach(pending(), ({ latest }) => notArrived(sink, latest, "AMS ended before its turn"))
  })

  return { raise, close }
})
