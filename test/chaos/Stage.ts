/** What every run stands on: academies in a database, AMS processes on it, and a look behind them for the ledger. */
import { Clock, Duration, Effect, Layer, Option, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { generateKey } from "../../src/adapters/out/security/JwtTokens.ts"
import { coreOn } from "../support/app.ts"
import { everybodyLogsIn } from "../support/logins.ts"
import { makeFleet } from "./Fleet.ts"
import { makeLoad } from "./Load.ts"
import { watcher } from "./Postgres.ts"
import { steps, type StepsOptions } from "./Steps.ts"
import { plant, type Size } from "./World.ts"

/** After the last fault something must get done within this: a take-over, and the longest that a circuit stays open. */
const movesWithin = Duration.minutes(2)

/**
 * Waits until no delivery is left, and says after how many ms; undefined when none of them gets done for two minutes. Half an
 * hour of faults on a slow machine leaves many to be done, and whatever gets done is not stuck.
 */
export const settled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const began = yield* Clock.currentTimeMillis
  const open = sql<{ n: number }>`select count(*)::int as n from event_delivery`.pipe(
    Effect.map(([row]) => row?.n ?? 0),
    Effect.orElseSucceed(() => 1)
  )
  let least = Infinity
  while (least > 0) {
    const before = least
    const fewer = yield* open.pipe(
      Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (n) => n < before }),
      Effect.timeoutOption(movesWithin)
    )
    if (Option.isNone(fewer)) return undefined
    least = fewer.value
  }
  return (yield* Clock.currentTimeMillis) - began
})

/** Plants the academies, then starts the processes and waits until they are ready. */
export const setUp = Effect.fnUntraced(function*(given: {
  /** Of a migrated database. */
  readonly url: Redacted.Redacted
  /** Where the documents are; without it in PostgreSQL. */
  readonly mongodb?: { readonly url: string; readonly database: string } | undefined
  readonly nodes: number
  readonly size: Size
}) {
  const { mongodb, nodes, size, url } = given
  const lessons = yield* plant(size).pipe(
    Effect.tap(() => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(everybodyLogsIn))),
    Effect.provide(coreOn(url, { role: "api" }))
  )
  const key = yield* generateKey
  const fleet = yield* makeFleet({
    nodes,
    env: {
      DATABASE_URL: Redacted.value(url),
      JWT_PRIVATE_KEY: Redacted.value(key),
      AMS_ENV: "development",
      AMS_ROLE: "all",
      NOTIFICATIONS: "sandbox",
      ...(mongodb === undefined ? {} : { MONGODB_URL: mongodb.url, MONGODB_DATABASE: mongodb.database })
    }
  })
  yield* Effect.forEach(Array.from({ length: nodes }, (_, node) => node), fleet.start, {
    concurrency: "unbounded",
    discard: true
  })
  return {
    lessons,
    fleet,
    /** A load of its own chance at some of the lessons. */
    load: (seed: number, options: Omit<StepsOptions, "lessons" | "students">, some = lessons) =>
      makeLoad({
        seed,
        key,
        lessons: some,
        commands: steps(seed, { ...options, lessons: some.length, students: size.students }),
        running: fleet.running
      }),
    /** What the ledger compares, and a client that no fault reaches. */
    witness: Layer.merge(
      coreOn(
        url,
        mongodb === undefined
          ? { role: "api" }
          : { role: "api", mongodbUrl: Option.some(Redacted.make(mongodb.url)), mongodbDatabase: mongodb.database }
      ),
      watcher(url)
    )
  }
})
export type Stage = Effect.Success<ReturnType<typeof setUp>>
