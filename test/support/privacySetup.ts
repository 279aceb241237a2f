/** Fails a file in which AMS has told somebody what is nobody's business. */
import { Effect } from "effect"
import { afterAll, expect } from "vitest"
import { findings, measured } from "./privacy.ts"

afterAll(async () => {
  await Effect.runPromise(measured)
  expect(findings()).toEqual([])
})
