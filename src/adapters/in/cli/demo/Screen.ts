/** Text for people: columns that stay straight although a Korean letter is two cells wide. */
import { DateTime } from "effect"
import { styleText } from "node:util"
import type { TimeZoneName } from "../../../../domain/LocalTime.ts"

/** The wide blocks of Unicode's East Asian Width that names and texts here come from. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u

/** Cells that a text takes on a terminal. */
export const width = (text: string): number =>
  [...text.normalize("NFC")].reduce((cells, char) => cells + (wide.test(char) ? 2 : 1), 0)

/** Filled with spaces up to so many cells. */
export const pad = (text: string, cells: number): string => text + " ".repeat(Math.max(0, cells - width(text)))

/** Rows under each other, two cells between columns; a cell of several lines makes its row as high. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>, indent = 2): ReadonlyArray<string> => {
  const cells = rows.map((row) => row.map((cell) => cell.split("\n")))
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(0, ...cells.flatMap((row) => (row[column] ?? []).map(width)))
  )
  return cells.flatMap((row) => {
    const height = Math.max(1, ...row.map((cell) => cell.length))
    return Array.from(
      { length: height },
      (_, line) =>
        " ".repeat(indent) + widths.map((cells, column) => pad(row[column]?.[line] ?? "", cells)).join("  ").trimEnd()
    )
  })
}

export const heading = (text: string): ReadonlyArray<string> => ["", styleText("bold", text), ""]
export const tick = (holds: boolean): string => (holds ? styleText("green", "✓") : styleText("red", "✗"))

/** Time of day at the academy, `HH:mm:ss`. */
export const clock = (zone: TimeZoneName, at: DateTime.Utc): string =>
  DateTime.formatIsoOffset(DateTime.setZoneNamedUnsafe(at, zone)).slice(11, 19)

/** Milliseconds with their sign, for what may lie on either side of a moment. */
export const signed = (millis: number): string => `${millis < 0 ? "-" : "+"}${Math.abs(millis)} ms`
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`
