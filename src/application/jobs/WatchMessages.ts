/** Tells when a channel's messages go out late, or do not reach people. */
import { Duration, Effect } from "effect"
import { Alerts } from "../../ports/Alerts.ts"
import { type Lately, MessageMeasures } from "../../ports/MessageMeasures.ts"
import type { Job } from "./Jobs.ts"

/** Fewer messages say nothing about a channel. */
const atLeast = 20
/** Seconds within which 95 of 100 should be taken. */
const late = 60
/** Share of the messages that should be taken or arrive. */
const reaching = 0.9

const isLate = ({ p95Seconds, timed }: Lately) => timed >= atLeast && p95Seconds > late
const isNotReaching = ({ ended, reached }: Lately) => ended >= atLeast && reached < reaching * ended

export const watchMessages = Effect.gen(function*() {
  const measures = yield* MessageMeasures
  const alerts = yield* Alerts

  const judge = Effect.fnUntraced(function*(lately: Lately) {
    const { channel, ended, p95Seconds, reached, timed } = lately
    if (isLate(lately)) {
      const seconds = Math.round(p95Seconds)
      yield* alerts.raise({
        kind: "messages-late",
        fingerprint: `messages-late:${channel}`,
        severity: "warning",
        summary: `messages by ${channel} go out late: of the last 15 minutes' one in twenty after ${seconds} s or more`,
        facts: { channel, messages: timed, p95Seconds: seconds }
      })
    }
    if (isNotReaching(lately)) {
      yield* alerts.raise({
        kind: "messages-not-reaching",
        fingerprint: `messages-not-reaching:${channel}`,
        severity: "warning",
        summary: `messages by ${channel} do not reach people: of the last 15 minutes' ${ended} only ${reached} did`,
        facts: { channel, messages: ended, reached }
      })
    }
  })

  const job: Job = {
    name: "WatchMessages",
    every: Duration.minutes(1),
    within: Duration.seconds(10),
    run: Effect.gen(function*() {
      yield* Effect.forEach(yield* measures.lately, judge, { discard: true })
    })
  }
  return job
})
