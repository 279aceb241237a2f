import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    // Real databases and processes on two cores.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 3
  }
})
