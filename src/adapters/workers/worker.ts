/** What a thread of the pool runs: every task that there is. */
import { sheetOf } from "../../domain/Export.ts"
import { writeSheet } from "../../ports/CpuTasks.ts"
import { csv } from "./Csv.ts"
import { bytes, serve } from "./Serve.ts"
import { xlsx } from "./Xlsx.ts"

serve([
  bytes(writeSheet, (asked) => (asked.format === "csv" ? csv(sheetOf(asked)) : xlsx(sheetOf(asked))))
])
