/** What a thread of the pool runs: every task that there is. */
import { readEnrollments } from "../../domain/EnrollmentSheet.ts"
import { sheetOf } from "../../domain/Export.ts"
import { readMembers } from "../../domain/MemberSheet.ts"
import { readEnrollmentFile, readMemberFile, writeSheet } from "../../ports/CpuTasks.ts"
import { csv } from "./Csv.ts"
import { tableOf } from "./CsvTable.ts"
import { bytes, serve, value } from "./Serve.ts"
import { xlsx } from "./Xlsx.ts"

serve([
  bytes(writeSheet, (asked) => (asked.format === "csv" ? csv(sheetOf(asked)) : xlsx(sheetOf(asked)))),
  value(readMemberFile, (file) => tableOf(file, readMembers)),
  value(readEnrollmentFile, (file) => tableOf(file, readEnrollments))
])
