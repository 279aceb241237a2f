/**
 * A day at an academy through the real adapters, with providers that fail at one call in five and are away for a while, and
 * an AMS that is killed twice. The outage is shorter here than in `npm run provider-day`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { providerDay } from "../providerDay/Day.ts"
import { lines, promises } from "../providerDay/Table.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"

describe("a day with providers that fail", () => {
  it.live("tells each guardian each thing once, or says why not", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const day = yield* providerDay({ url, students: 60, seed: 1, outage: 8_000 })
      const shown = lines(day).join("\n")
      assert.deepStrictEqual(promises(day).filter(({ broken }) => broken !== ""), [], `${shown}\n${day.said}`)
      // What was asked of the day has happened in it.
      const verdicts = day.judged.map(({ verdict }) => verdict)
      assert.isAtLeast(verdicts.filter((one) => one === "told").length, 80, shown)
      assert.include(verdicts, "not reached", shown)
      const struck = (kind: string) => day.journal.requests.filter(({ fault }) => fault?.kind === kind).length
      for (const kind of ["reset", "answer", "hang"]) assert.isAtLeast(struck(kind), 4, shown)
    }), 400_000)
})
