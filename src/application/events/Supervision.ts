/** Loops that outlive what happens in them. */
import { Cause, Effect, Schedule } from "effect"
import type { StorageUnavailable } from "../../ports/UnitOfWork.ts"

/** The database will be back: waits 100 ms to 2 s, for ever. */
export const untilStored = <A, R>(
  what: string,
  effect: Effect.Effect<A, StorageUnavailable, R>
): Effect.Effect<A, never, R> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning(`${what}: the database does not answer, trying again`, error.cause)),
    Effect.retry(
      Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)
    ),
    Effect.orDie
  )

/** A background loop: what kills a round is logged, and the next round begins. */
export const supervised = <R>(name: string, round: Effect.Effect<void, never, R>): Effect.Effect<never, never, R> =>
  round.pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.andThen(Effect.logError(`${name} failed, going on`, cause), Effect.sleep("1 second"))
    ),
    Effect.forever
  )
