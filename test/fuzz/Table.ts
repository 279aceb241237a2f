/** A run in lines for people. */
import type { Found, Row, Run } from "./Tally.ts"

const classes = ["2xx", "4xx", "5xx"]
const line = ({ answers, operations, tag }: Row) => {
  const counts = classes.map((one) => answers[one] ?? 0)
  const all = Object.values(answers).reduce((sum, one) => sum + one, 0)
  return `  ${tag.padEnd(16)} ${[operations, all, ...counts].map((one) => String(one).padStart(10)).join(" ")}`
}

const total = (rows: ReadonlyArray<Row>): Row => ({
  tag: "all",
  operations: rows.reduce((sum, { operations }) => sum + operations, 0),
  answers: Object.fromEntries(
    classes.map((one) => [one, rows.reduce((sum, { answers }) => sum + (answers[one] ?? 0), 0)])
  ),
  never: rows.flatMap(({ never }) => never)
})

const fault = (
  { answer, found, operation, request, rule }: Found
) => [`  ${operation}: not so: ${rule}: ${found}`, `    ${request}`, `    ${answer}`]

export const lines = ({ faults, options, rounds, rows }: Run): ReadonlyArray<string> => {
  const all = total(rows)
  return [
    `fuzz: seed ${options.seed}, ${rounds} ${rounds === 1 ? "round" : "rounds"}`,
    `  ${"group".padEnd(16)} ${["operations", "requests", ...classes].map((one) => one.padStart(10)).join(" ")}`,
    ...rows.map(line),
    line(all),
    ...(all.never.length === 0 ? [] : [`  never answered well: ${all.never.join(", ")}`]),
    ...faults.flatMap(fault)
  ]
}
