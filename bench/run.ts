/**
 * `npm run bench` runs all of them, `npm run bench -- checkin` one. Medians of alternating rounds, with ratios to the peers
 * beside them; load generator, servers and database share the machine.
 *
 * - access: logins and refreshes, queries beside them, and what the look at who asks costs
 * - checkin: "I am here" over HTTP, beside Fastify + pg
 * - confirm: a teacher's list of 30, beside Fastify + pg
 * - latency: from the decision in a command to its handler and to the read document
 * - drain: 100,000 deliveries, beside graphile-worker and pg-boss
 * - bulkhead: messages of one channel, and documents, while another channel's provider hangs
 * - claim: taking deliveries from tables that are hard to take from
 * - fairness: single events beside a burst of another academy, in one process and in two
 * - export: a month of a class as CSV and XLSX, in the pool beside the main thread
 * - hanging: commands while providers and the read side hang
 * - messages: 10,000 messages over SOLAPI's adapter to a provider that answers in 100 ms
 * - rates: what counting requests costs, in the process and in PostgreSQL
 * - rush: 1,500 check-ins a second of 9,000 academies for a minute, answered or not
 * - soak: sizes and times under a steady load, BENCH_MINUTES (5), half of them beside an open transaction
 * - read: a session's register and a day's figures, beside Fastify with pg and with mongodb
 *
 * BENCH_ROUNDS and BENCH_WARM (seconds) make most of them shorter or longer; each says what else it takes.
 */
import { Effect } from "effect"
import { access } from "./access.ts"
import { bulkhead } from "./bulkhead.ts"
import { checkIn } from "./checkin.ts"
import { claiming } from "./claim.ts"
import { confirm } from "./confirm.ts"
import { drain } from "./drain.ts"
import { exporting } from "./export.ts"
import { fairness } from "./fairness.ts"
import { hanging } from "./hanging.ts"
import { latency } from "./latency.ts"
import { sendingMessages } from "./messages.ts"
import { rates } from "./rates.ts"
import { read } from "./read.ts"
import { rush } from "./rush.ts"
import { soak } from "./soak.ts"
import { server } from "./support.ts"

const all = {
  access,
  bulkhead,
  checkin: checkIn,
  confirm,
  latency,
  drain,
  claim: claiming,
  fairness,
  export: exporting,
  hanging,
  messages: sendingMessages,
  rates,
  rush,
  soak,
  read
}

const asked = process.argv.slice(2)
const program = Effect.scoped(Effect.gen(function*() {
  const url = yield* server
  for (const [name, bench] of Object.entries(all)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    console.log(`\n${yield* bench(url)}`)
  }
}))
await Effect.runPromise(program)
