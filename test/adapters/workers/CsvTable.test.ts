import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import iconv from "iconv-lite"
import { tableOf } from "../../../src/adapters/workers/CsvTable.ts"
import * as ThreadPool from "../../../src/adapters/workers/ThreadPool.ts"
import { limits } from "../../../src/domain/Import.ts"
import type { Table } from "../../../src/domain/ImportTable.ts"
import { readMembers } from "../../../src/domain/MemberSheet.ts"
import { CpuPool } from "../../../src/ports/CpuPool.ts"
import { readEnrollmentFile, readMemberFile } from "../../../src/ports/CpuTasks.ts"
import { briefly } from "../../domain/imports.ts"
import { charged } from "../../support/loop.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)
/** As Excel in Korea saves "CSV". */
const cp949 = (text: string) => new Uint8Array(iconv.encode(text, "cp949"))
const joined = (...parts: ReadonlyArray<Uint8Array>) => new Uint8Array(Buffer.concat(parts))

/** The table itself, a line for each row. */
const asIs = (table: Table) => ({ columns: {}, lines: [table.heading, ...table.rows], problems: [] })
const read = (file: Uint8Array) => tableOf(file, asIs)
const rowsOf = (file: Uint8Array) => read(file).lines.map(({ cells, line }) => [line, ...cells])

const text = "이름,메모\r\n가,똠방각하 펲시콜라\r\n나,\"쉼표, \"\"따옴표\"\"\"\r\n"
const rows = [[1, "이름", "메모"], [2, "가", "똠방각하 펲시콜라"], [3, "나", "쉼표, \"따옴표\""]]

describe("a CSV file", () => {
  it.each([
    ["UTF-8", utf8(text)],
    ["UTF-8 with a byte order mark", joined(Uint8Array.of(0xef, 0xbb, 0xbf), utf8(text))],
    ["CP949, syllables beyond EUC-KR too", cp949(text)],
    ["UTF-8 with lines that end in LF", utf8(text.replaceAll("\r\n", "\n"))],
    ["UTF-8 with lines that end in CR", utf8(text.replaceAll("\r\n", "\r"))],
    ["UTF-8 without an end of its last line", utf8(text.trimEnd())]
  ])("is read in %s", (_, file) => {
    expect(read(file).problems).toEqual([])
    expect(rowsOf(file)).toEqual(rows)
  })

  it("has in CP949 the syllables that EUC-KR has not, where Microsoft put them", () => {
    expect(rowsOf(joined(utf8("a\n"), Uint8Array.of(0x8c, 0x63, 0xb9, 0xe6, 0xb0, 0xa2, 0xc7, 0xcf)))).toEqual([
      [1, "a"],
      [2, "똠방각하"]
    ])
  })

  it("counts the lines of the file, over cells of several lines and over empty lines", () => {
    expect(rowsOf(utf8("a,b\r\n1,\"x\r\ny\n\nz\"\r\n\r\n,\r\n2,\"y\"\r\n3,\"\r\n\"\r\n4,z"))).toEqual([
      [1, "a", "b"],
      [2, "1", "x\r\ny\n\nz"],
      [8, "2", "y"],
      [9, "3", "\r\n"],
      [11, "4", "z"]
    ])
  })

  it.each([
    ["a workbook", joined(Uint8Array.of(0x50, 0x4b, 3, 4), utf8("x")), "1 - NOT_CSV"],
    ["an old workbook", joined(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), utf8("x")), "1 - NOT_CSV"],
    ["UTF-16", joined(Uint8Array.of(0xff, 0xfe), new Uint8Array(Buffer.from(text, "utf16le"))), "1 - NOT_CSV"],
    ["an image", Uint8Array.of(0x89, 0x50, 0xff, 0x80, 0xff), "1 - NOT_CSV"],
    ["nothing", new Uint8Array(), "1 - NO_LINES"],
    ["headings alone", utf8("이름\r\n\r\n"), "1 - NO_LINES"],
    ["a quotation mark that is not closed", utf8("a,b\n1,2\n3,\"x\n4,5\n"), "3 - MALFORMED"],
    ["a quotation mark inside of a cell", utf8("a,b\n1,2\n3,x\"y\"\n"), "3 - MALFORMED"],
    ["text behind a quoted cell", utf8("a,b\n1,2\n3,\"x\"y\n"), "3 - MALFORMED"],
    ["a line without end", utf8(`a,b\n1,2\n${"x,".repeat(100_000)}\n`), "3 - MALFORMED"],
    ["too many lines", utf8(`a\n${"x\n".repeat(limits.lines + 2)}`), `${limits.lines + 2} - TOO_MANY_LINES`]
  ])("is refused: %s", (_, file, problem) => {
    expect(briefly(read(file).problems)).toEqual([problem])
  })

  it("of as many lines as there may be has no problem", () => {
    const { lines, problems } = read(utf8(`a\n${"x\n".repeat(limits.lines)}`))
    expect([lines.length, problems]).toEqual([limits.lines + 1, []])
  })
})

const pool = ThreadPool.layer({ threads: 1, mayWait: 4, timeLimit: "30 seconds" })
const large = utf8([
  "이름,생년월일,학교,학년,보호자 이름,보호자 전화번호",
  ...Array.from(
    { length: limits.lines },
    (_, n) => `학생${n},2015-03-02,한빛초,초3,보호자${n},010-4000-${String(n).padStart(4, "0")}`
  )
].join("\r\n"))

describe("a thread of the pool", () => {
  it.live("reads a file as it would be read here, of members and of enrollments", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const file = cp949("이름,생년월일,학교,학년\r\n가,2015-3-2,한빛초,초3\r\n나,x,한빛초,\r\n")
      expect(yield* cpu.value(readMemberFile, file)).toEqual(tableOf(file, readMembers))
      const { lines } = yield* cpu.value(readEnrollmentFile, cp949("학생,전화번호,반\r\n가,01012345678,수학\r\n"))
      expect(lines).toMatchObject([{ line: 2, student: "가", phone: "+821012345678", class: "수학", from: null }])
    }).pipe(Effect.provide(pool)))

  it.live("leaves the event loop free while it reads: that has a part of the time that the same work takes from it", () =>
    Effect.gen(function*() {
      const cpu = yield* CpuPool
      const here = yield* charged(Effect.sync(() => tableOf(large, readMembers)))
      yield* cpu.value(readMemberFile, large) // the thread has started, and what it answers has been taken once
      const there = yield* charged(cpu.value(readMemberFile, large))
      expect(there.cpu).toBeLessThan(here.cpu / 2)
      expect(there.value.lines).toHaveLength(limits.lines)
    }).pipe(Effect.provide(pool)))
})
