/**
 * A month of 500 students by 31 sessions as CSV and as XLSX: how long it takes, and how long the event loop of the server
 * is held up meanwhile, in a thread of the pool beside the same work on the main thread. BENCH_ROUNDS (15).
 */
import { Effect, Stream } from "effect"
import { csv } from "../src/adapters/workers/Csv.ts"
import * as ThreadPool from "../src/adapters/workers/ThreadPool.ts"
import { xlsx } from "../src/adapters/workers/Xlsx.ts"
import { type Export, ExportFormat, sheetOf } from "../src/domain/Export.ts"
import { CpuPool } from "../src/ports/CpuPool.ts"
import { writeSheet } from "../src/ports/CpuTasks.ts"
import { watched } from "../test/support/loop.ts"
import { classMonth } from "../test/support/sheets.ts"
import { median, percentile, table } from "./support.ts"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 15)

const onMain = (asked: Export) =>
  Effect.promise(async () => {
    let bytes = 0
    const sheet = sheetOf(asked)
    for await (const chunk of asked.format === "csv" ? csv(sheet) : xlsx(sheet)) bytes += chunk.byteLength
    return bytes
  })
const inPool = (asked: Export) =>
  Effect.flatMap(
    CpuPool,
    (cpu) => Stream.runFold(cpu.bytes(writeSheet, asked), () => 0, (bytes, chunk) => bytes + chunk.byteLength)
  )

interface Run {
  readonly value: number
  readonly took: number
  readonly delays: ReadonlyArray<number>
}

export const exporting = Effect.fnUntraced(function*() {
  const rows: Array<ReadonlyArray<string | number>> = []
  const month = classMonth(500, 31)
  for (const format of ExportFormat.literals) {
    const asked: Export = { format, of: { _tag: "ClassMonth", month } }
    const ways = [["in the pool", inPool(asked)], ["on the main thread", onMain(asked)]] as const
    const row = (what: string, runs: ReadonlyArray<Run>) => [
      `${format}, ${what}`,
      median(runs.map(({ took }) => took)),
      median(runs.map(({ delays }) => percentile(delays, 99))),
      median(runs.map(({ delays }) => Math.max(...delays))),
      (runs[0]?.value ?? 0) / 1024
    ]
    rows.push(row("in the pool, with the thread's start", [yield* Effect.provide(watched(inPool(asked)), pool)]))
    yield* Effect.gen(function*() {
      const runs = ways.map((): Array<Run> => [])
      for (let round = -3; round < rounds; round++) {
        for (const [index, [, work]] of ways.entries()) {
          const run = yield* watched(work)
          if (round >= 0) runs[index]?.push(run)
        }
      }
      for (const [index, [way]] of ways.entries()) rows.push(row(way, runs[index] ?? []))
    }).pipe(Effect.provide(pool))
  }
  return table([["a month of 500 students", "ms", "loop delay p99 (ms)", "longest (ms)", "KiB"], ...rows])
})
const pool = ThreadPool.layer({ threads: 1, mayWait: 1, timeLimit: "30 seconds" })
