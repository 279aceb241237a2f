/**
 * Looks at everything that AMS stands on, and judges it: the checks of `Checks.ts` on the facts of now. No check keeps
 * another one from being made, whatever it meets.
 */
import { Cause, Clock, Duration, Effect, Option, Predicate, Result } from "effect"
import { DeliveryStore } from "../../ports/DeliveryStore.ts"
import { Diagnosis } from "../../ports/Diagnosis.ts"
import { FailedEventStore } from "../../ports/FailedEventStore.ts"
import { JobStore } from "../../ports/JobStore.ts"
import { PausedHandlers } from "../../ports/PausedHandlers.ts"
import { ProviderAccount } from "../../ports/ProviderAccount.ts"
import { TemplateStates } from "../../ports/TemplateStates.ts"
import { named } from "../events/Failure.ts"
import { compareSystems } from "../TemplateComparison.ts"
import * as Checks from "./Checks.ts"
import * as ProviderChecks from "./ProviderChecks.ts"
import { isOutOfDate } from "./ReadSide.ts"

export interface Finding extends Checks.Verdict {
  /** What was looked at, as in `clock`. */
  readonly check: string
}

/** Longer than any of our own time-outs: what takes longer has no answer. */
const patience = Duration.seconds(10)
/** A transaction that is open for longer holds VACUUM back. */
const longTransaction = Duration.minutes(10)
/** Today and the days after it that have partitions at any moment, also while the hourly job is still to make the 15th. */
const daysAhead = 14
/** The measurement with the shortest round trip counts. */
const clockLooks = 3

const of = (check: string, verdicts: ReadonlyArray<Checks.Verdict>): ReadonlyArray<Finding> =>
  verdicts.map((verdict) => ({ check, ...verdict }))

/** The innermost error of a chain says what happened. */
const innermost = (error: unknown): string => {
  let link = error
  for (let n = 0; n < 8 && Predicate.hasProperty(link, "cause") && Predicate.isNotNullish(link.cause); n++) {
    link = link.cause
  }
  return named(link)
}

const notLookedAt = (why: string): ReadonlyArray<Checks.Verdict> => [
  { state: "problem", detail: `could not be looked at: ${why}`, remedy: null }
]

/** One check, which always comes to an end and to a finding. */
const look = <E, R>(check: string, verdicts: Effect.Effect<ReadonlyArray<Checks.Verdict>, E, R>) =>
  verdicts.pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.succeed(notLookedAt(`no answer within ${Duration.format(patience)}`))
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.succeed(notLookedAt(innermost(Cause.squash(cause))))
    ),
    Effect.map((found) => of(check, found))
  )

const readSide = isOutOfDate.pipe(
  Effect.map((outOfDate): Checks.ReadSide => (outOfDate ? "out of date" : "current")),
  Effect.catchTag("ReadSideUnavailable", () => Effect.succeed<Checks.ReadSide>("unavailable"))
)

/** Seconds of this machine's clock before the database's, which was read in the middle of the round trip. */
const clockAhead = Effect.gen(function*() {
  const { now } = yield* Diagnosis
  let best = { trip: Number.POSITIVE_INFINITY, ahead: 0 }
  for (let n = 0; n < clockLooks; n++) {
    const before = yield* Clock.currentTimeMillis
    const theirs = yield* now
    const after = yield* Clock.currentTimeMillis
    const trip = after - before
    if (trip < best.trip) best = { trip, ahead: (before + after) / 2 - theirs.getTime() }
  }
  return best.ahead / 1000
})

/** The short look at what happens afterwards; the schema must be up to date. */
export const glance = Effect.gen(function*() {
  const deliveries = yield* DeliveryStore
  const failed = yield* FailedEventStore
  const pauses = yield* PausedHandlers
  const seen = yield* Effect.all({
    nodes: deliveries.nodes,
    backlog: deliveries.backlog(null),
    paused: pauses.list,
    failedEvents: failed.countOpen(null),
    readSide
  }, { concurrency: 5 })
  return {
    ...seen,
    findings: [
      ...of("processes", Checks.nodes(seen.nodes)),
      ...of("backlog", Checks.backlog(seen.backlog, seen.paused)),
      ...of("failed-events", Checks.failedEvents(seen.failedEvents)),
      ...of("read-side", Checks.readSide(seen.readSide))
    ]
  }
}).pipe(Effect.withSpan("Doctor.glance"))

const balance = Effect.flatMap(
  ProviderAccount,
  ({ account }) => Option.match(account, { onNone: () => Effect.succeed(null), onSome: (one) => one.balance })
)

/** The system's as they are now; academies' own as the last run of the job found them, since they may be thousands. */
const templates = Effect.gen(function*() {
  const own = yield* (yield* TemplateStates).own
  const systems = (yield* compareSystems).map(({ found, template }) =>
    Result.match(found, {
      onFailure: ({ rule }) => ({ template, unasked: rule, off: null }),
      onSuccess: (off) => ({ template, unasked: null, off })
    })
  )
  return ProviderChecks.templates(systems, own.filter(({ off }) => off !== null).length)
})

/** What may be asked whatever the schema. */
const underneath = Effect.fnUntraced(function*(setup: Checks.Setup) {
  const diagnosis = yield* Diagnosis
  return [
    look("settings", Effect.succeed(Checks.settings(setup))),
    look("balance", Effect.map(balance, (left) => ProviderChecks.balance(left, setup.balanceAlarm))),
    look("grants", Effect.map(diagnosis.missingGrants, Checks.grants)),
    look("listen", Effect.map(diagnosis.notificationsArrive, Checks.notifications)),
    look("clock", Effect.map(clockAhead, Checks.clock)),
    look("connections", Effect.map(diagnosis.connections, (now) => Checks.connections(now, setup.connections))),
    look("durability", Effect.map(diagnosis.durability, Checks.durability)),
    look("transactions", Effect.map(diagnosis.longTransactions(longTransaction), Checks.transactions))
  ]
})

/** What needs the tables of this version. */
const inside = Effect.gen(function*() {
  const diagnosis = yield* Diagnosis
  const deliveries = yield* DeliveryStore
  const failed = yield* FailedEventStore
  const jobs = yield* JobStore
  const pauses = yield* PausedHandlers
  const backlog = deliveries.backlog(null)
  return [
    look(
      "partitions",
      Effect.map(
        Effect.all([diagnosis.missingPartitions(daysAhead), diagnosis.now]),
        ([missing, now]) => Checks.partitions(missing, now.toISOString().slice(0, 10))
      )
    ),
    look("processes", Effect.map(deliveries.nodes, Checks.nodes)),
    look(
      "backlog",
      Effect.map(Effect.all([backlog, pauses.list]), ([all, paused]) => Checks.backlog(all, paused))
    ),
    look("failed-events", Effect.map(failed.countOpen(null), Checks.failedEvents)),
    look("circuits", Effect.map(deliveries.nodes, Checks.circuits)),
    look("paused", Effect.map(Effect.all([pauses.list, backlog]), ([paused, all]) => Checks.pauses(paused, all))),
    look(
      "jobs",
      Effect.map(
        Effect.all([jobs.list, deliveries.nodes, diagnosis.now]),
        ([all, living, now]) => Checks.jobs(all, living, now)
      )
    ),
    look("read-side", Effect.map(readSide, Checks.readSide)),
    look("templates", templates)
  ]
})

/** `lack`: what the schema lacks, or why that cannot be said; what needs the schema is then not looked at. */
export const examine = Effect.fn("Doctor.examine")(function*(setup: Checks.Setup, lack: string | undefined) {
  const looks = [...yield* underneath(setup), ...lack === undefined ? yield* inside : []]
  const findings = yield* Effect.all(looks, { concurrency: 4 })
  return [
    ...of("postgresql", Checks.postgres(setup.postgresVersion)),
    ...of("schema", Checks.schema(lack)),
    ...findings.flat()
  ]
})
