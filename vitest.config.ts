import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** Their figures mean something on a machine that does nothing else. */
const alone = ["test/chaos/chaos.test.ts", "test/chaos/Outages.test.ts", "test/e2e/StopUnderLoad.test.ts"]

// Of this process's workers, and of the processes that they start.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/ams-compiled", import.meta.url))

export default defineConfig({
  test: {
    globalSetup: ["test/support/globalSetup.ts"],
    setupFiles: ["test/support/privacySetup.ts"],
    // For what hangs. Real databases and processes on two cores: what must be quick says so itself.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: "ams", include: ["test/**/*.test.ts"], exclude: alone } },
      { extends: true, test: { name: "load", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } }
    ]
  }
})
