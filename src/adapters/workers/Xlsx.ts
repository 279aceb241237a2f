/** XLSX, byte by byte: the whole of it is never in memory. */
import { writeXlsxStream } from "hucre/xlsx"
import type { Sheet } from "../../domain/Sheet.ts"

/** As the number and the name stay in sight while the rest moves. */
const freezePane = { rows: 1, columns: 2 }

/** A tab has up to 31 characters, without those that a formula would read. */
const tabName = (title: string): string =>
  title.replace(/[[\]:*?/\\']/g, " ").trim().slice(0, 31).toWellFormed() || "sheet"

/**
 * Texts are stored as texts, whatever they begin with: no cell is a formula, and none needs an apostrophe as in CSV,
 * which would be shown.
 */
export const xlsx = ({ columns, rows, title }: Sheet): AsyncIterable<Uint8Array> =>
  writeXlsxStream(rows.map((row) => [...row]), {
    name: tabName(title),
    columns: columns.map(({ heading, percent, width }) => ({
      header: heading,
      width,
      ...(percent === true ? { numFmt: "0.0%" } : {})
    })),
    freezePane
  })
