/** The tasks that the pool's workers know. */
import { Export } from "../domain/Export.ts"
import type { BytesTask } from "./CpuPool.ts"

/** Writes a sheet in its format. */
export const writeSheet: BytesTask<Export> = { name: "writeSheet", input: Export }
