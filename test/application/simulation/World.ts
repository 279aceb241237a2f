/** Lets a scenario happen, on the test's clock, and writes down what did. */
import {
  Cause,
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Layer,
  Logger,
  Random,
  References,
  Scheduler,
  Scope
} from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as LocalEventBus from "../../../src/adapters/out/broker/LocalEventBus.ts"
import * as Delivery from "../../../src/application/events/Delivery.ts"
import { type HandlerName, subscribersOf } from "../../../src/domain/Subscription.ts"
import { Alerts } from "../../../src/ports/Alerts.ts"
import { EventBus, type NewDelivery } from "../../../src/ports/EventBus.ts"
import type { FailureClass } from "../../../src/ports/EventHandler.ts"
import { PausedHandlers } from "../../../src/ports/PausedHandlers.ts"
import * as MemoryDeliveryStore from "../../support/MemoryDeliveryStore.ts"
import { Chance, secureRandom } from "./Chance.ts"
import { Database } from "./Database.ts"
import { eventOf } from "./events.ts"
import { makeHandler } from "./Handlers.ts"
import { Machine, type Process } from "./Machine.ts"
import type { Mutant } from "./Mutants.ts"
import type { Fate, Outcome, Published, Scenario, Step } from "./Scenario.ts"
import { type Entry, type EventId, keyOf, pairOf, type Run, type What } from "./Trace.ts"

/** As many processes at once, at most. */
const mostProcesses = 4
/** A process that an event killed comes back after this, in milliseconds: something restarts it. */
const restartAfter = 2000
/** When everything is well again for this long, in milliseconds, everything must be done. */
const settleWithin = 400_000

/** Events that failed heal this long after everything else. */
const healWithin = 45_000
/** A call takes this long at most then. */
const quick = 50

const operator = { actorId: null, channel: "CLI", academyId: null } as const

interface Running {
  readonly process: Process
  readonly scope: Scope.Closeable
  bus: EventBus["Service"] | undefined
  closing: boolean
}

/** Of the outside: what it does is done when no process has anything to do. */
const make = Effect.fnUntraced(function*(scenario: Scenario, machine: Machine, chance: Chance, mutant: Mutant) {
  const clock = yield* TestClock.make()
  // From here nobody waits for real time.
  yield* clock.adjust(0)
  const outside = Context.make(Clock.Clock, clock).pipe(
    Context.add(Scheduler.Scheduler, machine.outside.scheduler)
  )
  const stored = yield* Effect.provideContext(Layer.build(MemoryDeliveryStore.layer), outside)
  const tables = Context.get(stored, MemoryDeliveryStore.Tables)
  const mutated = mutant.stored?.(stored) ?? stored

  const entries: Array<Entry> = []
  const now = () => clock.currentTimeMillisUnsafe()
  const note = (process: number, what: What) => void entries.push({ at: now(), process, ...what })
  const run = Effect.runSyncExitWith(outside)
  const fork = Effect.runForkWith(outside)
  const later = (millis: number, then: () => void) => {
    if (millis <= 0) then()
    else fork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(then)))
  }
  const database = new Database({ chance, bells: scenario.bells, stored: mutated, now, later, run, note })

  const running: Array<Running> = []
  const fates = new Map<string, Published["fates"]>()
  const illnesses = new Map<HandlerName, FailureClass>()
  const calls = new Map<string, number>()
  let call = 0
  /** Commits that are on their way. */
  let committing = 0

  const end = (one: Running) => {
    one.process.kill()
    if (running.includes(one)) running.splice(running.indexOf(one), 1)
  }
  const kill = (one: Running) => {
    if (one.process.isDead) return
    note(one.process.number, { is: "killed" })
    end(one)
  }
  /** Somebody sees to it that there is always a process. */
  const startAfter = (millis: number | null) => {
    if (millis !== null) later(millis, start)
    else if (running.length === 0) later(restartAfter, start)
  }

  const start = () => {
    if (running.length >= mostProcesses) return
    const process = machine.start()
    const one: Running = { process, scope: Scope.makeUnsafe(), bus: undefined, closing: false }
    running.push(one)
    const noted = (what: What) => note(process.number, what)
    noted({ is: "started" })
    const handlers = scenario.handlers.map((name) =>
      makeHandler(name, {
        chance,
        // In the end the other sides are well again, each in its time.
        longestCall: () => (now() < scenario.until ? scenario.longestCall : Math.min(scenario.longestCall, quick)),
        fateOf: (event: EventId, handler: HandlerName): Fate | undefined => {
          const fate = fates.get(event)?.[handler]
          return now() < scenario.until + healWithin || fate?.fate === "kills" ? fate : undefined
        },
        illness: (handler) => illnesses.get(handler),
        note: noted,
        kill: () => {
          kill(one)
          startAfter(restartAfter)
        },
        isDead: () => process.isDead,
        calls,
        nextCall: () => ++call
      })
    )
    const alerts = Alerts.of({
      raise: ({ facts, kind }) =>
        Effect.sync(() => {
          const handler = scenario.handlers.find((name) => name === facts["handler"])
          if (handler === undefined || (kind !== "circuit-opened" && kind !== "circuit-closed")) return
          noted({ is: "circuit", handler, open: kind === "circuit-opened" })
        })
    })
    // A background loop that died of a defect says so in the log only.
    const complaints = Logger.make<unknown, void>(({ cause, logLevel, message }) => {
      if (logLevel === "Error" && Cause.hasDies(cause) && !String(message).includes(" died")) {
        noted({ is: "broken", why: `${String(message)}: ${Cause.pretty(cause)}` })
      }
    })
    const context = Context.make(Clock.Clock, process.clock(clock)).pipe(
      Context.add(Scheduler.Scheduler, process.scheduler),
      Context.add(Random.Random, {
        nextDoubleUnsafe: () => chance.next(),
        nextIntUnsafe: () => chance.int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      }),
      Context.add(Logger.CurrentLoggers, new Set([complaints])),
      Context.add(References.TracerEnabled, false),
      Context.add(SecureRandom.SecureRandom, secureRandom(chance)),
      Context.add(Alerts, alerts),
      Context.merge(database.connect(process))
    )
    const bus = Layer.effect(
      EventBus,
      Effect.map(EventBus, (made) => mutant.bus?.(made) ?? made)
    ).pipe(Layer.provide(LocalEventBus.layer(scenario.handlers)))
    const engine = Delivery.layer(Effect.succeed(handlers)).pipe(Layer.provideMerge(bus))
    Effect.runForkWith(context)(Layer.buildWithScope(engine, one.scope)).addObserver((exit) => {
      if (process.isDead || one.closing) return
      if (Exit.isFailure(exit)) return noted({ is: "broken", why: String(exit.cause) })
      one.bus = Context.get(exit.value, EventBus)
      noted({ is: "ready" })
    })
    const close = () => {
      if (one.closing) return
      one.closing = true
      noted({ is: "closing" })
      Effect.runForkWith(context)(Scope.close(one.scope, Exit.void)).addObserver(() => {
        noted({ is: "closed" })
        end(one)
      })
    }
    closers.set(one, close)
  }
  const closers = new Map<Running, () => void>()

  const insert = (process: number, rows: ReadonlyArray<NewDelivery>, takeovers = 0) => {
    const ours = rows.filter(({ handler }) => scenario.handlers.includes(handler))
    run(tables.insert(ours))
    for (const { event } of takeovers > 0 ? ours : []) tables.edit(event.id, { takeovers })
    const keys = new Set(ours.map((row) => keyOf(pairOf(row))))
    note(process, { is: "committed", rows: tables.open().filter((row) => keys.has(keyOf(pairOf(row)))) })
  }

  /** What a unit of work does, seen from here. */
  const publish = ({ bus, process }: Running, published: ReadonlyArray<Published>, outcome: Outcome) => {
    if (bus === undefined) return
    const events = published.map((one) => eventOf(one, now()))
    for (const [index, one] of published.entries()) fates.set(events[index]?.id ?? "", one.fates)
    const reservation = bus.reserve(events)
    committing++
    later(chance.int(0, 3), () => {
      committing--
      if (outcome.commit === "rolled back" || (process.isDead && chance.happens(0.5))) {
        note(process.number, { is: "rolled back", events: events.map(({ id }) => id) })
        return process.enqueue(reservation.giveBack)
      }
      insert(process.number, reservation.deliveries)
      later(outcome.after, () => process.enqueue(outcome.commit === "lost" ? reservation.giveBack : reservation.take))
    })
  }

  const trouble = (of: Process | null, kind: "refuses" | "hangs" | "loses" | "slow", duration: number) => {
    const until = now() + duration
    database.troubles.push({ kind, process: of, until })
    note(0, { is: "trouble", kind, of: of === null ? null : of.number, until })
    if (chance.happens(0.5)) database.breakListening(of)
  }
  const proceed = ({ process }: Running) => {
    if (!process.isStopped) return
    process.go()
    note(process.number, { is: "continued" })
  }
  const paused = Context.get(stored, PausedHandlers)
  const resume = (handler: HandlerName) => {
    const did = run(paused.resume(operator, handler))
    if (Exit.isSuccess(did) && did.value) note(0, { is: "resumed", handler })
  }

  const perform = (step: Step) => {
    const of = (number: number) => running[number % Math.max(1, running.length)]
    switch (step.do) {
      case "publish": {
        const one = of(step.process)
        return one?.process.enqueue(() => publish(one, step.events, step.outcome))
      }
      case "haunt": {
        const events = step.events.map((one) => eventOf(one, now()))
        for (const [index, one] of step.events.entries()) fates.set(events[index]?.id ?? "", one.fates)
        const rows = events.flatMap((event) =>
          subscribersOf(event.type).map((handler) => ({ event, handler, owner: null }))
        )
        return insert(0, rows, step.deaths)
      }
      case "start":
        return start()
      case "kill": {
        const one = of(step.process)
        if (one !== undefined) kill(one)
        return startAfter(step.restartAfter)
      }
      case "stop": {
        const one = of(step.process)
        if (one === undefined || one.process.isStopped) return
        one.process.stop()
        note(one.process.number, { is: "stopped" })
        return later(step.for, () => proceed(one))
      }
      case "close": {
        const one = of(step.process)
        if (one !== undefined) one.process.enqueue(() => closers.get(one)?.())
        return startAfter(step.restartAfter)
      }
      case "trouble": {
        const one = step.process === null ? undefined : of(step.process)
        return trouble(one?.process ?? null, step.kind, step.for)
      }
      case "pause": {
        const did = run(paused.pause(operator, step.handler, "a test"))
        if (!Exit.isSuccess(did) || !did.value) return
        note(0, { is: "paused", handler: step.handler })
        return later(step.for, () => resume(step.handler))
      }
      case "ill": {
        illnesses.set(step.handler, step.class)
        return later(step.for, () => void illnesses.delete(step.handler))
      }
    }
  }

  for (let n = 0; n < scenario.processes; n++) start()
  for (const step of scenario.steps) {
    yield* clock.setTime(step.at)
    perform(step)
  }
  yield* clock.setTime(scenario.until)
  // From here on everything is well; what was started goes on until it is done.
  for (const one of database.troubles) one.until = Math.min(one.until, now())
  for (const one of running) proceed(one)
  for (const handler of scenario.handlers) resume(handler)
  illnesses.clear()
  note(0, { is: "settling" })
  while (now() < scenario.until + settleWithin) {
    if (running.every(({ closing }) => closing)) start()
    yield* clock.adjust(500)
    if (committing === 0 && tables.open().length === 0) break
  }
  yield* clock.adjust(2000)
  return {
    scenario,
    entries,
    endedAt: now(),
    open: tables.open(),
    failed: tables.failed().map((one) => ({ ...pairOf(one), class: one.class, rule: one.rule, attempts: one.attempts }))
  } satisfies Run
})

/** The same scenario and mutant: the same run, to the last entry. */
export const simulate = (scenario: Scenario, mutant: Mutant): Run => {
  const chance = new Chance(scenario.seed + 1_000_003)
  const machine = new Machine(chance)
  const fiber = Effect.runFork(Effect.scoped(make(scenario, machine, chance, mutant)), {
    scheduler: machine.outside.scheduler
  })
  machine.runUntil(fiber)
  const exit = fiber.pollUnsafe()
  if (exit === undefined || Exit.isFailure(exit)) throw new Error(`the simulation itself failed: ${String(exit)}`)
  return exit.value
}
