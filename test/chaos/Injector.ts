/** Does what the schedule says, and tells the watch of take-overs about it. */
import { Clock, Console, Effect, FiberSet, Semaphore } from "effect"
import type { OwnMongo } from "../support/mongodb/start.ts"
import { describe, type Fault, silentUntilDead } from "./Faults.ts"
import type { Fleet } from "./Fleet.ts"
import type { OwnPostgres } from "./Postgres.ts"
import type { TakeOvers } from "./TakeOver.ts"

/** What was done to it must be over so long after its time, in ms, with the start that follows: else something hangs. */
const overWithin = 90_000

export interface Injected {
  readonly at: number
  readonly what: string
}

export const inject = Effect.fnUntraced(function*(given: {
  readonly faults: ReadonlyArray<Fault>
  readonly began: number
  readonly fleet: Fleet
  readonly postgres: OwnPostgres
  readonly mongo: OwnMongo | undefined
  readonly takeOvers: TakeOvers
}) {
  const { fleet, mongo, postgres, takeOvers } = given
  const done: Array<Injected> = []
  // One thing at a time happens to a database.
  const toPostgres = yield* Semaphore.make(1)
  const toMongo = yield* Semaphore.make(1)

  const awayFor = (lasts: number, away: Effect.Effect<void>) =>
    takeOvers.troubled(Effect.andThen(away, Effect.andThen(Effect.sleep(lasts), postgres.start)))

  const withMongo = (use: (own: OwnMongo) => Effect.Effect<void>) =>
    mongo === undefined ? Effect.void : toMongo.withPermit(use(mongo))

  const happen = (fault: Fault): Effect.Effect<void> => {
    switch (fault.kind) {
      case "kill":
        return Effect.gen(function*() {
          yield* takeOvers.silenced("kill", fault.node, fleet.pid(fault.node))
          yield* fleet.kill(fault.node)
          yield* Effect.sleep(fault.lasts)
          yield* fleet.start(fault.node)
        })
      case "stop":
        return Effect.gen(function*() {
          yield* fleet.stop(fault.node)
          if (fault.lasts > silentUntilDead) yield* takeOvers.silenced("stop", fault.node, fleet.pid(fault.node))
          yield* Effect.sleep(fault.lasts)
          yield* fleet.goOn(fault.node)
        })
      case "end":
        return Effect.gen(function*() {
          // One that still starts has nothing to end cleanly; a busy machine makes starts long.
          if (!fleet.isUp(fault.node)) return
          yield* fleet.end(fault.node)
          yield* Effect.sleep(fault.lasts)
          yield* fleet.start(fault.node)
        })
      case "postgres-crash":
        return toPostgres.withPermit(awayFor(fault.lasts, postgres.crash))
      case "postgres-restart":
        return toPostgres.withPermit(awayFor(fault.lasts, postgres.shutdown))
      case "postgres-connections":
        return toPostgres.withPermit(Effect.asVoid(takeOvers.troubled(postgres.endConnections)))
      case "mongo-kill":
      case "mongo-restart":
        return withMongo((own) =>
          Effect.promise(() => (fault.kind === "mongo-kill" ? own.kill() : own.shutdown())).pipe(
            Effect.andThen(Effect.sleep(fault.lasts)),
            Effect.andThen(Effect.promise(() => own.restart()))
          )
        )
      case "mongo-pause":
        return withMongo((own) =>
          Effect.sync(() => own.pause()).pipe(
            Effect.andThen(Effect.sleep(fault.lasts)),
            Effect.andThen(Effect.sync(() => own.resume()))
          )
        )
    }
  }

  const underWay = yield* FiberSet.make<void>()
  for (const fault of given.faults) {
    yield* Effect.sleep(Math.max(0, given.began + fault.at - (yield* Clock.currentTimeMillis)))
    const at = (yield* Clock.currentTimeMillis) - given.began
    const what = describe(fault)
    done.push({ at, what })
    yield* Console.log(`  ${(at / 1_000).toFixed(1).padStart(7)} s  ${what}`)
    yield* FiberSet.run(
      underWay,
      happen(fault).pipe(Effect.timeoutOrElse({
        duration: fault.lasts + overWithin,
        orElse: () => Effect.die(new Error(`not over ${overWithin / 1_000} s after its time: ${what}`))
      }))
    )
  }
  // The first that died ends the run with what it says.
  yield* Effect.raceFirst(FiberSet.join(underWay), FiberSet.awaitEmpty(underWay))
  return done
}, Effect.scoped)
