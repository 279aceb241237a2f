/**
 * The tables of open deliveries, nodes and failed events as a small model in memory, on Effect's clock: what
 * `PostgresDeliveryStore` does by its statements, without a database.
 */
import { Clock, Context, Duration, Effect, Layer, PubSub, Stream } from "effect"
import type { DomainEvent } from "../../src/domain/DomainEvent.ts"
import type { FailedEventId, Incarnation } from "../../src/domain/Ids.ts"
import type { HandlerName } from "../../src/domain/Subscription.ts"
import { type Attempt, DeliveryStore, type UndecodableDelivery } from "../../src/ports/DeliveryStore.ts"
import type { Delivery, NewDelivery } from "../../src/ports/EventBus.ts"
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

const make = Effect.gen(function*() {
  const rows = new Map<string, Row>()
  const failures = new Map<string, Failed>()
  const nodes = new Map<Incarnation, { readonly startedAt: number; readonly heartbeatAt: number }>()
  const garbled = new Map<string, string>()
  const bells = yield* PubSub.unbounded<void>()
  let stopped = false

  const open = () => [...rows.values()].sort((a, b) => (a.event.id < b.event.id ? -1 : 1))

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

  const take = (row: Row, self: Incarnation, now: number): Row => {
    const takeovers = row.takeovers + (row.owner === null || row.owner === self ? 0 : 1)
    const taken = { ...row, owner: self, lease: row.lease + 1, claimedAt: now, takeovers }
    rows.set(keyOf(row), taken)
    return taken
  }

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
        return dead.filter(([id]) => nodes.delete(id)).length
      }),
    leave: (incarnation) =>
      statement((now) => {
        const given = open().filter((row) => row.owner === incarnation)
        for (const row of given) {
          rows.set(keyOf(row), { ...row, owner: null, nextAttemptAt: Math.min(row.nextAttemptAt, now) })
        }
        nodes.delete(incarnation)
        return given.length
      }),
    claim: (self, room, holds) =>
      statement((now) => {
        const withRoom = room.filter(({ places }) => places > 0)
        const waiting = withRoom.flatMap(({ handler, places }) =>
          open()
            .filter((row) => row.handler === handler && row.owner === null && row.nextAttemptAt <= now)
            .slice(0, places)
        )
        const orphans = open().filter((row) =>
          withRoom.some(({ handler }) => handler === row.handler) && row.owner !== null && (
            row.owner === self
              ? row.claimedAt < now - strayAfter && !holds(row.event.id, row.handler)
              : !nodes.has(row.owner)
          )
        )
        const deliveries: Array<Delivery> = []
        const undecodable: Array<UndecodableDelivery> = []
        for (const row of [...waiting, ...orphans.slice(0, orphansAtOnce)]) {
          const { attempts, event, handler, lease } = take(row, self, now)
          const error = garbled.get(event.id)
          if (error === undefined) deliveries.push({ event, handler, owner: self, lease, attempts })
          else undecodable.push({ event: { id: event.id }, handler, owner: self, lease, error })
        }
        return { deliveries, undecodable }
      }),
    complete: (deliveries) =>
      statement(() => {
        for (const delivery of deliveries) if (mine(delivery) !== undefined) rows.delete(keyOf(delivery))
      }),
    postpone: (delivery, attempt, delay, keep) =>
      statement((now) => {
        const row = mine(delivery)
        if (row === undefined) return
        rows.set(keyOf(row), {
          ...row,
          attempts: attempt.number,
          history: [...row.history, { ...attempt, at: now }],
          nextAttemptAt: now + Math.ceil(Duration.toMillis(delay)),
          owner: keep ? row.owner : null,
          claimedAt: now
        })
      }),
    park: (delivery, id, attempt) =>
      statement((now) => {
        const row = mine(delivery)
        if (row === undefined) return
        rows.delete(keyOf(row))
        const before = failures.get(keyOf(row))
        failures.set(keyOf(row), {
          id: before?.id ?? id,
          event: row.event,
          handler: row.handler,
          class: attempt.class,
          rule: attempt.rule,
          error: attempt.error,
          attempts: [...(before?.attempts ?? []), ...row.history, { ...attempt, at: now }]
        })
      }),
    announce: Effect.flatten(statement(() => Effect.asVoid(PubSub.publish(bells, undefined)))),
    announcements: Stream.fromPubSub(bells),
    backlog: statement((now) =>
      [...new Set(open().map((row) => row.handler))].sort().map((handler) => {
        const its = open().filter((row) => row.handler === handler)
        const oldest = Math.min(...its.map((row) => row.event.occurredAt))
        return { handler, open: its.length, oldestSeconds: Math.max(0, now - oldest) / 1000 }
      })
    ),
    nodes: statement((now) =>
      [...nodes].map(([incarnation, { heartbeatAt, startedAt }]) => ({
        incarnation,
        host: "test",
        pid: 1,
        startedAt: new Date(startedAt),
        silentSeconds: (now - heartbeatAt) / 1000
      }))
    )
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
    edit: (id, changed) => {
      for (const row of open().filter(({ event }) => event.id === id)) rows.set(keyOf(row), { ...row, ...changed })
    },
    bury: (incarnation) => void nodes.delete(incarnation),
    garble: (id, error) => void garbled.set(id, error),
    stop: (is) => {
      stopped = is
    }
  })

  return Context.make(DeliveryStore, store).pipe(Context.add(Tables, tables))
})

export const layer: Layer.Layer<DeliveryStore | Tables> = Layer.effectContext(make)
