import { defineConfig } from "vitest/config"

/** The rules of the source tree, for `npm run check`: no database needed. */
export default defineConfig({ test: { include: ["test/architecture.test.ts"] } })
