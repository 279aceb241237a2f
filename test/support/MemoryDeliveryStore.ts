/**
 * The tables of open deliveries, nodes and failed events as a small model in memory, on Effect's clock: what
 * `PostgresDeliveryStore` does by its statements, without a database.
 */
import { Clock, Context, Duration, Effect, Layer, PubSub, Stream } from "effect"
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import type { FailedEventId, Incarnation } from "../../src/domain/Ids.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import {
  type Attempt,
  type Claimed,
  DeliveryStore,
  type Room,
  type UndecodableDelivery
} from "../../src/ports/DeliveryStore.ts"
import type { Delivery, NewDelivery } from "../../src/ports/EventBus.ts"
import { FailedEventStore } from "../../src/ports/FailedEventStore.ts"
import { type PausedHandler, PausedHandlers } from "../../src/ports/PausedHandlers.ts"
import { StorageUnavailable } from "../../src/ports/UnitOfWork.ts"

interface Noted extends Attempt {
  readonly at: number
}

export interface Row {
  readonly event: DomainEvent
  readonly handler: HandlerName
  readonly owner: Incarnation | null
  readonly lease: number
  readonly claimedAt: number
  readonly attempts: number
  readonly takeovers: number
  readonly nextAttemptAt: number
  readonly history: ReadonlyArray<Noted>
}

export interface Failed extends Pick<Row, "event" | "handler"> {
  readonly id: FailedEventId
  readonly class: string
  readonly rule: string
  readonly error: string
  readonly fingerprint: string
  readonly attempts: ReadonlyArray<Noted>
}

/** What a test sees of the tables, and does to them behind the store's back. */
export class Tables extends Context.Service<Tables, {
  /** The publishing transaction's insert. */
  readonly insert: (deliveries: ReadonlyArray<NewDelivery>) => Effect.Effect<void>
  /** Open deliveries, oldest event first. */
  readonly open: () => ReadonlyArray<Row>
  readonly failed: () => ReadonlyArray<Failed>
  readonly nodes: () => ReadonlyArray<Incarnation>
  /** Handlers whose failed events were declared due, since their circuits closed. */
  readonly redriven: () => ReadonlyArray<HandlerName>
  readonly clear: () => void
  /** Changes the rows of an event. */
  readonly edit: (id: DomainEvent["id"], changed: Partial<Row>) => void
  /** Takes a process for dead. */
  readonly bury: (incarnation: Incarnation) => void
  /** From here this version of AMS cannot read the event. */
  readonly garble: (id: DomainEvent["id"], error: string) => void
  /** While true the database does not answer. */
  readonly stop: (stopped: boolean) => void
}>()("ams/test/Tables") {}

type Key = { readonly event: { readonly id: DomainEvent["id"] }; readonly handler: HandlerName }
const keyOf = ({ event, handler }: Key) => `${event.id} ${handler}`

const strayAfter = Duration.toMillis("5 seconds")
const orphansAtOnce = 1000
const suspectFrom = 2
const crashedAt = 5

const make = Effect.gen(function*() {
  const rows = new Map<string, Row>()
  const failures = new Map<string, Failed>()
  const nodes = new Map<Incarnation, { readonly startedAt: number; readonly heartbeatAt: number }>()
  const garbled = new Map<string, string>()
  const paused = new Map<HandlerName, PausedHandler>()
  const redriven: Array<HandlerName> = []
  const bells = yield* PubSub.unbounded<void>()
  let stopped = false

  const open = () => [...rows.values()].sort((a, b) => (a.event.id < b.event.id ? -1 : 1))
  /** As the index has them. */
  const byDue = () => open().sort((a, b) => a.nextAttemptAt - b.nextAttemptAt)

  /** One statement: all of it, or the database does not answer. */
  const statement = <A>(run: (now: number) => A): Effect.Effect<A, StorageUnavailable> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      stopped
        ? Effect.fail(new StorageUnavailable({ conflict: false, cause: "stopped by the test" }))
        : Effect.sync(() => run(now)))

  /** The row, if owner and lease are still those of the one who asks. */
  const mine = (delivery: Key & Pick<Delivery, "owner" | "lease">): Row | undefined => {
    const row = rows.get(keyOf(delivery))
    return row !== undefined && row.owner === delivery.owner && row.lease === delivery.lease ? row : undefined
  }

  const change = (row: Row, changed: Partial<Row>): Row => {
    const next = { ...row, ...changed }
    rows.set(keyOf(row), next)
    return next
  }
  const take = (row: Row, self: Incarnation, now: number): Row =>
    change(row, { owner: self, lease: row.lease + 1, claimedAt: now })

  const isDue = (row: Row, now: number) => row.owner === null && row.nextAttemptAt <= now

  /** Academies in the order of their oldest, each its part of the places. */
  const waiting = ({ each, full, handler, places }: Room, now: number): ReadonlyArray<Row> => {
    const due = byDue().filter((row) =>
      row.handler === handler && isDue(row, now) && row.takeovers < suspectFrom && !full.includes(row.event.academyId)
    )
    const lanes = [...Map.groupBy(due, (row) => row.event.academyId).values()].slice(0, places)
    const part = Math.min(each, Math.max(1, Math.floor(places / Math.max(1, lanes.length))))
    return lanes.flatMap((its) => its.slice(0, part)).slice(0, places)
  }

  /** Rows of the dead, and own ones that were lost: taken, or left to be taken alone. */
  const orphans = (
    self: Incarnation,
    rooms: ReadonlyArray<Room>,
    now: number,
    holds: (id: string, of: HandlerName) => boolean
  ) =>
    open()
      .filter((row) =>
        rooms.some(({ handler }) => handler === row.handler) && row.owner !== null && (
          row.owner === self
            ? row.claimedAt < now - strayAfter && !holds(row.event.id, row.handler)
            : !nodes.has(row.owner)
        )
      )
      .slice(0, orphansAtOnce)
      .flatMap((row) => {
        const takeovers = row.takeovers + (row.owner === self ? 0 : 1)
        const alone = takeovers >= suspectFrom && takeovers < crashedAt
        const next = change(take(row, self, now), { takeovers, owner: alone ? null : self })
        return alone ? [] : [next]
      })

  const store = DeliveryStore.of({
    join: (incarnation) => statement((now) => void nodes.set(incarnation, { startedAt: now, heartbeatAt: now })),
    beat: (incarnation) =>
      statement((now) => {
        const node = nodes.get(incarnation)
        if (node !== undefined) nodes.set(incarnation, { ...node, heartbeatAt: now })
        return node !== undefined
      }),
    bury: (self, silentFor) =>
      statement((now) => {
        const dead = [...nodes].filter(([id, { heartbeatAt }]) =>
          id !== self && heartbeatAt < now - Duration.toMillis(silentFor)
        )
        for (const [id] of dead) nodes.delete(id)
        return dead.map(([incarnation]) => ({ incarnation, host: "test", pid: 1 }))
      }),
    leave: (incarnation) =>
      statement((now) => {
        const given = open().filter((row) => row.owner === incarnation)
        for (const row of given) change(row, { owner: null, nextAttemptAt: Math.min(row.nextAttemptAt, now) })
        nodes.delete(incarnation)
        return given.length
      }),
    claim: (self, rooms, suspect, holds) =>
      statement((now): Claimed => {
        const withRoom = rooms.filter(({ places }) => places > 0)
        const taken = [
          ...withRoom.flatMap((room) => waiting(room, now).map((row) => take(row, self, now))),
          ...orphans(self, withRoom, now, holds),
          ...(suspect
            ? byDue()
              .filter((row) =>
                row.takeovers >= suspectFrom && isDue(row, now) &&
                withRoom.some(({ handler }) => handler === row.handler)
              )
              .slice(0, 1)
              .map((row) => take(row, self, now))
            : [])
        ]
        const deliveries: Array<Delivery> = []
        const undecodable: Array<UndecodableDelivery> = []
        const crashed: Array<Delivery> = []
        for (const { attempts, event, handler, lease, takeovers } of taken) {
          const error = garbled.get(event.id)
          const delivery = { event, handler, owner: self, lease, attempts, takeovers }
          if (error !== undefined) undecodable.push({ event: { id: event.id }, handler, owner: self, lease, error })
          else if (takeovers >= crashedAt) crashed.push(delivery)
          else deliveries.push(delivery)
        }
        return { deliveries, undecodable, crashed }
      }),
    complete: (deliveries) =>
      statement(() => {
        for (const delivery of deliveries) if (mine(delivery) !== undefined) rows.delete(keyOf(delivery))
      }),
    postpone: (delivery, attempt, delay, keep) =>
      statement((now) => {
        const row = mine(delivery)
        if (row === undefined || row.attempts >= attempt.number) return
        change(row, {
          attempts: attempt.number,
          history: [...row.history, { ...attempt, at: now }],
          nextAttemptAt: now + Math.ceil(Duration.toMillis(delay)),
          owner: keep ? row.owner : null,
          claimedAt: now
        })
      }),
    giveBack: (deliveries, delay) =>
      statement((now) => {
        for (const delivery of deliveries) {
          const row = mine(delivery)
          if (row !== undefined) change(row, { owner: null, nextAttemptAt: now + Duration.toMillis(delay) })
        }
      }),
    park: (delivery, id, attempt, fingerprint) =>
      statement((now) => {
        const row = mine(delivery)
        if (row === undefined) return false
        const first = ![...failures.values()].some((one) => one.fingerprint === fingerprint)
        rows.delete(keyOf(row))
        const before = failures.get(keyOf(row))
        failures.set(keyOf(row), {
          id: before?.id ?? id,
          event: row.event,
          handler: row.handler,
          class: attempt.class,
          rule: attempt.rule,
          error: attempt.error,
          fingerprint,
          attempts: [...(before?.attempts ?? []), ...row.history, { ...attempt, at: now }]
        })
        return first
      }),
    claimOverdue: (self, handler, olderThan, limit) =>
      statement((now) =>
        open()
          .filter((row) =>
            row.handler === handler && row.owner === null && row.event.occurredAt < now - Duration.toMillis(olderThan)
          )
          .slice(0, limit)
          .map((row) => {
            const { event, lease } = take(row, self, now)
            return { event, handler, owner: self, lease }
          })
      ),
    announce: Effect.flatten(statement(() => Effect.asVoid(PubSub.publish(bells, undefined)))),
    announcements: Stream.fromPubSub(bells),
    backlog: (academyId) =>
      statement((now) => {
        const its = open().filter((row) => academyId === null || row.event.academyId === academyId)
        return [...Map.groupBy(its, (row) => row.handler)].sort().map(([handler, list]) => ({
          handler,
          open: list.length,
          postponed: list.filter((row) => row.nextAttemptAt > now).length,
          oldestSeconds: Math.max(0, now - Math.min(...list.map((row) => row.event.occurredAt))) / 1000
        }))
      }),
    nodes: statement((now) =>
      [...nodes].map(([incarnation, { heartbeatAt, startedAt }]) => ({
        incarnation,
        host: "test",
        pid: 1,
        startedAt: new Date(startedAt),
        silentSeconds: (now - heartbeatAt) / 1000,
        openCircuits: []
      }))
    )
  })

  const pausedHandlers = PausedHandlers.of({
    list: statement(() => [...paused.values()]),
    pause: (_, handler, reason) =>
      statement((now) => {
        if (paused.has(handler)) return false
        paused.set(handler, { handler, reason, pausedBy: null, pausedAt: new Date(now) })
        return true
      }),
    resume: (_, handler) => statement(() => paused.delete(handler))
  })

  const notHere = Effect.die("the model of the tables has no failed events to steer")
  const failedEvents = FailedEventStore.of({
    list: () => notHere,
    find: () => notHere,
    groups: () => notHere,
    preview: () => notHere,
    replay: () => notHere,
    discard: () => notHere,
    startRun: () => notHere,
    findRun: () => notHere,
    runs: () => notHere,
    abortRun: () => notHere,
    stepRuns: notHere,
    redrive: () => notHere,
    redriveSoon: (handler) => statement(() => void redriven.push(handler)),
    countOpen: () => notHere
  })

  const tables = Tables.of({
    insert: (deliveries) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const fresh = { lease: 0, claimedAt: now, attempts: 0, takeovers: 0, nextAttemptAt: now, history: [] }
        for (const delivery of deliveries) rows.set(keyOf(delivery), { ...delivery, ...fresh })
      }),
    open,
    failed: () => [...failures.values()],
    nodes: () => [...nodes.keys()],
    redriven: () => redriven,
    clear: () => {
      rows.clear()
      failures.clear()
      nodes.clear()
    },
    edit: (id, changed) => {
      for (const row of open().filter(({ event }) => event.id === id)) rows.set(keyOf(row), { ...row, ...changed })
    },
    bury: (incarnation) => void nodes.delete(incarnation),
    garble: (id, error) => void garbled.set(id, error),
    stop: (is) => {
      stopped = is
    }
  })

  return Context.make(DeliveryStore, store).pipe(
    Context.add(Tables, tables),
    Context.add(PausedHandlers, pausedHandlers),
    // What the engine asks of it; its own rules are tested on PostgreSQL.
    Context.add(FailedEventStore, failedEvents)
  )
})

export const layer: Layer.Layer<DeliveryStore | PausedHandlers | FailedEventStore | Tables> = Layer.effectContext(make)
