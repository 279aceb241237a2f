/**
 * `npm run bench` runs all of them, `npm run bench -- checkin` one: checkin, latency, drain. Medians of alternating
 * rounds, with ratios to the peers beside them; load generator, servers and database share the machine.
 */
import { Effect } from "effect"
import { checkIn } from "./checkin.ts"
import { drain } from "./drain.ts"
import { latency } from "./latency.ts"
import { server } from "./support.ts"

const all = { checkin: checkIn, latency, drain }

const asked = process.argv.slice(2)
const program = Effect.scoped(Effect.gen(function*() {
  const url = yield* server
  for (const [name, bench] of Object.entries(all)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    console.log(`\n${yield* bench(url)}`)
  }
}))
await Effect.runPromise(program)
