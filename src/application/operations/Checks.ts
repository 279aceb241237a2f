/**
 * What is well and what is not, judged from facts: the checks that `ams doctor` makes, and `ams status` some of. A problem
 * needs somebody now; a warning will become one, or is somebody's own wish.
 */
import type { Backlog, Node } from "../../ports/DeliveryStore.ts"
import type { OpenTransaction, ServerSetting } from "../../ports/Diagnosis.ts"
import type { JobState } from "../../ports/JobStore.ts"
import type { PausedHandler } from "../../ports/PausedHandlers.ts"
import { isDead, isLate } from "../events/Late.ts"

export interface Verdict {
  readonly state: "ok" | "warning" | "problem"
  readonly detail: string
  /** What to do; null where the detail says it, or nothing is to be done. */
  readonly remedy: string | null
}

/** A verdict on one line, as people and logs get it. */
export const line = ({ detail, remedy }: Verdict): string => (remedy === null ? detail : `${detail}: ${remedy}`)

/** Seconds as people say them: `42 s`, `7 min`, `3 h`, `2 d`. */
export const seconds = (value: number): string => {
  if (value < 120) return `${Math.floor(value)} s`
  if (value < 7_200) return `${Math.floor(value / 60)} min`
  return value < 172_800 ? `${Math.floor(value / 3_600)} h` : `${Math.floor(value / 86_400)} d`
}

export const ok = (detail: string): Verdict => ({ state: "ok", detail, remedy: null })
export const warning = (detail: string, remedy: string | null): Verdict => ({ state: "warning", detail, remedy })
export const problem = (detail: string, remedy: string | null): Verdict => ({ state: "problem", detail, remedy })

export type Verdicts = ReadonlyArray<Verdict>
/** What is wrong, one verdict each; when nothing is, what is well. */
export const orWell = (wrong: Verdicts, well: string): Verdicts => (wrong.length === 0 ? [ok(well)] : wrong)

/** The PostgreSQL that AMS is made for. */
const major = 18
/** Seconds between two clocks: then times in logs mislead; then deadlines and tokens are wrong. */
const skewed = { warning: 1, problem: 5 }
/** Due for so many seconds and run by nobody: the longest wait for a job's turn is a take-over, 12 s. */
const overdueAfter = 60
/** Named at most, where a list may be long. */
const some = 8

const several = (names: ReadonlyArray<string>): string =>
  names.length <= some ? names.join(", ") : `${names.slice(0, some).join(", ")} and ${names.length - some} more`

// ---- the database

export const postgres = (version: string): Verdicts =>
  Number.parseInt(version, 10) < major
    ? [problem(`PostgreSQL ${version} is too old`, `${major} is needed`)]
    : [ok(`PostgreSQL ${version}`)]

/** `lack`: what it lacks, or why that cannot be said, with what to do. */
export const schema = (
  lack: string | undefined
): Verdicts => [lack === undefined ? ok("up to date") : problem(lack, null)]

export const grants = (missing: ReadonlyArray<string>): Verdicts =>
  orWell(
    missing.length === 0 ? [] : [problem(
      `the role of DATABASE_URL lacks ${several(missing)}`,
      "grant them, or let it own the database's objects"
    )],
    "the role may do all that AMS does"
  )

export const notifications = (arrive: boolean): Verdicts => [
  arrive
    ? ok("a listening session hears")
    : problem(
      "a session that listens hears nothing",
      "let DATABASE_URL name PostgreSQL itself, not a pooler of transactions"
    )
]

/** `ahead`: seconds of this machine's clock before the database's; negative: behind it. */
export const clock = (ahead: number): Verdicts => {
  const size = Math.abs(ahead)
  const detail = `this machine's clock is ${size.toFixed(2)} s ${ahead < 0 ? "behind" : "ahead of"} the database's`
  if (size > skewed.problem) return [problem(detail, "set both by the same time server")]
  return [size > skewed.warning ? warning(detail, "set both by the same time server") : ok(detail)]
}

/** `each`: connections that one process takes at the most. */
export const connections = (
  { most, used }: { readonly used: number; readonly most: number },
  each: number
): Verdicts => {
  const detail = `${used} of ${most} in use; a process of AMS takes up to ${each}`
  const remedy = "raise max_connections, or lower COMMAND_, BACKGROUND_ and OTHER_CONNECTIONS"
  if (each > most) return [problem(detail, remedy)]
  return [most - used < each ? warning(`${detail}, so another one may find none`, remedy) : ok(detail)]
}

/** Of PostgreSQL's names of where a setting comes from: those that are easily overlooked. */
const setFor: Readonly<Record<string, string>> = {
  "database": " for this database",
  "user": " for this role",
  "database user": " for this role in this database"
}

export const durability = (settings: ReadonlyArray<ServerSetting>): Verdicts =>
  orWell(
    settings.filter(({ value }) => value === "off").map(({ name, source }) =>
      problem(
        `${name} is off${setFor[source] ?? ""}`,
        `turn it on; a crash of the database ${
          name === "synchronous_commit" ? "loses what AMS has answered as done" : "may destroy it"
        }`
      )
    ),
    settings.map(({ name, value }) => `${name} ${value}`).join(", ")
  )

export const transactions = (
  { open, unseen }: { readonly open: ReadonlyArray<OpenTransaction>; readonly unseen: number }
): Verdicts =>
  orWell(
    open.map(({ pid, seconds: age, who }) =>
      warning(
        `${who}${pid === null ? "" : ` (pid ${pid})`} has been in one transaction for ${seconds(age)}`,
        `end it, it keeps VACUUM from freeing anything${pid === null ? "" : `: select pg_terminate_backend(${pid})`}`
      )
    ),
    unseen === 0 ? "none is open for long" : `none seen; ${unseen} sessions can only be seen with pg_read_all_stats`
  )

/** Of the days from today on; events of a day without a partition cannot be written. */
export const partitions = (missing: ReadonlyArray<string>, today: string): Verdicts =>
  orWell(
    missing.length === 0 ? [] : [
      (missing[0] ?? "") <= today
        ? problem(`events of ${several(missing)} have no partition, so commands fail`, "run ams migrate")
        : warning(`events of ${several(missing)} have no partition`, "run ams migrate, and see the job MakePartitions")
    ],
    "there for today and the days to come"
  )

// ---- what happens afterwards

export const nodes = (all: ReadonlyArray<Node>): Verdicts =>
  all.length === 0
    ? [problem("no process runs the handlers", "start AMS")]
    : orWell(
      all.filter(isDead).map(({ host, pid, silentSeconds }) =>
        problem(
          `pid ${pid} on ${host} has been silent for ${seconds(silentSeconds)}`,
          "end it if it is still there; the others take over what it had"
        )
      ),
      all.length === 1 ? "one process runs" : `${all.length} processes run`
    )

/** A paused handler is behind because somebody wished so; where all wait for their own time, none is late. */
export const backlog = (all: ReadonlyArray<Backlog>, paused: ReadonlyArray<PausedHandler>): Verdicts =>
  orWell(
    all.filter((its) => isLate(its) && !paused.some((one) => one.handler === its.handler)).map((
      { handler, oldestSeconds, open }
    ) =>
      problem(
        `${handler} is behind: ${open} open, the oldest for ${seconds(oldestSeconds)}`,
        "see ams handlers list, and start another process if it only has too much to do"
      )
    ),
    `${all.reduce((sum, { open }) => sum + open, 0)} open, none for long`
  )

export const failedEvents = (open: number): Verdicts => [
  open === 0 ? ok("none is open") : problem(`${open} failed events are open`, "see ams failed-events list")
]

export const circuits = (all: ReadonlyArray<Node>): Verdicts =>
  orWell(
    all.flatMap(({ host, openCircuits, pid }) =>
      openCircuits.map((handler) =>
        problem(`the circuit of ${handler} is open in pid ${pid} on ${host}`, "see why the other side does not answer")
      )
    ),
    "all closed"
  )

export const pauses = (paused: ReadonlyArray<PausedHandler>, all: ReadonlyArray<Backlog>): Verdicts =>
  orWell(
    paused.map(({ handler, pausedAt, reason }) => {
      const waiting = all.find((one) => one.handler === handler)?.open ?? 0
      return warning(
        `${handler} has been paused since ${pausedAt.toISOString()} (${reason}), ${waiting} wait`,
        `when it may go on: ams handlers resume ${handler}`
      )
    }),
    "none is paused"
  )

/** `now`: the database's. */
export const jobs = (all: ReadonlyArray<JobState>, living: ReadonlyArray<Node>, now: Date): Verdicts => {
  const due = ({ nextRunAt }: JobState) => (now.getTime() - nextRunAt.getTime()) / 1000
  const overdue = all.filter((job) =>
    due(job) > overdueAfter && !living.some(({ incarnation }) => incarnation === job.owner)
  )
  return orWell(
    [
      ...all.filter(({ failures }) => failures > 0).map(({ error, failures, name }) =>
        problem(`${name} failed ${failures} times in a row, the last time with "${error}"`, "see the log of AMS")
      ),
      ...(overdue.length === 0 ? [] : [problem(
        `nobody runs ${several(overdue.map(({ name }) => name))}, due for ${seconds(Math.max(...overdue.map(due)))}`,
        "see that an AMS runs that has the role all or worker"
      )])
    ],
    all.length === 0 ? "none has run yet" : `${all.length} run in their time`
  )
}

export type ReadSide = "current" | "out of date" | "unavailable"

export const readSide = (is: ReadSide): Verdicts => {
  switch (is) {
    case "current":
      return [ok("current")]
    case "unavailable":
      return [problem("the read side does not answer", "see that its database runs")]
    case "out of date":
      return [problem("the read side shows other data than PostgreSQL", "run ams read-side sync")]
  }
}

// ---- the settings of AMS

export interface Setup {
  readonly environment: "development" | "production"
  /** As in `18.4`. */
  readonly postgresVersion: string
  /** AMS runs PostgreSQL itself. */
  readonly embeddedDatabase: boolean
  /** Who carries the messages of each channel. */
  readonly carriers: Readonly<Record<string, "provider" | "sandbox" | "off">>
  /** KRW on the account with the provider below which somebody should know. */
  readonly balanceAlarm: number
  /** Somebody besides the log is told of alerts. */
  readonly alerted: boolean
  /** The key that signs tokens lies in a file of this machine. */
  readonly keyInFile: boolean
  /** Connections to PostgreSQL that one process takes at the most. */
  readonly connections: number
}

const carried = ({ carriers }: Setup): Verdicts => {
  const of = (carrier: Setup["carriers"][string]) => Object.keys(carriers).filter((one) => carriers[one] === carrier)
  const off = of("off")
  if (of("sandbox").length > 0) {
    return [
      problem("messages go to the sandbox in production, so nobody is told anything", "set NOTIFICATIONS=providers")
    ]
  }
  if (of("provider").length === 0) {
    return [warning(
      "messages go nowhere in production: each is parked as a failed event",
      "set SOLAPI_API_KEY or FCM_SERVICE_ACCOUNT, see docs/channels.md"
    )]
  }
  return off.length === 0
    ? []
    : [warning(`no message goes out by ${off.join(", ")}`, "set their credentials, see docs/channels.md")]
}

/** Settings that lose safety; in development they are as they should be. */
export const settings = (setup: Setup): Verdicts => {
  if (setup.environment === "development") return [ok("of a development: nothing real depends on it")]
  const wrong: Verdicts = [
    ...carried(setup),
    ...(setup.embeddedDatabase
      ? [warning("production's data lies in AMS_HOME, without replica or archive", "set DATABASE_URL")]
      : []),
    ...(setup.alerted
      ? []
      : [warning("alerts reach nobody but the log", "set ALERT_SLACK_URL or ALERT_WEBHOOK_URL")]),
    ...(setup.keyInFile
      ? [
        warning(
          "the key that signs tokens lies in a file of AMS_HOME, so no other machine has it",
          "set JWT_PRIVATE_KEY"
        )
      ]
      : [])
  ]
  return orWell(wrong, "as they should be in production")
}
