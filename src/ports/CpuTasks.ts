/** The tasks that the pool's workers know. */
import { Schema } from "effect"
import { EnrollmentSheet } from "../domain/EnrollmentSheet.ts"
import { Export } from "../domain/Export.ts"
import { MemberSheet } from "../domain/MemberSheet.ts"
import type { BytesTask, ValueTask } from "./CpuPool.ts"

/** Writes a sheet in its format. */
export const writeSheet: BytesTask<Export> = { name: "writeSheet", input: Export }

/** Reads a file of members, or says what is wrong with its cells. */
export const readMemberFile: ValueTask<Uint8Array, MemberSheet> = {
  name: "readMemberFile",
  input: Schema.Uint8Array,
  output: MemberSheet
}

/** The same for a file of enrollments. */
export const readEnrollmentFile: ValueTask<Uint8Array, EnrollmentSheet> = {
  name: "readEnrollmentFile",
  input: Schema.Uint8Array,
  output: EnrollmentSheet
}
