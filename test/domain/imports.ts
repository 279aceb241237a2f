/** What the tests of imports share: tables from lines of text, and decisions run to their ends. */
import { Result } from "effect"
import type { ImportProblem } from "../../src/domain/ImportProblem.ts"
import type { Table } from "../../src/domain/ImportTable.ts"

/** Cells parted by commas, with nothing quoted. */
export const table = (...lines: ReadonlyArray<string>): Table => {
  const [heading = { line: 1, cells: [] }, ...rows] = lines.map((text, index) => ({
    line: index + 1,
    cells: text.split(",")
  }))
  return { heading, rows }
}

/** As many as there may be. */
export const ids = Array.from({ length: 200 }, (_, n) => `0199aaaa-0000-7000-8000-${String(n).padStart(12, "0")}`)

export const decide = <A>(decision: Generator<void, A>): A => {
  for (;;) {
    const step = decision.next()
    if (step.done === true) return step.value
  }
}

/** Each as `line column code`. */
export const briefly = (problems: ReadonlyArray<ImportProblem>) =>
  problems.map(({ code, column, line }) => `${line} ${column ?? "-"} ${code}`)

export const refusedBy = <A>(result: Result.Result<A, ReadonlyArray<ImportProblem>>) =>
  Result.isFailure(result) ? briefly(result.failure) : []
