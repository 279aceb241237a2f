/**
 * A process shows that it lives, and buries those that do not.
 *
 * One that was silent for 8 s may have been taken for dead: it begins nothing more, drops what it has in memory and goes
 * on under another name, whatever the others did meanwhile. It buries others only after 8 s of its own unbroken
 * heartbeats, since after an outage of the database everybody looks silent.
 */
import { Clock, Duration, Effect, Option } from "effect"
import { Incarnation } from "../../domain/Ids.ts"
import type { HandlerName } from "../../domain/Subscription.ts"
import * as Metrics from "./DeliveryMetrics.ts"
import type { Engine } from "./Engine.ts"
import { deadAfter } from "./Late.ts"
import { untilStored } from "./Supervision.ts"

/** A node shows that it lives this often. */
const beatEvery = Duration.seconds(2)

/** From here this process lives under this name. Answers when it asked for that. */
export const join = (engine: Engine, incarnation: Incarnation): Effect.Effect<number> =>
  untilStored(
    "joining",
    Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.as(engine.store.join(incarnation), now))
  )

/** One heartbeat and what follows from it, again and again. */
export const makeHeartbeat = Effect.fnUntraced(
  function*(engine: Engine, openCircuits: () => ReadonlyArray<HandlerName>) {
    const { alerts, bus, store } = engine
    let heardSince = yield* Clock.currentTimeMillis

    const comeBack = Effect.gen(function*() {
      const former = bus.incarnation()
      const next = Incarnation.make(yield* engine.newId)
      yield* Effect.logWarning("others may have taken this process for dead: going on as another incarnation", { next })
      engine.restart(next, yield* join(engine, next))
      // What nobody has taken yet is free at once, and counts as no crash.
      yield* untilStored("giving back", store.leave(former))
      engine.bell.openUnsafe()
      heardSince = yield* Clock.currentTimeMillis
    })

    const bury = Effect.gen(function*() {
      const buried = yield* Effect.orElseSucceed(store.bury(bus.incarnation(), deadAfter), () => [])
      if (buried.length === 0) return
      engine.bell.openUnsafe()
      yield* Metrics.buried(buried.length)
      for (const { host, incarnation, pid } of buried) {
        yield* Effect.logWarning("a silent process is taken for dead: its deliveries are taken over", { host, pid })
        yield* alerts.raise({
          kind: "take-over",
          fingerprint: "take-over",
          severity: "warning",
          summary: `process ${pid} on ${host} fell silent: its deliveries are taken over`,
          facts: { host, pid, incarnation }
        })
      }
    })

    const silent = Effect.fnUntraced(function*(since: number) {
      if (since < Duration.toMillis(deadAfter)) return
      yield* alerts.raise({
        kind: "database-silent",
        fingerprint: "database-silent",
        severity: "critical",
        summary: "PostgreSQL has not answered the heartbeat: nothing is delivered until it does",
        facts: { seconds: Math.round(since / 1000) }
      })
    })

    return Effect.gen(function*() {
      const sentAt = yield* Clock.currentTimeMillis
      const answer = yield* store.beat(bus.incarnation(), openCircuits()).pipe(
        Effect.timeout(beatEvery),
        Effect.tapError((error) => Effect.logWarning("heartbeat: the database does not answer", error)),
        Effect.option
      )
      const now = yield* Clock.currentTimeMillis
      if (Option.isNone(answer)) {
        heardSince = now
        yield* silent(now - engine.heardAt)
      } else if (!answer.value || engine.isSilent(now)) yield* comeBack
      else {
        engine.heardAt = sentAt
        if (now - heardSince >= Duration.toMillis(deadAfter)) yield* bury
      }
      yield* Effect.sleep(beatEvery)
    })
  }
)
