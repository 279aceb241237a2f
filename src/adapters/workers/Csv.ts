/**
 * CSV as Excel in Korea opens it without asking: UTF-8 with a byte order mark (it takes CP949 for granted else), CRLF,
 * quoting by RFC 4180.
 */
import type { Cell, Column, Sheet } from "../../domain/Sheet.ts"

/** Bytes at a time, about. */
const portion = 32 * 1024

/**
 * A cell that begins so is a formula to spreadsheets, and could run a command or send a neighbour's cell away
 * (CWE-1236). Names and reasons come from people, so an apostrophe goes in front: the cell is a text then.
 */
const formula = /^[=+\-@\t\r]/

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text)

const written = (cell: Cell, column: Column | undefined): string => {
  if (cell === null) return ""
  if (typeof cell === "number") return column?.percent === true ? `${(cell * 100).toFixed(1)}%` : String(cell)
  return quoted(formula.test(cell) ? `'${cell}` : cell)
}

/** The sheet's bytes, heading first. */
export function* csv({ columns, rows }: Sheet): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  const line = (cells: ReadonlyArray<Cell>) =>
    `${cells.map((cell, index) => written(cell, columns[index])).join(",")}\r\n`
  let text = `\ufeff${line(columns.map(({ heading }) => heading))}`
  for (const row of rows) {
    text += line(row)
    if (text.length >= portion) {
      yield encoder.encode(text)
      text = ""
    }
  }
  if (text !== "") yield encoder.encode(text)
}
