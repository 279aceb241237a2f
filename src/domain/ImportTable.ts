/** A table as an office keeps one: headings in Korean or English, in any order, and a line for each record. */
import { Result, Schema, Struct } from "effect"
import { ImportProblem, type ImportProblemCode, problemAt, type Text } from "./ImportProblem.ts"

export interface Row {
  /** Of the file; where a cell has several lines, the first of them. */
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

export interface Table {
  readonly heading: Row
  /** Without empty ones. */
  readonly rows: ReadonlyArray<Row>
}

/** For each field the headings that mean it; the first one is shown to whoever lacks it. */
export type Headings<Field extends string> = Readonly<Record<Field, readonly [string, ...ReadonlyArray<string>]>>

/** What offices write beside the rest, for themselves. */
const remarks = ["비고", "메모", "특이사항", "번호", "순번", "no", "note", "remark"]

/** Blanks, case and signs make no difference. */
const plain = (heading: string) => heading.normalize("NFC").toLowerCase().replace(/[\s_\-().*:·/]/g, "")

interface Found<Field extends string> {
  /** The field's cell, trimmed, in NFC; empty where there is none. */
  readonly cell: (row: Row, field: Field) => string
  /** The field's heading in the file, or as it would be called. */
  readonly called: (field: Field) => string
  readonly columns: Readonly<Record<string, string>>
  /** No required column is missing. */
  readonly isComplete: boolean
  readonly problems: ReadonlyArray<ImportProblem>
}

/** A cell that is no formula to whoever wrote it, as in our own files: the apostrophe goes. */
const unarmed = (text: string) => (/^'[=+\-@]/.test(text) ? text.slice(1) : text)

/** A file, read: what each line says, and what is wrong with its cells. */
export const sheetOf = <Line extends Schema.Top>(line: Line) =>
  Schema.Struct({
    /** How each field is called in the file, for problems that are found later. */
    columns: Schema.Record(Schema.String, Schema.String),
    lines: Schema.Array(line),
    problems: Schema.Array(ImportProblem)
  })

/** Which column is which. `required`: those without which nothing can be made. */
const findColumns = <Field extends string>(
  { heading, rows }: Table,
  headings: Headings<Field>,
  required: ReadonlyArray<NoInfer<Field>>
): Found<Field> => {
  const fields = Struct.keys(headings)
  const fieldOf = new Map(fields.flatMap((field) => [field, ...headings[field]].map((name) => [plain(name), field])))
  const at = new Map<Field, number>()
  const problems: Array<ImportProblem> = []
  for (const [index, name] of heading.cells.entries()) {
    const field = fieldOf.get(plain(name))
    if (field === undefined) {
      const empty = name.trim() === "" && rows.every(({ cells }) => (cells[index] ?? "").trim() === "")
      if (empty || remarks.includes(plain(name))) continue
      const known = { ko: fields.map((one) => headings[one][0]).join(", "), en: fields.join(", ") }
      problems.push(problemAt(heading.line, name.trim(), "UNKNOWN_COLUMN", known))
    } else if (at.has(field)) problems.push(problemAt(heading.line, name.trim(), "COLUMN_TWICE"))
    else at.set(field, index)
  }
  const called = (field: Field) => heading.cells[at.get(field) ?? -1]?.trim() ?? headings[field][0]
  for (const field of required) {
    if (!at.has(field)) {
      problems.push(
        problemAt(heading.line, null, "MISSING_COLUMN", {
          ko: headings[field][0],
          en: `${headings[field][0]} / ${field}`
        })
      )
    }
  }
  for (const { cells, line } of rows) {
    if (cells.slice(heading.cells.length).some((cell) => cell.trim() !== "")) {
      problems.push(problemAt(line, null, "TOO_MANY_CELLS"))
    }
  }
  return {
    cell: ({ cells }, field) => unarmed(cells[at.get(field) ?? -1]?.trim().normalize("NFC") ?? ""),
    called,
    columns: Object.fromEntries(fields.map((field) => [field, called(field)])),
    isComplete: required.every((field) => at.has(field)),
    problems
  }
}

/** Reads the cells of one line, and keeps what is wrong with them. */
const readingOf = <Field extends string>(
  { called, cell }: Found<Field>,
  row: Row,
  problems: Array<ImportProblem>
) => {
  const refuse = (field: Field, code: ImportProblemCode, what?: Text) => {
    problems.push(problemAt(row.line, called(field), code, what))
  }
  return {
    isEmpty: (field: Field) => cell(row, field) === "",
    refuse,
    /** The cell's value; `null` where it is empty, or cannot be read. */
    read: <A>(field: Field, by: (text: string) => Result.Result<A, Text>): A | null => {
      const text = cell(row, field)
      if (text === "") return null
      const value = by(text)
      if (Result.isSuccess(value)) return value.success
      refuse(field, "INVALID", value.failure)
      return null
    }
  }
}

/** The cells of a line. */
export type Reading<Field extends string> = ReturnType<typeof readingOf<Field>>

/** What the table says, line by line, with every cell that cannot be read; of its lines nothing without a required column. */
export const readSheet = <Field extends string, Line>(
  table: Table,
  headings: Headings<Field>,
  required: ReadonlyArray<NoInfer<Field>>,
  lineOf: (row: Row, reading: Reading<Field>) => Line
) => {
  const found = findColumns(table, headings, required)
  const problems = [...found.problems]
  const lines = found.isComplete ? table.rows.map((row) => lineOf(row, readingOf(found, row, problems))) : []
  return { columns: found.columns, lines, problems }
}
