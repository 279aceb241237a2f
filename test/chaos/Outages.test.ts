/** A database that goes away under load, five times in a row: the process stays, and goes on as soon as it can. */
import { assert, layer } from "@effect/vitest"
import { Clock, Console, Context, Effect, Fiber, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import type { EventType } from "../../src/domain/DomainEvent.ts"
import { hearersOf } from "../support/hearers.ts"
import type { OwnMongo } from "../support/mongodb/start.ts"
import { ownMongo } from "./Chaos.ts"
import { ledger } from "./Ledger.ts"
import { type OwnPostgres, startOwnPostgres } from "./Postgres.ts"
import { settled, setUp, type Stage } from "./Stage.ts"

/** Commands a second. */
const rate = 50
const outages = 5
/** How long a database is away, in ms, without the time of its start. */
const away = 1_000
/** The throughput of before counts as back with this part of it, over a second; and must be within this, in ms. */
const enough = 0.7
const backWithin = 10_000
const lessonsEach = 8

class World extends Context.Service<World, {
  readonly postgres: OwnPostgres
  readonly mongo: OwnMongo
  readonly stage: Stage
}>()("test/Outages/World") {
  static readonly layer = Layer.effect(
    World,
    Effect.gen(function*() {
      const postgres = yield* startOwnPostgres
      const mongo = yield* ownMongo
      const stage = yield* setUp({
        url: postgres.url,
        mongodb: { url: mongo.url, database: "outages" },
        nodes: 1,
        size: { academies: 4, classes: lessonsEach, students: 40, minutes: 60 }
      })
      yield* Effect.provide(settled, stage.witness)
      return { postgres, mongo, stage }
    }).pipe(Effect.orDie)
  )
}

/** Commands committed, deliveries made and deliveries finished until `at`. */
interface Count {
  readonly at: number
  readonly commits: number
  readonly made: number
  readonly finished: number
}

const deliveries = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ type: EventType; n: number; open: number }>`
    select type, count(*)::int as n, (select count(*)::int from event_delivery) as open from event group by type`
  const made = rows.reduce((sum, { n, type }) => sum + n * hearersOf(type), 0)
  return { made, finished: made - (rows[0]?.open ?? 0) }
})

/** Counts four times a second, for as long as the scope lives; not while PostgreSQL is away. */
const counting = Effect.fnUntraced(function*(sent: ReadonlyArray<{ readonly outcome: string }>) {
  const counts: Array<Count> = []
  yield* deliveries.pipe(
    Effect.timeout("1 second"),
    Effect.flatMap((now) =>
      Effect.map(
        Clock.currentTimeMillis,
        (at) => counts.push({ ...now, at, commits: sent.filter(({ outcome }) => outcome === "committed").length })
      )
    ),
    Effect.ignore,
    Effect.repeat(Schedule.fixed("250 millis")),
    Effect.forkScoped
  )
  return counts
})

const perSecond = (from: Count, to: Count) => {
  const rate = (what: "commits" | "made" | "finished") => ((to[what] - from[what]) * 1_000) / (to.at - from.at)
  return { commits: rate("commits"), made: rate("made"), finished: rate("finished") }
}

/**
 * The end of the first second after `from` in which as many commands were committed as before, and as many deliveries
 * finished (or as were made meanwhile, where commands of other kinds made fewer); undefined while there was none.
 */
const backAt = (counts: ReadonlyArray<Count>, from: number, before: ReturnType<typeof perSecond>) => {
  const after = counts.filter(({ at }) => at >= from)
  return after.find((to) => {
    const second = after.findLast(({ at }) => at <= to.at - 1_000)
    if (second === undefined) return false
    const now = perSecond(second, to)
    return now.commits >= enough * before.commits && now.finished >= enough * Math.min(before.finished, now.made)
  })?.at
}

const survives = (
  what: string,
  index: number,
  /** Takes the database away, and is done when it answers again. */
  outage: (world: Context.Service.Shape<typeof World>) => Effect.Effect<void>
) =>
  Effect.gen(function*() {
    const world = yield* World
    const { fleet, lessons, load: makeLoad, witness } = world.stage
    const pid = fleet.pid(0)
    yield* Effect.gen(function*() {
      // Every lesson of one academy: its people have pressed nothing before.
      const load = yield* makeLoad(
        index,
        { seconds: 120, rate },
        lessons.slice(index * lessonsEach, (index + 1) * lessonsEach)
      )
      const counts = yield* counting(load.sent)
      const running = yield* Effect.forkScoped(Effect.flatMap(Clock.currentTimeMillis, load.run))
      const first = yield* Effect.repeat(Effect.sync(() => counts.find(({ commits }) => commits > rate)), {
        schedule: Schedule.spaced("100 millis"),
        until: (count) => count !== undefined
      })
      yield* Effect.sleep("3 seconds")
      const last = counts.at(-1)
      if (first === undefined || last === undefined) return yield* Effect.die("no load")
      const before = perSecond(first, last)

      const took: Array<number> = []
      for (let round = 0; round < outages; round++) {
        yield* outage(world)
        const answers = yield* Clock.currentTimeMillis
        const back = yield* Effect.sync(() => backAt(counts, answers, before)).pipe(
          Effect.repeat({ schedule: Schedule.spaced("100 millis"), until: (at) => at !== undefined }),
          Effect.timeoutOrElse({ duration: 2 * backWithin, orElse: () => Effect.succeed(undefined) })
        )
        took.push(back === undefined ? Number.POSITIVE_INFINITY : back - answers)
      }
      yield* load.halt
      yield* Fiber.join(running)
      const settledIn = yield* settled
      const { claims } = yield* ledger(load.sent)
      yield* Console.log(
        `${what} ${outages} times: before ${before.commits.toFixed(0)} commits and ${
          before.finished.toFixed(0)
        } deliveries a second, again ${enough * 100} % of both ${
          took.map((millis) => (millis / 1_000).toFixed(1)).join(", ")
        } s after it answered; all done ${settledIn} ms after the load`
      )
      assert.deepStrictEqual(claims.filter(({ contradicted }) => contradicted > 0), [])
      assert.isTrue(took.every((millis) => millis <= backWithin), `back after ${took} ms`)
      assert.isAtLeast(before.commits, enough * rate, "the machine did not even carry the load before")
      // Whoever still looks into the database ends before its client does.
    }).pipe(Effect.scoped, Effect.provide(witness))
    assert.strictEqual(fleet.pid(0), pid)
    assert.deepStrictEqual(fleet.deaths, [])
  })

const withPause = (end: Effect.Effect<void>, start: Effect.Effect<void>) =>
  Effect.andThen(end, Effect.andThen(Effect.sleep(away), start))

layer(World.layer, { excludeTestServices: true, timeout: "2 minutes" })("AMS under load survives", (it) => {
  it.effect(
    "a restart of PostgreSQL",
    () => survives("PostgreSQL restarted", 0, ({ postgres }) => withPause(postgres.shutdown, postgres.start))
  )

  it.effect(
    "a crash of PostgreSQL",
    () => survives("PostgreSQL crashed", 1, ({ postgres }) => withPause(postgres.crash, postgres.start))
  )

  it.effect(
    "the end of all connections to PostgreSQL",
    () => survives("connections to PostgreSQL ended", 2, ({ postgres }) => Effect.asVoid(postgres.endConnections))
  )

  it.effect(
    "kill -9 of MongoDB",
    () =>
      survives("MongoDB killed", 3, ({ mongo }) =>
        withPause(
          Effect.promise(() => mongo.kill()),
          Effect.promise(() => mongo.restart())
        ))
  )
})
