/**
 * How the CLI speaks: answers on stdout, as text for people or as JSON; everything else (questions, progress, what went
 * wrong) on stderr.
 */
import { Console, Data, Effect, Runtime } from "effect"
import { CliOutput, Flag, GlobalFlag } from "effect/cli"

export { seconds } from "../../../application/operations/Checks.ts"

/** The command did not do what it was asked for. The message says why, and what to do; a line for each reason. */
export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 1
}

/** The command was not given what it needs. */
export class Misused extends Data.TaggedError("Misused")<{ readonly message: string }> {
  override readonly [Runtime.errorExitCode] = 2
}

/** `--json`, before or after any command. */
export const Json = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Answer as JSON on stdout, with nothing else there"),
    Flag.withDefault(false),
    Flag.withoutNegation
  )
})

/** Prints the answer: `value` as JSON when that was asked for, else the text. */
export const answer = Effect.fnUntraced(function*(value: unknown, text: () => string) {
  yield* Console.log((yield* Json) ? JSON.stringify(value, null, 2) : text())
})

/** Control characters of foreign texts do not reach the terminal; line breaks become spaces. */
export const oneLine = (text: string): string => text.replace(/\s*[\n\r\t]+\s*/g, " ").replace(/\p{Cc}/gu, "").trim()

const shortened = (text: string, width: number): string => {
  if (CliOutput.displayWidth(text) <= width) return text
  let cut = text.slice(0, width)
  while (CliOutput.displayWidth(cut) > width - 1) cut = cut.slice(0, -1)
  return `${cut}…`
}

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
  readonly align?: "right"
  /** Longer values end in "…". In columns of a terminal, where a Korean letter takes two. */
  readonly width?: number
}

/** Rows below their titles, columns two spaces apart. */
export const table = <Row>(rows: ReadonlyArray<Row>, columns: ReadonlyArray<Column<Row>>): string => {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) =>
      columns.map((column) => shortened(oneLine(String(column.value(row))), column.width ?? Number.POSITIVE_INFINITY))
    )
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => CliOutput.displayWidth(row[index] ?? ""))))
  return cells.map((row) =>
    row.map((text, index) => {
      const space = " ".repeat((widths[index] ?? 0) - CliOutput.displayWidth(text))
      return columns[index]?.align === "right" ? space + text : text + space
    }).join("  ").trimEnd()
  ).join("\n")
}

/** Names and values below each other. */
export const list = (entries: ReadonlyArray<readonly [name: string, value: string | number]>): string => {
  const width = Math.max(...entries.map(([name]) => CliOutput.displayWidth(name)))
  return entries.map(([name, value]) =>
    `${name}${" ".repeat(width - CliOutput.displayWidth(name) + 2)}${oneLine(String(value))}`
  ).join("\n")
}

/** An instant in UTC to the second, as in `2026-11-22 09:30:00Z`. */
export const instant = (date: Date): string => date.toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z")

const barWidth = 30

/**
 * Shows how far something is: one line that moves on a terminal; elsewhere a line at each tenth. `total` of 0 is done.
 */
export const progress = (write: (text: string) => Effect.Effect<void>, terminal: boolean) => {
  const tenths = new Map<string, number>()
  return (of: string, done: number, total: number): Effect.Effect<void> => {
    const part = total === 0 ? 1 : Math.min(1, done / total)
    if (terminal) {
      const full = Math.round(part * barWidth)
      const bar = `${"█".repeat(full)}${"░".repeat(barWidth - full)}`
      return write(`\r\x1b[2K${of.padEnd(12)} ${bar} ${done} of ${total}${part === 1 ? "\n" : ""}`)
    }
    const tenth = Math.floor(part * 10)
    if (tenths.get(of) === tenth) return Effect.void
    tenths.set(of, tenth)
    return write(`${of}: ${done} of ${total}\n`)
  }
}
