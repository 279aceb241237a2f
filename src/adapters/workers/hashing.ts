/** What a thread that looks at passwords runs: nothing else, so that a login waits for no file. */
import { argon2Sync } from "node:crypto"
import { deriveKey } from "../../ports/HashTasks.ts"
import { serve, value } from "./Serve.ts"

serve([
  value(deriveKey, ({ length, memory, parallelism, passes, password, salt }) => {
    // Not the asynchronous one: that runs on the threads that files and names are read on, with their priority.
    const key = argon2Sync("argon2id", {
      message: password,
      nonce: salt,
      memory,
      passes,
      parallelism,
      tagLength: length
    })
    password.fill(0)
    return new Uint8Array(key)
  })
])
