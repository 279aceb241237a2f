/** Each event of a committed transaction comes to its end at each of its handlers, once, and for a reason. */
import { policyOf } from "../../../src/application/events/RetryPolicy.ts"
import type { History } from "./History.ts"
import type { Property, Violation } from "./Oracle.ts"
import { type Entry, type Failed, keyOf, naming, type Pair, pairOf } from "./Trace.ts"

const day = 24 * 3_600_000

type Change = Entry & { readonly is: "change" }
const isChange = (entry: Entry): entry is Change => entry.is === "change"
const changesOf = (history: History) => history.run.entries.filter(isChange)
/** Rows that are gone, in order. */
const endings = (history: History) => changesOf(history).filter(({ to }) => to === undefined)

function* finishedOnce(history: History): Iterable<Violation> {
  const ends = Map.groupBy(endings(history), ({ from }) => keyOf(pairOf(from)))
  for (const [key, row] of history.committed) {
    const its = ends.get(key) ?? []
    const pair = pairOf(row)
    if (its.length === 0) yield { at: Number.MAX_SAFE_INTEGER, pair, what: `${naming(pair)} is still open` }
    if (its.length > 1) yield { at: its[1]?.at ?? 0, pair, what: `${naming(pair)} ended ${its.length} times` }
  }
  for (const { at, from, how } of endings(history)) {
    const pair = pairOf(from)
    if (how !== "complete" && how !== "park") yield { at, pair, what: `${how} made ${naming(pair)} vanish` }
  }
  const parked = new Set(endings(history).filter(({ how }) => how === "park").map(({ from }) => keyOf(pairOf(from))))
  const failed = new Set(history.run.failed.map(keyOf))
  for (const key of [...parked, ...failed].filter((one) => !parked.has(one) || !failed.has(one))) {
    yield { at: Number.MAX_SAFE_INTEGER, what: `${key} was parked, or it is in the failed-event store: not both` }
  }
}

function* committedFirst(history: History): Iterable<Violation> {
  const known = new Set<string>()
  for (const entry of history.run.entries) {
    if (entry.is === "committed") { for (const row of entry.rows) known.add(keyOf(pairOf(row))) }
    if (entry.is !== "call") continue
    for (const event of entry.events) {
      const pair = { event, handler: entry.handler }
      if (!known.has(keyOf(pair))) {
        yield { at: entry.at, pair, what: `${naming(pair)} was handled, but never committed` }
      }
    }
  }
}

function* successFirst(history: History): Iterable<Violation> {
  for (const { at, from, how, process } of endings(history)) {
    if (how !== "complete") continue
    const pair = pairOf(from)
    const succeeded = history.callsOf(pair).some((call) =>
      call.process === process && call.endedAt <= at && history.failureOf(call, pair.event) === undefined
    )
    if (!succeeded) yield { at, pair, what: `${naming(pair)} was completed without a call that succeeded` }
  }
}

function* neverAgain(history: History): Iterable<Violation> {
  const ended = new Map<string, Change>()
  for (const entry of history.run.entries) {
    if (isChange(entry) && entry.to === undefined) ended.set(keyOf(pairOf(entry.from)), entry)
    if (entry.is !== "call") continue
    for (const event of entry.events) {
      const pair = { event, handler: entry.handler }
      const end = ended.get(keyOf(pair))
      if (end === undefined) continue
      yield {
        at: entry.at,
        pair,
        what: `P${entry.process} begins to handle ${
          naming(pair)
        }, which ended at ${end.at} by P${end.process}'s ${end.how}`
      }
    }
  }
}

/** Where nothing goes wrong, at least once is once. */
function* onceWithoutTrouble(history: History): Iterable<Violation> {
  if (!history.run.scenario.calm) return
  for (const row of history.committed.values()) {
    const pair = pairOf(row)
    const [, again] = history.callsOf(pair)
    if (again !== undefined) yield { at: again.at, pair, what: `${naming(pair)} is handled twice, for no reason` }
  }
}

/** Why a pair may be in the failed-event store. */
const isExplained = (history: History, pair: Pair, { at, from, process }: Change, attempts: ReadonlyArray<Failed>) => {
  const last = attempts.at(-1)
  if (last === undefined) return false
  const handled = (failure: Failed | undefined) => failure !== undefined && failure.class === last.class
  switch (last.rule) {
    case "crashed":
      return from.takeovers >= 5
    case "circuit-open":
      return at - from.event.occurredAt >= day &&
        history.isOpenIn(process, pair.handler, { from: from.claimedAt, to: at })
    default:
      return last.class === "permanent"
        ? history.callsOf(pair).some((call) => handled(history.failureOf(call, pair.event)))
        : attempts.length > policyOf(pair.handler).retries
  }
}

function* parkedForReason(history: History): Iterable<Violation> {
  const parks = new Map(
    endings(history).filter(({ how }) => how === "park").map((one) => [keyOf(pairOf(one.from)), one])
  )
  for (const { attempts, event, handler } of history.run.failed) {
    const pair = { event, handler }
    const park = parks.get(keyOf(pair))
    if (park === undefined || isExplained(history, pair, park, attempts)) continue
    yield { at: park.at, pair, what: `${naming(pair)} was parked after ${attempts.map(({ rule }) => rule).join(", ")}` }
  }
}

/** Nobody's call: the engine itself says why. */
const engineRules = new Set(["crashed", "circuit-open"])

/** Attempts as they were written down, in order: by whom, and of which rule. */
const recorded = (history: History) => {
  const parked = new Map(history.run.failed.map((one) => [keyOf(one), one.attempts.at(-1)]))
  return changesOf(history).flatMap(({ at, from, how, process, to }) => {
    const pair = pairOf(from)
    if (how !== "park" && how !== "postpone") return []
    const attempt = how === "park" ? parked.get(keyOf(pair)) : to?.history[from.history.length]
    return [{ at, process, pair, attempt, before: from.history.length }]
  })
}

const matches = (rule: string, failure: Failed) =>
  failure.rule === rule || (failure.rule === "cut" && (rule === "timeout" || rule === "interrupted"))

function* attemptsAreFailures(history: History): Iterable<Violation> {
  const used = new Set<string>()
  for (const { at, attempt, before, pair, process } of recorded(history)) {
    if (attempt === undefined) {
      yield { at, pair, what: `${naming(pair)} was postponed, and its attempt not noted` }
      continue
    }
    if (engineRules.has(attempt.rule)) continue
    if (attempt.number !== before + 1) {
      yield { at, pair, what: `attempt ${attempt.number} of ${naming(pair)} is number ${before + 1} in its history` }
    }
    const call = [...history.calls].find(([number, one]) => {
      if (one.process !== process || one.endedAt > at || one.handler !== pair.handler) return false
      if (!one.events.includes(pair.event) || used.has(`${number} ${pair.event}`)) return false
      const failure = history.failureOf(one, pair.event)
      return failure !== undefined && matches(attempt.rule, failure)
    })
    if (call === undefined) {
      yield { at, pair, what: `${naming(pair)}: no failed call for an attempt of ${attempt.rule}` }
    } else used.add(`${call[0]} ${pair.event}`)
  }
}

/** Failures that must be spent: not the account's, not a whole batch's that goes on one by one, not a probe's. */
const mustBeSpent = (history: History, pair: Pair) =>
  history.callsOf(pair).filter((call) => {
    const failure = history.failureOf(call, pair.event)
    if (failure === undefined || failure.class === "account") return false
    if (failure.class === "permanent" && call.failures.has("*") && call.events.length > 1) return false
    const { diedAt, endsAt } = history.life(call.process)
    // Not noted yet: the database did not answer.
    if (
      call.endedAt + 10_000 > history.run.endedAt &&
      !history.isUndisturbed(call.process, { from: call.at, to: call.endedAt })
    ) return false
    return Math.min(diedAt, endsAt) === Number.POSITIVE_INFINITY &&
      !history.isOpenIn(call.process, pair.handler, { from: call.at, to: call.endedAt })
  })

function* failuresAreSpent(history: History): Iterable<Violation> {
  const spent = new Map<string, number>()
  for (const entry of history.run.entries) {
    const pair = entry.is === "refused" ? entry.pair : isChange(entry) ? pairOf(entry.from) : undefined
    if (pair === undefined || !("how" in entry) || (entry.how !== "postpone" && entry.how !== "park")) continue
    spent.set(keyOf(pair), (spent.get(keyOf(pair)) ?? 0) + 1)
  }
  for (const row of history.committed.values()) {
    const pair = pairOf(row)
    const failures = mustBeSpent(history, pair)
    const noted = spent.get(keyOf(pair)) ?? 0
    if (noted >= failures.length) continue
    const at = failures.at(-1)?.endedAt ?? 0
    yield { at, pair, what: `${naming(pair)} failed ${failures.length} times, ${noted} were noted` }
  }
}

export const answers: Readonly<Record<string, Property>> = {
  "each pair of a committed transaction ends once: completed, or parked": finishedOnce,
  "what was not committed is never handled": committedFirst,
  "nothing is completed before a call succeeded": successFirst,
  "what has ended is never handled again": neverAgain,
  "where nothing goes wrong, everything is handled once": onceWithoutTrouble,
  "what is parked has a reason": parkedForReason,
  "each noted attempt is a failed call": attemptsAreFailures,
  "each failure is noted, unless the circuit takes the blame": failuresAreSpent
}
