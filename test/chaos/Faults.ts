/**
 * What goes wrong, and when: a pure function of the seed.
 *
 * The promise "taken over within 12 s" needs somebody who takes over. So whenever a process is killed or stopped, another
 * one that runs is spared for as long as a take-over may last.
 */
import { type Chance, chance } from "./Chance.ts"

/** What happens to a process, at `at` ms from the beginning, for `lasts` ms until it runs again. */
export interface ProcessFault {
  /** `kill`: SIGKILL, started again. `stop`: SIGSTOP, SIGCONT. `end`: SIGTERM, started again after it has ended. */
  readonly kind: "kill" | "stop" | "end"
  readonly at: number
  readonly node: number
  readonly lasts: number
}

/** What happens to a database, at `at` ms from the beginning; it is away for `lasts` ms and its start. */
export interface DatabaseFault {
  /**
   * PostgreSQL: immediate shutdown (a crash), fast shutdown (a restart), or all connections ended. MongoDB: killed, shut
   * down, or silent.
   */
  readonly kind:
    | "postgres-crash"
    | "postgres-restart"
    | "postgres-connections"
    | "mongo-kill"
    | "mongo-restart"
    | "mongo-pause"
  readonly at: number
  readonly lasts: number
}

export type Fault = ProcessFault | DatabaseFault

export const isProcessFault = (fault: Fault): fault is ProcessFault => "node" in fault

/** A process that is silent for longer counts as dead, in ms: from here on a take-over is promised. */
export const silentUntilDead = 8_000
/** A take-over ends within this, in ms. */
export const takeOverWithin = 12_000
/** How long a process may take to start or to end while all are busy, in ms. */
const startsWithin = 5_000
const endsWithin = 8_000

type Card = { readonly kind: Fault["kind"]; readonly lasts: readonly [number, number] }

/** Each kind of fault comes once before any comes again; how often it does is its weight. */
const deck: ReadonlyArray<Card> = [
  { kind: "kill", lasts: [0, 4_000] },
  { kind: "kill", lasts: [0, 4_000] },
  { kind: "kill", lasts: [0, 15_000] },
  { kind: "stop", lasts: [3_000, 8_000] },
  { kind: "stop", lasts: [9_000, 20_000] },
  { kind: "stop", lasts: [9_000, 20_000] },
  { kind: "end", lasts: [0, 2_000] },
  { kind: "postgres-crash", lasts: [0, 4_000] },
  { kind: "postgres-restart", lasts: [0, 4_000] },
  { kind: "postgres-connections", lasts: [0, 0] }
]
const mongoDeck: ReadonlyArray<Card> = [
  { kind: "mongo-kill", lasts: [0, 5_000] },
  { kind: "mongo-restart", lasts: [0, 5_000] },
  { kind: "mongo-pause", lasts: [2_000, 8_000] }
]

/** From when until when nothing may happen to a process: it is away, or it is the one who takes over. */
interface Spared {
  readonly away: number
  readonly needed: number
}

const isProcessKind = (kind: Fault["kind"]): kind is ProcessFault["kind"] =>
  kind === "kill" || kind === "stop" || kind === "end"

export interface ScheduleOptions {
  readonly seconds: number
  /** At least 2. */
  readonly nodes: number
  readonly mongo: boolean
}

/** In order of time. Nothing begins so late that its end would lie behind `seconds`. */
export const schedule = (seed: number, { mongo, nodes, seconds }: ScheduleOptions): ReadonlyArray<Fault> => {
  const dice = chance(seed, "faults")
  const faults: Array<Fault> = []
  const spared: Array<Spared> = Array.from({ length: nodes }, () => ({ away: 0, needed: 0 }))
  let cards: ReadonlyArray<Card> = []
  for (let at = 3_000 + dice.between(0, 2_000); at < seconds * 1_000; at += dice.between(4_000, 9_000)) {
    if (cards.length === 0) cards = dice.shuffled(mongo ? [...deck, ...mongoDeck] : deck)
    // The first card that can be played now; what cannot waits for its turn.
    for (const [index, card] of cards.entries()) {
      const fault = play(dice, card, Math.round(at), spared)
      if (fault === undefined || fault.at + fault.lasts > seconds * 1_000) continue
      faults.push(fault)
      cards = cards.toSpliced(index, 1)
      if (isProcessFault(fault)) spare(spared, fault)
      break
    }
  }
  return faults
}

const play = (dice: Chance, { kind, lasts }: Card, at: number, spared: ReadonlyArray<Spared>): Fault | undefined => {
  const duration = Math.round(dice.between(...lasts))
  if (!isProcessKind(kind)) return { kind, at, lasts: duration }
  const runs = spared.flatMap(({ away }, node) => (away <= at ? [node] : []))
  const [first, ...others] = runs.filter((node) => (spared[node]?.needed ?? 0) <= at)
  // Somebody else must run who can take over.
  return first === undefined || runs.length < 2
    ? undefined
    : { kind, at, node: dice.pick([first, ...others]), lasts: duration }
}

const spare = (spared: Array<Spared>, { at, kind, lasts, node }: ProcessFault) => {
  const back = at + lasts + (kind === "stop" ? 0 : startsWithin) + (kind === "end" ? endsWithin : 0)
  spared[node] = { away: back, needed: 0 }
  const able = spared.flatMap(({ away, needed }, other) => (other !== node && away <= at ? [{ other, needed }] : []))
  // Whoever is spared already stays it, so that the others remain free.
  const survivor = able.sort((a, b) => b.needed - a.needed)[0]
  if (survivor === undefined) return
  const until = at + Math.max(takeOverWithin, kind === "kill" ? 0 : lasts) + 2_000
  spared[survivor.other] = { away: 0, needed: Math.max(survivor.needed, until) }
}

/** One line for people. */
export const describe = (fault: Fault): string => {
  const lasts = `${(fault.lasts / 1_000).toFixed(1)} s`
  switch (fault.kind) {
    case "kill":
      return `kill -9 of node ${fault.node}, started again after ${lasts}`
    case "stop":
      return `SIGSTOP of node ${fault.node}, SIGCONT after ${lasts}`
    case "end":
      return `SIGTERM of node ${fault.node}, started again ${lasts} after its end`
    case "postgres-crash":
      return `PostgreSQL shut down immediately, started again after ${lasts}`
    case "postgres-restart":
      return `PostgreSQL shut down fast, started again after ${lasts}`
    case "postgres-connections":
      return "all connections to PostgreSQL ended"
    case "mongo-kill":
      return `kill -9 of MongoDB, started again after ${lasts}`
    case "mongo-restart":
      return `MongoDB shut down, started again after ${lasts}`
    case "mongo-pause":
      return `MongoDB silent for ${lasts}`
  }
}
