import { read, utils, type WorkBook } from "@e965/xlsx"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { csv } from "../../../src/adapters/workers/Csv.ts"
import * as ThreadPool from "../../../src/adapters/workers/ThreadPool.ts"
import { xlsx } from "../../../src/adapters/workers/Xlsx.ts"
import { type Export, type ExportFormat, sheetOf } from "../../../src/domain/Export.ts"
import type { Sheet } from "../../../src/domain/Sheet.ts"
import { CpuPool } from "../../../src/ports/CpuPool.ts"
import { writeSheet } from "../../../src/ports/CpuTasks.ts"
import { charged } from "../../support/loop.ts"
import { classMonth, register, student } from "../../support/sheets.ts"

const joined = async (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
  const all: Array<Uint8Array> = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
const sheet = (...cells: ReadonlyArray<string>): Sheet => ({
  title: "표",
  columns: [{ heading: "값", width: 10 }, { heading: "비율", width: 10, percent: true }],
  rows: cells.map((cell) => [cell, 0.876])
})

/** As SheetJS reads it, which has nothing to do with who wrote it. */
const cellsOf = (book: WorkBook): ReadonlyArray<ReadonlyArray<unknown>> => {
  const [first] = Object.values(book.Sheets)
  return first === undefined ? [] : utils.sheet_to_json<ReadonlyArray<unknown>>(first, { header: 1, defval: null })
}
/** By RFC 4180, without a library's guesses. */
const linesOf = (text: string) => {
  const lines: Array<Array<string>> = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll("\"\"", "\"") ?? plain ?? "")
    if (end === "\r\n") lines.push([])
  }
  return lines.slice(0, -1)
}
const textOf = async (one: Sheet) => (await joined(csv(one))).toString("utf8")

const nasty = [
  "쉼표, 하나",
  "따옴표 \"하나\"",
  "줄\r\n바꿈",
  "줄\n바꿈",
  "<b>&amp;</b>",
  "  앞뒤 공백  ",
  "😀 이모지",
  "제어\u0001문자",
  ""
]
const formulas = [
  "=1+1",
  "+82 10",
  "-1",
  "@SUM(A1)",
  "\tx",
  "\rx",
  "=cmd|'/c calc'!A1",
  "=HYPERLINK(\"http://x\",\"y\")"
]

describe("CSV", () => {
  it("begins with a byte order mark, ends each line with CRLF, and brings every text back", async () => {
    const text = await textOf(sheet(...nasty))
    expect(text.charCodeAt(0)).toBe(0xfeff)
    expect(linesOf(text.slice(1))).toEqual([["값", "비율"], ...nasty.map((cell) => [cell, "87.6%"])])
    expect(text.endsWith(",87.6%\r\n")).toBe(true)
  })

  it("lets no text be a formula", async () => {
    const text = await textOf(sheet(...formulas))
    expect(linesOf(text.slice(1)).slice(1).map(([cell]) => cell)).toEqual(formulas.map((cell) => `'${cell}`))
    expect(cellsOf(read(text, { type: "string", raw: true })).slice(1).map(([cell]) => cell)).toEqual(
      formulas.map((cell) => `'${cell}`)
    )
  })

  it("is one text, however many portions it comes in", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => `학생 ${n}`)
    const portions = [...csv(sheet(...rows))]
    expect(portions.length).toBeGreaterThan(2)
    expect(linesOf((await joined(portions)).toString("utf8")).map(([cell]) => cell).slice(1)).toEqual(rows)
  })
})

describe("XLSX", () => {
  it("brings every text back as a text, what looks like a formula too, and numbers as numbers", async () => {
    const book = read(await joined(xlsx(sheet(...nasty, ...formulas))))
    // A line ends with LF in there.
    const ends = (text: unknown) => String(text).replaceAll("\r\n", "\n")
    expect(cellsOf(book).map(([text, share]) => [ends(text), share])).toEqual(
      [["값", "비율"], ...[...nasty, ...formulas].map((cell) => [ends(cell), 0.876])]
    )
    const cells = Object.values(book.Sheets).flatMap((one) => Object.entries(one)).filter(([at]) =>
      /^[A-Z]+\d+$/.test(at)
    )
    expect(cells.filter(([, cell]) => "f" in Object(cell))).toEqual([])
    expect(book.Sheets[book.SheetNames[0] ?? ""]?.["B2"]).toMatchObject({ t: "n", w: "87.6%" })
  })

  it.each([
    ["수학 A/심화: [2026] 출석부", "수학 A 심화   2026  출석부"],
    ["가".repeat(40), "가".repeat(31)],
    ["'", "sheet"]
  ])("has a tab that Excel takes, for %s", async (title, tab) => {
    expect(read(await joined(xlsx({ ...sheet("a"), title }))).SheetNames).toEqual([tab])
  })
})

const pool = ThreadPool.layer({ threads: 1, mayWait: 4, timeLimit: "30 seconds" })
const written = (asked: Export) =>
  Effect.flatMap(CpuPool, (cpu) => Effect.map(Stream.runCollect(cpu.bytes(writeSheet, asked)), Buffer.concat))
const month = (format: ExportFormat, students: number, days: number): Export => ({
  format,
  of: { _tag: "ClassMonth", month: classMonth(students, days) }
})

describe("a thread of the pool", () => {
  it.live("writes the register, as it would be written here", () =>
    Effect.gen(function*() {
      const of = { _tag: "Register", register: register([student("홍길동"), student("=1+1")]) } as const
      const here = yield* Effect.promise(() => joined(csv(sheetOf({ format: "csv", of }))))
      expect((yield* written({ format: "csv", of })).equals(here)).toBe(true)
      expect(cellsOf(read(yield* written({ format: "xlsx", of })))[2]?.slice(0, 3)).toEqual([2, "=1+1", "출석"])
    }).pipe(Effect.provide(pool)))

  it.live("writes 500 students by 31 days in less than 5 s, in either format, and says the same in both", () =>
    Effect.gen(function*() {
      const timed = (format: ExportFormat) => Effect.timed(written(month(format, 500, 31)))
      const [[csvTime, text], [xlsxTime, book]] = [yield* timed("csv"), yield* timed("xlsx")]
      const lines = linesOf(text.toString("utf8").slice(1))
      const cells = cellsOf(read(book))
      expect([lines.length, cells.length, lines[500]?.length, cells[500]?.length]).toEqual([501, 501, 40, 40])
      expect(cells[0]).toEqual(lines[0])
      for (const row of [1, 250, 500]) {
        expect(cells[row]?.slice(0, -1).map((cell) => (cell === null ? "" : String(cell)))).toEqual(
          lines[row]?.slice(0, -1)
        )
      }
      // Far less where nothing else runs, see bench/export.ts.
      expect(Math.max(...[csvTime, xlsxTime].map(Duration.toMillis))).toBeLessThan(5000)
    }).pipe(Effect.provide(pool)))

  it.live("leaves the event loop free while it writes: that has a small part of the time that the same work takes from it", () =>
    Effect.gen(function*() {
      const asked = month("csv", 3000, 62)
      const here = yield* charged(Effect.promise(() => joined(csv(sheetOf(asked)))))
      yield* written(month("csv", 1, 1)) // the thread has started
      const there = yield* charged(written(asked))
      expect(there.cpu).toBeLessThan(here.cpu / 2)
      expect(there.value.equals(here.value)).toBe(true)
    }).pipe(Effect.provide(pool)))
})
