/**
 * A process's way to the tables: what it asks arrives late, or not at all, or is done although the answer is lost. What
 * each statement changed is written down.
 */
import { Cause, Context, Effect, Exit, Queue, Stream } from "effect"
import type { Incarnation } from "../../../src/domain/Ids.ts"
import { DeliveryStore, type Parked } from "../../../src/ports/DeliveryStore.ts"
import { FailedEventStore } from "../../../src/ports/FailedEventStore.ts"
import { PausedHandlers } from "../../../src/ports/PausedHandlers.ts"
import { StorageUnavailable } from "../../../src/ports/UnitOfWork.ts"
import { type Row, Tables } from "../../support/MemoryDeliveryStore.ts"
import type { Chance } from "./Chance.ts"
import type { Process } from "./Machine.ts"
import type { Scenario, TroubleKind } from "./Scenario.ts"
import { type How, keyOf, pairOf, type What } from "./Trace.ts"

/** A statement is given up after this, as by `PostgresDeliveryStore`. */
const patience = 7000

export interface Trouble {
  readonly kind: TroubleKind
  readonly process: Process | null
  until: number
}

type Stored = DeliveryStore | PausedHandlers | FailedEventStore | Tables

const noAnswer = new StorageUnavailable({ conflict: false, cause: "of the scenario" })
const unavailable = Exit.fail(noAnswer)

/** How a message to the database and its answer fare. */
interface Way {
  readonly before: number
  readonly after: number
  readonly arrives: boolean
  readonly isAnswered: boolean
}

interface Surroundings {
  readonly chance: Chance
  readonly bells: Scenario["bells"]
  readonly stored: Context.Context<Stored>
  readonly now: () => number
  /** Runs it after so many milliseconds; at once for 0. */
  readonly later: (millis: number, run: () => void) => void
  /** Runs a statement, which never waits. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Exit.Exit<A, E>
  readonly note: (process: number, what: What) => void
}

export class Database {
  private readonly world: Surroundings
  readonly troubles: Array<Trouble> = []
  private readonly listening: Array<
    { readonly process: Process; readonly bell: Queue.Queue<void, StorageUnavailable> }
  > = []

  constructor(world: Surroundings) {
    this.world = world
  }

  private trouble(process: Process): Trouble | undefined {
    return this.troubles.find((one) =>
      one.until > this.world.now() && (one.process === null || one.process === process)
    )
  }

  private way(process: Process): Way {
    const { chance, now } = this.world
    const hop = () => (chance.happens(0.5) ? 0 : chance.int(1, 6))
    const trouble = this.trouble(process)
    const well = { before: hop(), after: hop(), arrives: true, isAnswered: true }
    switch (trouble?.kind) {
      case undefined:
        return well
      case "refuses":
        return { ...well, arrives: false }
      case "hangs":
        return { ...well, before: trouble.until - now() + hop() }
      case "slow":
        return { ...well, before: chance.int(0, 1500), after: chance.int(0, 1500) }
      case "loses":
        return { ...well, arrives: chance.happens(0.8), isAnswered: chance.happens(0.7) }
    }
  }

  /** One round trip. What was given up may be done nevertheless, also when the asker is dead. */
  ask<A>(process: Process, statement: () => Exit.Exit<A, StorageUnavailable>): Effect.Effect<A, StorageUnavailable> {
    const { chance, later } = this.world
    return Effect.callback((resume) => {
      if (process.isDead) return
      let waits = true
      const answer = (exit: Exit.Exit<A, StorageUnavailable>) => {
        if (waits) process.enqueue(() => resume(exit))
        waits = false
      }
      const { after, arrives, before, isAnswered } = this.way(process)
      if (before + after > patience) later(patience, () => answer(unavailable))
      later(before, () => {
        if (!arrives) return answer(unavailable)
        if ((!waits || process.isDead) && chance.happens(0.5)) return
        const exit = statement()
        later(after, () => answer(isAnswered ? exit : unavailable))
      })
      return Effect.sync(() => {
        waits = false
      })
    })
  }

  /** The same, and what it did to the deliveries. */
  private change<A>(
    process: Process,
    how: How,
    asked: Incarnation | ReadonlyArray<Parked>,
    statement: Effect.Effect<A, StorageUnavailable>,
    then?: What
  ): Effect.Effect<A, StorageUnavailable> {
    const { note, run, stored } = this.world
    const tables = Context.get(stored, Tables)
    return this.ask(process, () => {
      const keyed = (rows: ReadonlyArray<Row>) => new Map(rows.map((row) => [keyOf(pairOf(row)), row]))
      const before = new Set(tables.open())
      const exit = run(statement)
      const after = new Set(tables.open())
      // A row that changes is another object.
      const changed = keyed([...before].filter((row) => !after.has(row)))
      const now = keyed([...after].filter((row) => !before.has(row)))
      const asker = typeof asked === "string" ? { owner: asked, lease: null } : null
      const askers = typeof asked === "string" ? [] : asked.map((one) => ({ ...one, event: one.event.id }))
      for (const [key, from] of changed) {
        const to = now.get(key)
        const its = askers.filter((one) => keyOf(one) === key)
        const by = its.find(({ lease, owner }) => lease === from.lease && owner === from.owner) ?? its[0] ?? asker
        note(process.number, { is: "change", how, by, from, to })
      }
      for (const { lease, ...pair } of askers) {
        if (!changed.has(keyOf(pair))) note(process.number, { is: "refused", how, pair, lease })
      }
      if (then !== undefined && Exit.isSuccess(exit)) note(process.number, then)
      return exit
    })
  }

  /** Everybody who listens hears it, more or less. */
  private ring(): void {
    const { bells, chance, later } = this.world
    for (const { bell, process } of this.listening) {
      if (process.isDead) continue
      const times = bells === "ring" ? 1 : chance.int(0, 2)
      for (let n = 0; n < times; n++) {
        const delay = bells === "ring" ? 0 : chance.int(0, 800)
        later(delay, () => process.enqueue(() => Queue.offerUnsafe(bell, undefined)))
      }
    }
  }

  /** Connections that listen break; who listened learns of it. */
  breakListening(of: Process | null): void {
    for (const { bell, process } of this.listening.splice(0)) {
      if (of === null || of === process) process.enqueue(() => Queue.failCauseUnsafe(bell, Cause.fail(noAnswer)))
      else this.listening.push({ bell, process })
    }
  }

  /** The ports of one process. */
  connect(process: Process): Context.Context<DeliveryStore | PausedHandlers | FailedEventStore> {
    const { note, run, stored } = this.world
    const store = Context.get(stored, DeliveryStore)
    const paused = Context.get(stored, PausedHandlers)
    const failed = Context.get(stored, FailedEventStore)
    const ask = <A>(statement: Effect.Effect<A, StorageUnavailable>, then?: (answer: A) => What | undefined) =>
      this.ask(process, () => {
        const exit = run(statement)
        const what = Exit.isSuccess(exit) ? then?.(exit.value) : undefined
        if (what !== undefined) note(process.number, what)
        return exit
      })
    const listen = Effect.map(Queue.unbounded<void, StorageUnavailable>(), (bell) => {
      this.listening.push({ bell, process })
      return Stream.fromQueue(bell)
    })

    return Context.make(
      DeliveryStore,
      DeliveryStore.of({
        join: (incarnation) => ask(store.join(incarnation), () => ({ is: "joined", incarnation })),
        beat: (incarnation, open) => ask(store.beat(incarnation, open)),
        bury: (self, silentFor) =>
          ask(
            store.bury(self, silentFor),
            (dead) => dead.length === 0 ? undefined : { is: "buried", incarnations: dead.map((one) => one.incarnation) }
          ),
        leave: (incarnation) =>
          this.change(process, "leave", incarnation, store.leave(incarnation), { is: "left", incarnation }),
        claim: (self, rooms, suspect, holds) =>
          this.change(process, "claim", self, store.claim(self, rooms, suspect, holds)),
        complete: (deliveries) => this.change(process, "complete", deliveries, store.complete(deliveries)),
        postpone: (delivery, attempt, delay, keep) =>
          this.change(process, "postpone", [delivery], store.postpone(delivery, attempt, delay, keep)),
        giveBack: (deliveries, delay) =>
          this.change(process, "giveBack", deliveries, store.giveBack(deliveries, delay)),
        park: (delivery, id, attempt, fingerprint) =>
          this.change(process, "park", [delivery], store.park(delivery, id, attempt, fingerprint)),
        claimOverdue: (self, handler, olderThan, limit) =>
          this.change(process, "claimOverdue", self, store.claimOverdue(self, handler, olderThan, limit)),
        announce: this.ask(process, () => {
          this.ring()
          return Exit.void
        }),
        announcements: Stream.unwrap(listen),
        backlog: (academyId) => ask(store.backlog(academyId)),
        nodes: ask(store.nodes)
      })
    ).pipe(
      Context.add(PausedHandlers, { ...paused, list: ask(paused.list) }),
      Context.add(FailedEventStore, { ...failed, redriveSoon: (handler) => ask(failed.redriveSoon(handler)) })
    )
  }
}
