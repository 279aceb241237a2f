/**
 * CSV as Korean spreadsheets save it: UTF-8 with or without a byte order mark, else CP949, which is what Excel calls "CSV".
 * RFC 4180, whatever ends the lines.
 *
 * Node's decoder for what it calls `windows-949` and `euc-kr` knows EUC-KR only: 똠 comes out as two other characters, and
 * `fatal` does not mind.
 */
import { CsvError } from "csv-parse"
import { parse } from "csv-parse/sync"
import { Result } from "effect"
import iconv from "iconv-lite"
import { limits } from "../../domain/Import.ts"
import { type ImportProblem, plainly, problemAt, type Text } from "../../domain/ImportProblem.ts"
import type { Row, Table } from "../../domain/ImportTable.ts"

const startsWith = (bytes: Uint8Array, ...first: ReadonlyArray<number>) =>
  first.every((byte, index) => bytes[index] === byte)

const notCsv = (what: Text) => Result.fail(problemAt(1, null, "NOT_CSV", what))

const decoded = (bytes: Uint8Array): Result.Result<string, ImportProblem> => {
  if (startsWith(bytes, 0x50, 0x4b, 0x03, 0x04) || startsWith(bytes, 0xd0, 0xcf, 0x11, 0xe0)) {
    return notCsv({ ko: "엑셀 통합 문서", en: "an Excel workbook" })
  }
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) return notCsv(plainly("UTF-16"))
  try {
    return Result.succeed(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    // Korean in CP949 is not UTF-8 by chance, but for texts of a syllable or two.
    const text = iconv.decode(bytes, "cp949")
    return text.includes("\ufffd")
      ? notCsv({ ko: "UTF-8도 CP949도 아님", en: "neither UTF-8 nor CP949" })
      : Result.succeed(text)
  }
}

/** What the parser stumbles over, in words; its own are about its options. */
const broken = (code: string): Text => {
  switch (code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return { ko: "닫히지 않은 큰따옴표", en: "a quotation mark that is not closed" }
    case "CSV_MAX_RECORD_SIZE":
      return {
        ko: "64 KiB가 넘는 줄, 또는 닫히지 않은 큰따옴표",
        en: "a line over 64 KiB, or a quotation mark not closed"
      }
    case "CSV_INVALID_CLOSING_QUOTE":
      return { ko: "닫는 큰따옴표 뒤의 글자", en: "text behind a closing quotation mark" }
    case "INVALID_OPENING_QUOTE":
      return { ko: "칸 중간의 큰따옴표", en: "a quotation mark inside of a cell" }
    default:
      return plainly(code)
  }
}

/** Characters of a line with all its cells: else a file of commas would be a million columns that nobody knows. */
const longestLine = 64 * 1024

const isEmpty = (cells: ReadonlyArray<string>) => cells.every((cell) => cell.trim() === "")

interface Parsed extends Table {
  readonly problems: ReadonlyArray<ImportProblem>
}

/** Within a cell; the parser's own count takes CRLF for two. */
const breaksIn = (cells: ReadonlyArray<string>) =>
  cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0)

/** Up to where it can be read, and what stopped that. */
const parsed = (text: string): Parsed => {
  const rows: Array<Row> = []
  const problems: Array<ImportProblem> = []
  let line = 1
  try {
    parse(text, {
      relax_column_count: true,
      max_record_size: longestLine,
      on_record: (cells: Array<string>) => {
        if (!isEmpty(cells)) rows.push({ line, cells })
        line += 1 + breaksIn(cells)
        return null
      }
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    problems.push(problemAt(line, null, "MALFORMED", broken(error.code)))
  }
  const [first, ...rest] = rows
  const over = rest[limits.lines]
  if (over !== undefined) problems.push(problemAt(over.line, null, "TOO_MANY_LINES", plainly(limits.lines)))
  if (rest.length === 0 && problems.length === 0) problems.push(problemAt(1, null, "NO_LINES"))
  return { heading: first ?? { line: 1, cells: [] }, rows: rest.slice(0, limits.lines), problems }
}

interface Sheet {
  readonly columns: Readonly<Record<string, string>>
  readonly problems: ReadonlyArray<ImportProblem>
}

/** The file as `read` understands its table, with what is wrong before that. */
export const tableOf = <Line>(
  file: Uint8Array,
  read: (table: Table) => Sheet & { readonly lines: ReadonlyArray<Line> }
): Sheet & { readonly lines: ReadonlyArray<Line> } => {
  const text = decoded(file)
  if (Result.isFailure(text)) return { columns: {}, lines: [], problems: [text.failure] }
  const { problems, ...table } = parsed(text.success)
  const sheet = read(table)
  return { ...sheet, problems: [...problems, ...sheet.problems] }
}
