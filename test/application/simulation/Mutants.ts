/** Engines that are broken on purpose, each in one way: the oracle must find them out. */
import { Context, Duration, Effect } from "effect"
import { DeliveryStore, type Parked } from "../../../src/ports/DeliveryStore.ts"
import type { EventBus } from "../../../src/ports/EventBus.ts"
import type { FailedEventStore } from "../../../src/ports/FailedEventStore.ts"
import { PausedHandlers } from "../../../src/ports/PausedHandlers.ts"
import { Tables } from "../../support/MemoryDeliveryStore.ts"
import { keyOf, pairOf } from "./Trace.ts"

export type Stored = DeliveryStore | PausedHandlers | FailedEventStore | Tables

export interface Mutant {
  readonly stored?: (stored: Context.Context<Stored>) => Context.Context<Stored>
  readonly bus?: (bus: EventBus["Service"]) => EventBus["Service"]
}

/** Nothing is broken. */
export const sound: Mutant = {}

type Store = DeliveryStore["Service"]

const withStore = (broken: (store: Store, tables: Tables["Service"]) => Partial<Store>): Mutant => ({
  stored: (stored) => {
    const store = Context.get(stored, DeliveryStore)
    return Context.add(stored, DeliveryStore, { ...store, ...broken(store, Context.get(stored, Tables)) })
  }
})

/** Whoever asks has the owner and the lease that the row has now. */
const pretending = <A extends Parked>(tables: Tables["Service"], delivery: A): A => {
  const key = keyOf({ ...delivery, event: delivery.event.id })
  const row = tables.open().find((one) => keyOf(pairOf(one)) === key)
  return { ...delivery, owner: row?.owner ?? delivery.owner, lease: row?.lease ?? delivery.lease }
}

/** The mutant, and the promise that it breaks. */
export const mutants: ReadonlyArray<{ readonly name: string; readonly breaks: string; readonly mutant: Mutant }> = [
  {
    name: "completing does not look at the lease",
    breaks: "a row is changed only by who holds it, and taken only from the dead",
    mutant: withStore((store, tables) => ({
      complete: (deliveries) => Effect.suspend(() => store.complete(deliveries.map((one) => pretending(tables, one))))
    }))
  },
  {
    name: "postponing and parking do not look at the lease",
    breaks: "a row is changed only by who holds it, and taken only from the dead",
    mutant: withStore((store, tables) => ({
      postpone: (delivery, ...rest) => Effect.suspend(() => store.postpone(pretending(tables, delivery), ...rest)),
      park: (delivery, ...rest) => Effect.suspend(() => store.park(pretending(tables, delivery), ...rest))
    }))
  },
  {
    name: "a claim takes a row from the living",
    breaks: "a row is changed only by who holds it, and taken only from the dead",
    mutant: withStore((store, tables) => ({
      claim: (self, ...rest) =>
        Effect.suspend(() => {
          const other = tables.open().find(({ owner }) => owner !== null && owner !== self)
          if (other !== undefined) tables.edit(other.event.id, { owner: null, nextAttemptAt: 0 })
          return store.claim(self, ...rest)
        })
    }))
  },
  {
    name: "take-overs are not counted",
    breaks: "a row is changed only by who holds it, and taken only from the dead",
    mutant: withStore((store, tables) => ({
      claim: (...asked) =>
        Effect.suspend(() => {
          const before = tables.open()
          return Effect.tap(store.claim(...asked), () =>
            Effect.sync(() => {
              for (const { event, takeovers } of before) tables.edit(event.id, { takeovers })
            }))
        })
    }))
  },
  {
    name: "who is silent for a second is buried",
    breaks: "who lives is not buried",
    mutant: withStore((store) => ({ bury: (self) => store.bury(self, Duration.seconds(1)) }))
  },
  {
    name: "suspects are taken whether there is one in hand or not",
    breaks: "a suspect is handled alone, one in a process",
    mutant: withStore((store) => ({ claim: (self, rooms, _, holds) => store.claim(self, rooms, true, holds) }))
  },
  {
    name: "own rows that were lost are never looked for",
    breaks: "each pair of a committed transaction ends once: completed, or parked",
    mutant: withStore((store) => ({ claim: (self, rooms, one) => store.claim(self, rooms, one, () => true) }))
  },
  {
    name: "a failed attempt is not noted",
    breaks: "each noted attempt is a failed call",
    mutant: withStore((store) => ({ postpone: (delivery, _, delay) => store.giveBack([delivery], delay) }))
  },
  {
    name: "what is parked is dropped",
    breaks: "each pair of a committed transaction ends once: completed, or parked",
    mutant: withStore((store, tables) => ({
      park: (delivery) =>
        Effect.suspend(() => {
          const rows = tables.open().filter((row) =>
            keyOf(pairOf(row)) === keyOf({ ...delivery, event: delivery.event.id })
          )
          return Effect.as(store.complete(rows.map((row) => ({ ...row, ...delivery, event: row.event }))), true)
        })
    }))
  },
  {
    name: "who closes gives nothing back",
    breaks: "who closes gives back what it has",
    mutant: withStore(() => ({ leave: () => Effect.succeed(0) }))
  },
  {
    name: "nobody hears of a pause",
    breaks: "a paused handler begins nothing",
    mutant: {
      stored: (stored) =>
        Context.add(stored, PausedHandlers, { ...Context.get(stored, PausedHandlers), list: Effect.succeed([]) })
    }
  },
  {
    name: "all academies stand in one queue",
    breaks: "an academy with one event does not wait behind one with hundreds",
    mutant: {
      bus: (bus) => ({ ...bus, reserve: (events) => bus.reserve(events.map((one) => ({ ...one, academyId: null }))) })
    }
  },
  {
    name: "what was rolled back is delivered",
    breaks: "what was not committed is never handled",
    mutant: {
      bus: (bus) => ({
        ...bus,
        reserve: (events) => {
          const reservation = bus.reserve(events)
          return { ...reservation, giveBack: reservation.take }
        }
      })
    }
  }
]
