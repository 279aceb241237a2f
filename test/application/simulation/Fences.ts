/** Who may change a row, and who may be taken for dead. */
import type { Incarnation } from "../../../src/domain/Ids.ts"
import type { Row } from "../../support/MemoryDeliveryStore.ts"
import type { History } from "./History.ts"
import type { Property, Violation } from "./Oracle.ts"
import { type Entry, keyOf, naming, pairOf } from "./Trace.ts"

/** Own rows that are lost on their way are taken after this, in milliseconds. */
const strayAfter = 5000
const day = 24 * 3_600_000

type Change = Entry & { readonly is: "change" }

/** What is wrong with this change, if anything. */
const trespass = (history: History, nodes: ReadonlySet<Incarnation>, change: Change): string | undefined => {
  const { at, by, from, how, process, to } = change
  if (by === null) return "it was not asked for"
  if (history.owners.get(by.owner) !== process) return "it was asked for under another process's name"
  switch (how) {
    case "claim": {
      if (to === undefined || to.lease <= from.lease) return "a claim raises the lease"
      const counted = to.takeovers - from.takeovers
      if (from.owner === null) {
        return from.nextAttemptAt > at
          ? "it is not due"
          : counted !== 0
          ? "nobody died"
          : undefined
      }
      if (from.owner === by.owner) return from.claimedAt >= at - strayAfter ? "it is in hand" : undefined
      if (nodes.has(from.owner)) return "its owner lives"
      return counted === 1 ? undefined : `a take-over was counted ${counted} times`
    }
    case "claimOverdue":
      if (from.owner !== null) return "somebody owns it"
      return at - from.event.occurredAt < day ? "it is not overdue" : undefined
    case "leave":
      return from.owner === by.owner ? undefined : "it belongs to another"
    case "complete":
    case "postpone":
    case "giveBack":
    case "park":
      if (from.owner !== by.owner) return "it was taken from the asker"
      return from.lease === by.lease ? undefined : "its lease is another one"
  }
}

function* fencing(history: History): Iterable<Violation> {
  const nodes = new Set<Incarnation>()
  for (const entry of history.run.entries) {
    if (entry.is === "joined") nodes.add(entry.incarnation)
    if (entry.is === "left") nodes.delete(entry.incarnation)
    if (entry.is === "buried") { for (const one of entry.incarnations) nodes.delete(one) }
    if (entry.is !== "change") continue
    const wrong = trespass(history, nodes, entry)
    const pair = pairOf(entry.from)
    if (wrong !== undefined) yield { at: entry.at, pair, what: `${entry.how} changed ${naming(pair)}: ${wrong}` }
  }
}

/** The name under which each process goes on, at every moment. */
function* livingAreLeftAlone(history: History): Iterable<Violation> {
  const last = new Map<number, Incarnation>()
  for (const entry of history.run.entries) {
    if (entry.is === "joined") last.set(entry.process, entry.incarnation)
    if (entry.is !== "buried") continue
    for (const incarnation of entry.incarnations) {
      const of = history.owners.get(incarnation) ?? 0
      if (last.get(of) !== incarnation || !history.isUndisturbed(of, { from: entry.at - 5000, to: entry.at })) continue
      yield { at: entry.at, what: `P${entry.process} buries P${of}, which is alive and was never disturbed` }
    }
  }
}

/** Rows that may have killed two processes are handled one at a time in a process, and in no company. */
function* suspectsAreAlone(history: History): Iterable<Violation> {
  const rows = new Map<string, Row>()
  const going = new Map<number, { readonly process: number; readonly pair: string }>()
  for (const entry of history.run.entries) {
    if (entry.is === "committed") { for (const row of entry.rows) rows.set(keyOf(pairOf(row)), row) }
    if (entry.is === "change" && entry.to !== undefined) rows.set(keyOf(pairOf(entry.to)), entry.to)
    if (entry.is === "end") going.delete(entry.call)
    if (entry.is !== "call") continue
    for (const event of entry.events) {
      const pair = { event, handler: entry.handler }
      const row = rows.get(keyOf(pair))
      const isOurs = row?.owner !== null && row !== undefined && history.owners.get(row.owner) === entry.process
      if (!isOurs || row.takeovers < 2) continue
      const company = entry.events.length - 1
      if (company > 0) {
        yield { at: entry.at, pair, what: `${naming(pair)}, a suspect, is handled with ${company} others` }
      }
      for (const other of going.values()) {
        if (other.process !== entry.process) continue
        yield { at: entry.at, pair, what: `P${entry.process} handles ${naming(pair)} and ${other.pair}, both suspects` }
      }
      going.set(entry.call, { process: entry.process, pair: naming(pair) })
    }
  }
}

function* nothingBreaks(history: History): Iterable<Violation> {
  for (const entry of history.run.entries) {
    if (entry.is === "broken") yield { at: entry.at, what: `P${entry.process}: ${entry.why}` }
  }
}

export const fences: Readonly<Record<string, Property>> = {
  "a row is changed only by who holds it, and taken only from the dead": fencing,
  "who lives is not buried": livingAreLeftAlone,
  "a suspect is handled alone, one in a process": suspectsAreAlone,
  "no loop dies": nothingBreaks
}
