import { expect, layer } from "@effect/vitest"
import { Console, Duration, Effect } from "effect"
import { World } from "../support/http.ts"
import { fuzz } from "./Fuzz.ts"
import { lines } from "./Table.ts"

const given = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise)

/** `npm run fuzz` gives others; here chance would fail somebody else's change. */
const options = {
  seed: given("FUZZ_SEED", 1),
  lasts: Duration.minutes(given("FUZZ_MINUTES", 0)),
  each: given("FUZZ_EACH", 2)
}

layer(World.layer, { excludeTestServices: true })("every request of OpenAPI, as documented and against it", (it) => {
  it.effect(
    "is answered as documented, never by a server error, and changes nothing when it is refused",
    () =>
      Effect.gen(function*() {
        const run = yield* fuzz(options)
        yield* Console.log(lines(run).join("\n"))
        expect(run.faults.map(({ found, operation, rule }) => `${operation}: not so: ${rule}: ${found}`)).toEqual([])
        // Whoever is turned away at the door sees little of the house.
        const operations = run.rows.reduce((sum, row) => sum + row.operations, 0)
        expect(run.requests).toBeGreaterThan(30 * operations)
        expect(run.rows.flatMap(({ never }) => never).length).toBeLessThan(operations / 4)
      }),
    Duration.toMillis(options.lasts) + 180_000
  )
})
