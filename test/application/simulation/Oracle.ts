/** Says what a run broke of what the engine promises. */
import { answers } from "./Answers.ts"
import { fences } from "./Fences.ts"
import { History } from "./History.ts"
import { times } from "./Times.ts"
import type { Pair, Run } from "./Trace.ts"

export interface Violation {
  readonly at: number
  readonly what: string
  readonly pair?: Pair
}

/** A promise, and what in a run breaks it. */
export type Property = (history: History) => Iterable<Violation>

/** By the sentence that a run must keep. */
export const properties: Readonly<Record<string, Property>> = { ...answers, ...fences, ...times }

export interface Broken extends Violation {
  readonly property: string
}

export const judge = (run: Run): ReadonlyArray<Broken> => {
  const history = new History(run)
  return Object.entries(properties).flatMap(([property, check]) =>
    [...check(history)].map((violation) => ({ property, ...violation }))
  )
}
