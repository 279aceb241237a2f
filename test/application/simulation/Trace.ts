/** What happened in a run, in order: all that the oracle looks at. */
import type { DomainEvent } from "../../../src/domain/DomainEvent.ts"
import type { Incarnation } from "../../../src/domain/Ids.ts"
import type { HandlerName } from "../../../src/domain/Subscription.ts"
import type { FailureClass } from "../../../src/ports/EventHandler.ts"
import type { Row } from "../../support/MemoryDeliveryStore.ts"
import type { Scenario, TroubleKind } from "./Scenario.ts"

export type EventId = DomainEvent["id"]

/** An event for a handler. */
export interface Pair {
  readonly event: EventId
  readonly handler: HandlerName
}
export const keyOf = ({ event, handler }: Pair) => `${event} ${handler}`
export const pairOf = ({ event, handler }: Pick<Row, "event" | "handler">): Pair => ({ event: event.id, handler })

/** How a call ended for one of its events; none: well. */
export interface Failed {
  readonly class: FailureClass
  readonly rule: string
}

/** The store's statements that change deliveries. */
export type How = "claim" | "complete" | "postpone" | "giveBack" | "park" | "leave" | "claimOverdue"

export type What =
  | { readonly is: "settling" | "started" | "ready" | "killed" | "stopped" | "continued" | "closing" | "closed" }
  | { readonly is: "broken"; readonly why: string }
  /** Rows of a transaction that committed. */
  | { readonly is: "committed"; readonly rows: ReadonlyArray<Row> }
  | { readonly is: "rolled back"; readonly events: ReadonlyArray<EventId> }
  /** A handler's call begins. */
  | {
    readonly is: "call"
    readonly call: number
    readonly handler: HandlerName
    readonly events: ReadonlyArray<EventId>
  }
  /** It ended: what failed, as a whole (`*`) or one by one. `cut` when it was interrupted: by its time-out, or by us. */
  | {
    readonly is: "end"
    readonly call: number
    readonly failures: ReadonlyMap<EventId | "*", Failed>
    readonly cut: boolean
  }
  /**
   * A row changed, by which statement of whom; with which lease, if the statement names one. `by` is null when it was
   * not asked for at all; `to` is undefined when it is gone.
   */
  | {
    readonly is: "change"
    readonly how: How
    readonly by: { readonly owner: Incarnation; readonly lease: number | null } | null
    readonly from: Row
    readonly to: Row | undefined
  }
  /** A statement about a delivery that was no longer the asker's. */
  | { readonly is: "refused"; readonly how: How; readonly pair: Pair; readonly lease: number }
  | { readonly is: "joined" | "left"; readonly incarnation: Incarnation }
  | { readonly is: "buried"; readonly incarnations: ReadonlyArray<Incarnation> }
  | { readonly is: "circuit"; readonly handler: HandlerName; readonly open: boolean }
  | { readonly is: "trouble"; readonly kind: TroubleKind; readonly of: number | null; readonly until: number }
  | { readonly is: "paused" | "resumed"; readonly handler: HandlerName }

/** `process` is 0 for what nobody of them did. */
export type Entry = { readonly at: number; readonly process: number } & What

export interface Run {
  readonly scenario: Scenario
  readonly entries: ReadonlyArray<Entry>
  /** In milliseconds. */
  readonly endedAt: number
  /** What was still open after all trouble was over and long past. */
  readonly open: ReadonlyArray<Row>
  readonly failed: ReadonlyArray<
    Pair & {
      readonly class: string
      readonly rule: string
      readonly attempts: ReadonlyArray<Failed & { readonly number: number }>
    }
  >
}

const short = (id: EventId) => `e${Number.parseInt(id.slice(-12), 16) - 0x1000}`
export const naming = ({ event, handler }: Pair) => `${short(event)}/${handler}`
const many = (ids: ReadonlyArray<EventId>) =>
  ids.length > 12 ? `${ids.slice(0, 10).map(short).join(" ")} … (${ids.length})` : ids.map(short).join(" ")
const node = (incarnation: Incarnation | null) => (incarnation === null ? "nobody" : incarnation.slice(-6))

const row = ({ attempts, lease, nextAttemptAt, owner, takeovers }: Row) =>
  `${node(owner)} lease ${lease} attempts ${attempts} takeovers ${takeovers} due ${nextAttemptAt}`

const told = (entry: Entry): string => {
  switch (entry.is) {
    case "broken":
      return `broken: ${entry.why}`
    case "committed":
      return `committed ${
        entry.rows.map((one) => `${naming(pairOf(one))} of ${node(one.owner)}`).slice(0, 12).join(", ")
      }`
    case "rolled back":
      return `rolled back ${many(entry.events)}`
    case "call":
      return `call ${entry.call} of ${entry.handler} begins: ${many(entry.events)}`
    case "end": {
      const failures = [...entry.failures].map(([id, { rule }]) => `${id === "*" ? "all" : short(id)} ${rule}`).slice(
        0,
        8
      )
      return `call ${entry.call} ${
        entry.cut ? "is cut off" : failures.length === 0 ? "is done" : `failed: ${failures.join(", ")}`
      }`
    }
    case "change":
      return `${entry.how} by ${node(entry.by?.owner ?? null)}: ${naming(pairOf(entry.from))}: ${row(entry.from)} → ${
        entry.to === undefined ? "gone" : row(entry.to)
      }`
    case "refused":
      return `${entry.how} refused: ${naming(entry.pair)} lease ${entry.lease}`
    case "joined":
    case "left":
      return `${entry.is} as ${node(entry.incarnation)}`
    case "buried":
      return `buries ${entry.incarnations.map(node).join(", ")}`
    case "circuit":
      return `circuit of ${entry.handler} ${entry.open ? "opens" : "closes"}`
    case "trouble":
      return `the database ${entry.kind} for ${entry.of === null ? "all" : `P${entry.of}`} until ${entry.until}`
    case "paused":
    case "resumed":
      return `${entry.handler} is ${entry.is}`
    default:
      return entry.is
  }
}

export const asText = (entry: Entry): string =>
  `${String(entry.at).padStart(7)} ${entry.process === 0 ? "  " : `P${entry.process}`} ${told(entry)}`
