/** A run, put in order: who lived when, which call was whose, and when something was wrong. */
import type { Incarnation } from "../../../src/domain/Ids.ts"
import type { HandlerName } from "../../../src/domain/Subscription.ts"
import type { Row } from "../../support/MemoryDeliveryStore.ts"
import { type Entry, type EventId, type Failed, keyOf, type Pair, pairOf, type Run } from "./Trace.ts"

/** In milliseconds; both ends belong to it. */
export interface Span {
  readonly from: number
  readonly to: number
}
const overlap = (a: Span, b: Span) => a.from <= b.to && b.from <= a.to

export interface Life {
  readonly number: number
  /** From its engine's being there until somebody ended it, or began to. */
  readyAt: number
  endsAt: number
  diedAt: number
  readonly stopped: Array<Span>
}

export interface Call {
  readonly process: number
  readonly handler: HandlerName
  readonly events: ReadonlyArray<EventId>
  readonly at: number
  endedAt: number
  failures: ReadonlyMap<EventId | "*", Failed>
  cut: boolean
}

/** What disturbed a process has effects for so long: calls that are under way, waits between tries. */
const aftermath = 6000

const spansOf = (entries: ReadonlyArray<Entry>, opens: (entry: Entry) => string | undefined, closes: typeof opens) => {
  const spans = new Map<string, Array<Span>>()
  for (const entry of entries) {
    const opened = opens(entry)
    const closed = closes(entry)
    if (opened !== undefined) {
      spans.set(opened, [...(spans.get(opened) ?? []), { from: entry.at, to: Number.POSITIVE_INFINITY }])
    }
    const last = closed === undefined ? undefined : spans.get(closed)?.pop()
    if (closed !== undefined && last !== undefined) {
      spans.get(closed)?.push({ from: last.from, to: Math.min(last.to, entry.at) })
    }
  }
  return spans
}

export class History {
  readonly run: Run
  readonly lives = new Map<number, Life>()
  readonly calls = new Map<number, Call>()
  private readonly byPair = new Map<string, ReadonlyArray<Call>>()
  /** Rows of committed transactions. */
  readonly committed = new Map<string, Row>()
  readonly owners = new Map<Incarnation, number>()
  private readonly troubles: Array<Span & { readonly of: number | null }> = []
  private readonly pauses: ReadonlyMap<string, ReadonlyArray<Span>>
  private readonly circuits: ReadonlyMap<string, ReadonlyArray<Span>>

  constructor(run: Run) {
    this.run = run
    let settlesAt = Number.POSITIVE_INFINITY
    for (const entry of run.entries) {
      const life = this.life(entry.process)
      switch (entry.is) {
        case "settling":
          settlesAt = entry.at
          break
        case "ready":
          life.readyAt = entry.at
          break
        case "killed":
        case "closed":
          life.diedAt = entry.at
          life.endsAt = Math.min(life.endsAt, entry.at)
          break
        case "closing":
          life.endsAt = entry.at
          break
        case "stopped":
          life.stopped.push({ from: entry.at, to: Number.POSITIVE_INFINITY })
          break
        case "continued": {
          const last = life.stopped.pop()
          if (last !== undefined) life.stopped.push({ from: last.from, to: entry.at })
          break
        }
        case "trouble":
          this.troubles.push({ from: entry.at, to: entry.until, of: entry.of })
          break
        case "joined":
          this.owners.set(entry.incarnation, entry.process)
          break
        case "committed":
          for (const row of entry.rows) this.committed.set(keyOf(pairOf(row)), row)
          break
        case "call": {
          const { events, handler, process } = entry
          const call = {
            process,
            handler,
            events,
            at: entry.at,
            endedAt: Number.POSITIVE_INFINITY,
            failures: new Map(),
            cut: false
          }
          this.calls.set(entry.call, call)
          for (const event of events) {
            const key = keyOf({ event, handler })
            this.byPair.set(key, [...(this.byPair.get(key) ?? []), call])
          }
          break
        }
        case "end": {
          const call = this.calls.get(entry.call)
          if (call !== undefined) Object.assign(call, { endedAt: entry.at, failures: entry.failures, cut: entry.cut })
          break
        }
        default:
      }
    }
    // Settling ends all trouble.
    for (const [index, one] of this.troubles.entries()) {
      this.troubles[index] = { ...one, to: Math.min(one.to, Math.max(one.from, settlesAt)) }
    }
    this.pauses = spansOf(
      run.entries,
      (entry) => (entry.is === "paused" ? entry.handler : undefined),
      (entry) => (entry.is === "resumed" ? entry.handler : undefined)
    )
    const circuitOf = (open: boolean) => (entry: Entry) =>
      entry.is === "circuit" && entry.open === open ? `${entry.process} ${entry.handler}` : undefined
    this.circuits = spansOf(run.entries, circuitOf(true), circuitOf(false))
  }

  life(number: number): Life {
    const known = this.lives.get(number)
    if (known !== undefined) return known
    const made = {
      number,
      readyAt: Number.POSITIVE_INFINITY,
      endsAt: Number.POSITIVE_INFINITY,
      diedAt: Number.POSITIVE_INFINITY,
      stopped: []
    }
    this.lives.set(number, made)
    return made
  }

  private aftermathOf(spans: ReadonlyArray<Span>): ReadonlyArray<Span> {
    return spans.map(({ from, to }) => ({ from, to: to + aftermath }))
  }

  /** What stood between this process and the others, or the database, with its aftermath. */
  disturbances(number: number): ReadonlyArray<Span> {
    const troubles = this.troubles.filter(({ of }) => of === null || of === number)
    return this.aftermathOf([...this.life(number).stopped, ...troubles])
  }

  /** Could a heartbeat of this process, sent before it fell silent, have arrived late? */
  mayArriveLate(number: number, span: Span): boolean {
    const troubles = this.troubles.filter(({ of }) => of === null || of === number)
    return this.aftermathOf(troubles).some((one) => overlap(one, span))
  }

  /** Was this process there all the time, running, and the database with it? */
  isUndisturbed(number: number, span: Span): boolean {
    const { endsAt, readyAt } = this.life(number)
    return readyAt <= span.from && endsAt > span.to && !this.disturbances(number).some((one) => overlap(one, span))
  }

  /** Processes that were there all the time. */
  undisturbed(span: Span): ReadonlyArray<number> {
    return [...this.lives.keys()].filter((number) => number !== 0 && this.isUndisturbed(number, span))
  }

  pausesOf(handler: HandlerName): ReadonlyArray<Span> {
    return this.pauses.get(handler) ?? []
  }
  isPausedIn(handler: HandlerName, span: Span): boolean {
    return this.pausesOf(handler).some((one) => overlap({ ...one, to: one.to + 2000 }, span))
  }
  /**
   * Did its circuit stand open in this process at some time within? It is told after what waits was given back, so while
   * the database does not answer it may be open before.
   */
  isOpenIn(process: number, handler: HandlerName, span: Span): boolean {
    return (this.circuits.get(`${process} ${handler}`) ?? []).some(({ from, to }) => {
      const before = this.isUndisturbed(process, { from: from - 50, to: from }) ? 50 : aftermath + 2000
      return overlap({ from: from - before, to }, span)
    })
  }

  /** How the call ended for this event; none: well, or not at all. */
  failureOf(call: Call, event: EventId): Failed | undefined {
    if (call.cut) return { class: "transient", rule: "cut" }
    return call.failures.get("*") ?? call.failures.get(event)
  }

  callsOf(pair: Pair): ReadonlyArray<Call> {
    return this.byPair.get(keyOf(pair)) ?? []
  }
}
