/** How long things may take when nothing stands in the way. Times are in milliseconds. */
import { eventId } from "../../support/events.ts"
import type { Row } from "../../support/MemoryDeliveryStore.ts"
import type { History } from "./History.ts"
import type { Property, Violation } from "./Oracle.ts"
import { keyOf, naming, pairOf } from "./Trace.ts"

/** A dead process's deliveries are in other hands. */
const takenOverWithin = 12_000
/** What is due is in somebody's hands: a look, although the bell was not heard. */
const claimedWithin = 1500
/** A pause is known everywhere; a look and its answers. */
const pausedWithin = 1150
/** Handlers end, then deliveries are given back. */
const closesWithin = 14_500

/** Spans in which a row had one owner, from the first to the last entry. */
const holdings = (history: History) => {
  const held: Array<{ readonly row: Row; readonly from: number; readonly to: number }> = []
  const now = new Map<string, { readonly row: Row; readonly from: number }>()
  const end = history.run.endedAt
  for (const entry of history.run.entries) {
    if (entry.is === "committed") {
      for (const row of entry.rows) now.set(keyOf(pairOf(row)), { row, from: entry.at })
    }
    if (entry.is !== "change") continue
    const key = keyOf(pairOf(entry.from))
    const before = now.get(key)
    if (before !== undefined && before.row.owner === entry.to?.owner) continue
    if (before !== undefined) held.push({ ...before, to: entry.at })
    if (entry.to === undefined) now.delete(key)
    else now.set(key, { row: entry.to, from: entry.at })
  }
  return [...held, ...[...now.values()].map((one) => ({ ...one, to: end }))]
}

function* takenOver(history: History): Iterable<Violation> {
  for (const { from, row, to } of holdings(history)) {
    if (row.owner === null) continue
    const life = history.life(history.owners.get(row.owner) ?? 0)
    for (const silentFrom of [life.diedAt, ...life.stopped.map((one) => one.from)]) {
      const silentTo = life.stopped.find((one) => one.from === silentFrom)?.to ?? Number.POSITIVE_INFINITY
      const span = { from: Math.max(from, silentFrom), to: Math.max(from, silentFrom) + takenOverWithin }
      if (Math.min(to, silentTo) <= span.to || history.isPausedIn(row.handler, span)) continue
      if (history.mayArriveLate(life.number, span)) continue
      const [somebody] = history.undisturbed(span).filter((one) => !history.isOpenIn(one, row.handler, span))
      if (somebody === undefined) continue
      const pair = pairOf(row)
      yield { at: span.to, pair, what: `P${somebody} did not take ${naming(pair)} over from P${life.number}` }
    }
  }
}

/** Of these nobody has so many that an academy's places are used up. */
const few = 24

function* claimed(history: History): Iterable<Violation> {
  if (history.committed.size > few) return
  for (const { from, row, to } of holdings(history)) {
    if (row.owner !== null || row.takeovers >= 2) continue
    const dueAt = Math.max(from, row.nextAttemptAt)
    const span = { from: dueAt, to: dueAt + claimedWithin }
    if (to <= span.to || history.isPausedIn(row.handler, span)) continue
    const [somebody] = history.undisturbed(span).filter((one) => !history.isOpenIn(one, row.handler, span))
    if (somebody === undefined) continue
    const pair = pairOf(row)
    yield { at: span.to, pair, what: `${naming(pair)} is due, and P${somebody} does not take it` }
  }
}

function* pausesHold(history: History): Iterable<Violation> {
  for (const [number, call] of history.calls) {
    const pause = history.pausesOf(call.handler).find(({ from, to }) => from <= call.at && call.at < to)
    if (pause === undefined) continue
    const { readyAt } = history.life(call.process)
    const disturbed = history.disturbances(call.process).filter(({ from }) => from <= call.at).map(({ to }) => to)
    if (call.at <= Math.max(pause.from, readyAt, ...disturbed) + pausedWithin) continue
    yield { at: call.at, what: `P${call.process} begins call ${number} of ${call.handler}, paused since ${pause.from}` }
  }
}

function* fairShare(history: History): Iterable<Violation> {
  const { calm, longestCall, steps } = history.run.scenario
  if (!calm) return
  // A look into the table, and those whose turn it is.
  const within = 1250 + 3 * longestCall
  const published = steps.flatMap((step) => (step.do === "publish" ? step.events : []))
  const ofAcademy = Map.groupBy(published, ({ academy }) => academy)
  const alone = new Set([...ofAcademy.values()].filter((its) => its.length < 5).flat().map(({ n }) => eventId(n)))
  for (const row of history.committed.values()) {
    if (!alone.has(row.event.id)) continue
    const pair = pairOf(row)
    const [first] = history.callsOf(pair)
    if (first !== undefined && first.at <= row.claimedAt + within) continue
    yield {
      at: row.claimedAt + within,
      pair,
      what: `${naming(pair)}, the only one of its academy, waits behind others`
    }
  }
}

function* closing(history: History): Iterable<Violation> {
  for (const life of history.lives.values()) {
    const { diedAt, endsAt, number, stopped } = life
    if (endsAt === diedAt) continue
    if (stopped.some(({ to }) => to >= endsAt) || Math.min(diedAt, history.run.endedAt) - endsAt <= closesWithin) {
      continue
    }
    yield { at: endsAt + closesWithin, what: `P${number} takes more than ${closesWithin} ms to close` }
  }
}

/** Who closes gives everything back: nobody has to bury it. */
function* closesCleanly(history: History): Iterable<Violation> {
  for (const entry of history.run.entries) {
    if (entry.is !== "closed") continue
    const { endsAt } = history.life(entry.process)
    if (!history.isUndisturbed(entry.process, { from: endsAt - 1000, to: endsAt - 1 })) continue
    if (history.disturbances(entry.process).some(({ from, to }) => from <= entry.at && endsAt <= to)) continue
    for (const { from, row, to } of holdings(history)) {
      if (row.owner === null || history.owners.get(row.owner) !== entry.process || from > endsAt) continue
      const pair = pairOf(row)
      if (to > entry.at) {
        yield { at: entry.at, pair, what: `P${entry.process} has closed and still owns ${naming(pair)}` }
      }
    }
  }
}

export const times: Readonly<Record<string, Property>> = {
  "what the dead had is in other hands within 12 s": takenOver,
  "what is due is taken at the next look": claimed,
  "a paused handler begins nothing": pausesHold,
  "an academy with one event does not wait behind one with hundreds": fairShare,
  "closing takes its time and no more": closing,
  "who closes gives back what it has": closesCleanly
}
