/** What the threads that look at passwords know. */
import { Schema } from "effect"
import type { ValueTask } from "./CpuPool.ts"

const KeyFrom = Schema.Struct({
  password: Schema.Uint8Array,
  salt: Schema.Uint8Array,
  /** KiB. */
  memory: Schema.Int,
  passes: Schema.Int,
  parallelism: Schema.Int,
  /** Bytes of the key. */
  length: Schema.Int
})

/** Argon2id (RFC 9106). */
export const deriveKey: ValueTask<typeof KeyFrom.Type, Uint8Array> = {
  name: "deriveKey",
  input: KeyFrom,
  output: Schema.Uint8Array
}
