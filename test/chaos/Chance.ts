/** Chance that a seed repeats: the schedule of faults and the load are pure functions of it. */

export interface Chance {
  /** At least 0, below 1. */
  readonly next: () => number
  /** A whole number from 0, below `n`. */
  readonly below: (n: number) => number
  readonly between: (from: number, to: number) => number
  /** One of them; they must not be empty. */
  readonly pick: <A>(some: readonly [A, ...ReadonlyArray<A>]) => A
  readonly shuffled: <A>(some: ReadonlyArray<A>) => ReadonlyArray<A>
}

/** The generator mulberry32: 32 bits of state, good enough for tests. Two names make two sequences of one seed. */
export const chance = (seed: number, name: string): Chance => {
  let state = [...name].reduce((hash, char) => Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619), seed | 0)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    next,
    below,
    between: (from, to) => from + next() * (to - from),
    pick: (some) => some[below(some.length)] ?? some[0],
    shuffled: (some) => some.map((one) => ({ one, at: next() })).sort((a, b) => a.at - b.at).map(({ one }) => one)
  }
}
