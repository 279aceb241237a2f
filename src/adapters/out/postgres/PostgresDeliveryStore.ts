import { Array as Arr, Duration, Effect, Layer, Result, Stream } from "effect"
import type { SqlError } from "effect/sql"
import { hostname } from "node:os"
import { EventId, Incarnation } from "../../../domain/Ids.ts"
import type { HandlerName } from "../../../domain/Subscription.ts"
import { type Attempt, circuitOpenRule, DeliveryStore, type Room } from "../../../ports/DeliveryStore.ts"
import { DeliverySql, HeartbeatSql } from "./Clients.ts"
import { type ClaimedRow, makeClaims } from "./DeliveryClaims.ts"
import * as EventRow from "./EventRow.ts"
import { inTime } from "./Faults.ts"
import { slotOf } from "./Slots.ts"

/** Everybody listens on it and looks into the table when it rings; it carries nothing. */
const channel = "ams_delivery"

/** A statement of the engine is given up after this: its connection may hang without ever saying so. */
const patience = Duration.seconds(7)

const interval = (duration: Duration.Duration) => `${Math.ceil(Duration.toMillis(duration))} milliseconds`

/** Only its circuit's closing lets it go: to give it to its handler before would be for nothing. */
const isHeldBack = ({ rule }: Attempt) => rule === circuitOpenRule

interface Held {
  readonly event: { readonly id: EventId }
  readonly handler: HandlerName
  readonly owner: Incarnation
  readonly lease: number
}

export const layer = Layer.effect(
  DeliveryStore,
  Effect.gen(function*() {
    const sql = yield* DeliverySql
    // A heartbeat must not wait behind the work whose health it shows.
    const alive = yield* HeartbeatSql
    const claims = makeClaims(sql)
    const run = inTime(patience)

    const noted = (attempt: Attempt) =>
      sql`jsonb_build_array(jsonb_build_object('number', ${attempt.number}::int, 'at', now(),
        'class', ${attempt.class}::text, 'rule', ${attempt.rule}::text, 'error', ${attempt.error}::text))`

    /** A row is changed only by who holds it as it stands there. */
    const isHeld = ({ event, handler, lease, owner }: Held) =>
      sql`event_id = ${event.id} and handler = ${handler} and slot = ${slotOf(event.id)} and owner = ${owner}
        and lease = ${lease}`
    /**
     * The same for many at once. Not joined with the list: see `DeliveryClaims.ts`. `is true` makes a hashed list of it.
     */
    const areHeld = (deliveries: ReadonlyArray<Held>) => {
      const ids = deliveries.map(({ event }) => event.id)
      return sql`event_id = any(${ids}::uuid[]) and slot = any(${[...new Set(ids.map(slotOf))]}::smallint[])
        and ((event_id, handler, lease, owner) in (select * from unnest(${ids}::uuid[],
          ${deliveries.map(({ handler }) => handler)}::text[], ${deliveries.map(({ lease }) => lease)}::int[],
          ${deliveries.map(({ owner }) => owner)}::uuid[]))) is true`
    }

    const asDelivery = (self: Incarnation, row: ClaimedRow) => {
      const held = { handler: row.handler, owner: self, lease: row.lease }
      return Result.mapBoth(EventRow.decode(row), {
        onSuccess: (event) => ({ ...held, event, attempts: row.attempts, takeovers: row.takeovers }),
        onFailure: (error) => ({ ...held, event: { id: EventId.make(row.eventId) }, error })
      })
    }

    return DeliveryStore.of({
      join: (incarnation) =>
        run(alive`
          insert into node (incarnation, host, pid) values (${incarnation}, ${hostname()}, ${process.pid})
          on conflict (incarnation) do update set heartbeat_at = now()`),
      beat: (incarnation, openCircuits) =>
        run(alive`
          update node set heartbeat_at = now(), open_circuits = ${openCircuits}::text[]
          where incarnation = ${incarnation} returning 1`).pipe(Effect.map((rows) => rows.length === 1)),
      bury: (self, silentFor) =>
        run(alive<{ incarnation: string; host: string; pid: number }>`
          delete from node where incarnation <> ${self} and heartbeat_at < now() - ${interval(silentFor)}::interval
          returning incarnation, host, pid`).pipe(
          Effect.map((rows) => rows.map((row) => ({ ...row, incarnation: Incarnation.make(row.incarnation) })))
        ),
      leave: (incarnation) =>
        run(sql`
          with given as (
            update event_delivery set owner = null, next_attempt_at = least(next_attempt_at, now())
            where owner = ${incarnation} returning 1
          ), jobs as (update job set owner = null where owner = ${incarnation}
          ), left_node as (delete from node where incarnation = ${incarnation})
          select 1 from given`).pipe(Effect.map((rows) => rows.length)),
      claim: Effect.fnUntraced(function*(self, rooms, suspect, holds) {
        const withRoom = rooms.filter((room) => room.places > 0)
        if (withRoom.length === 0) return { deliveries: [], undecodable: [], crashed: [] }
        const handlers = withRoom.map(({ handler }) => handler)
        const rows = (yield* run(Effect.all(
          withRoom.map((room: Room) => claims.waiting(self, room)),
          { concurrency: 2 }
        ))).flat()
        const found = yield* run(claims.orphans(self, handlers))
        const strays = found.filter((row) => !row.own || !holds(row.eventId, row.handler))
        // Those that are left to be taken alone come back without us as their owner.
        const taken = strays.length === 0 ? [] : yield* run(claims.takeOver(self, strays))
        rows.push(...taken.filter(({ owner }) => owner === self))
        if (suspect) rows.push(...(yield* run(claims.suspect(self, handlers))))
        const [deliveries, undecodable] = Arr.partition(rows, (row) => asDelivery(self, row))
        const [well, crashed] = Arr.partition(
          deliveries,
          (delivery) => delivery.takeovers >= claims.crashedAt ? Result.fail(delivery) : Result.succeed(delivery)
        )
        return { undecodable, deliveries: well, crashed }
      }),
      complete: (deliveries) =>
        run(sql`
          with done as (
            delete from event_delivery where ${areHeld(deliveries)} returning event_id, handler
          )
          update failed_event f set status = 'RESOLVED', resolved_at = now(), next_redrive_at = null
          from done where f.status = 'REPLAYING' and f.event_id = done.event_id and f.handler = done.handler`),
      postpone: (delivery, attempt, delay, stay) =>
        run(sql`
          update event_delivery
          set attempts = ${attempt.number}, history = history || ${noted(attempt)},
            next_attempt_at = now() + ${interval(delay)}::interval,
            owner = case when ${stay} then owner end, claimed_at = now()
          where ${isHeld(delivery)} and attempts < ${attempt.number}`),
      giveBack: (deliveries, delay) =>
        run(sql`
          update event_delivery set owner = null, next_attempt_at = now() + ${interval(delay)}::interval
          where ${areHeld(deliveries)}`),
      park: (delivery, id, attempt, fingerprint) =>
        run(sql<{ first: boolean }>`
          with gone as (
            delete from event_delivery where ${isHeld(delivery)}
            returning event_id, handler, academy_id, history || ${noted(attempt)} as history
          )
          insert into failed_event as f (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint,
            attempts, first_failed_at, last_failed_at, status, traceparent, next_redrive_at)
          select ${id}, g.event_id, g.handler, g.academy_id, e.type, ${attempt.class}, ${attempt.rule}, ${attempt.error},
            ${fingerprint}, g.history, coalesce((g.history -> 0 ->> 'at')::timestamptz, now()), now(), 'OPEN',
            e.traceparent, ${isHeldBack(attempt) ? sql`null` : sql`now() + redrive_wait(${attempt.class}, 0)`}
          from gone g join event e on e.id = g.event_id
          on conflict (event_id, handler) do update set
            class = excluded.class, rule = excluded.rule, error = excluded.error, fingerprint = excluded.fingerprint,
            attempts = f.attempts || excluded.attempts, last_failed_at = excluded.last_failed_at, status = 'OPEN',
            next_redrive_at = ${isHeldBack(attempt) ? sql`null` : sql`now() + redrive_wait(excluded.class, f.redrives)`}
          returning not exists (
            select from failed_event o
            where o.fingerprint = ${fingerprint} and o.status in ('OPEN', 'REPLAYING') and o.id <> f.id
          ) as first`).pipe(Effect.map((rows) => rows[0]?.first === true)),
      claimOverdue: (self, handler, olderThan, limit) =>
        run(claims.overdue(self, handler, interval(olderThan), limit)).pipe(
          Effect.map((rows) =>
            rows.map((row) => ({
              event: { id: EventId.make(row.eventId) },
              handler,
              owner: self,
              lease: row.lease
            }))
          )
        ),
      announce: run(sql`select pg_notify(${channel}, '')`),
      announcements: Stream.unwrap(Effect.map(alive.listen(channel), Stream.fromQueue)).pipe(
        Stream.map(() => undefined),
        Stream.catch((error: SqlError.SqlError) => Stream.fromEffect(run(Effect.fail(error))))
      ),
      backlog: (academyId) =>
        run(sql<{ handler: string; open: number; postponed: number; oldest: number }>`
          select handler, count(*)::int as open, count(*) filter (where next_attempt_at > now())::int as postponed,
            greatest(0, extract(epoch from now() - min(uuid_extract_timestamp(event_id))))::float8 as oldest
          from event_delivery where ${academyId === null ? sql`true` : sql`academy_id = ${academyId}`}
          group by handler order by handler`).pipe(
          Effect.map((rows) => rows.map(({ oldest, ...row }) => ({ ...row, oldestSeconds: oldest })))
        ),
      nodes: run(sql<{
        incarnation: string
        host: string
        pid: number
        startedAt: Date
        silent: number
        openCircuits: ReadonlyArray<string>
      }>`
        select incarnation, host, pid, started_at as "startedAt", open_circuits as "openCircuits",
          extract(epoch from now() - heartbeat_at)::float8 as silent
        from node order by started_at`).pipe(
        Effect.map((rows) =>
          rows.map(({ silent, ...row }) => ({
            ...row,
            incarnation: Incarnation.make(row.incarnation),
            silentSeconds: silent
          }))
        )
      )
    })
  })
)
