/**
 * How rows of `event_delivery` come into a process's hands.
 *
 * No statement joins that table with a list of keys. Its four parts are empty again and again, a plan made in such a moment
 * stays for a minute, and a join would then walk over a whole part, once it is full, for each key: `= any(array(…))` and
 * LATERAL with OFFSET 0 leave the planner nothing but the index.
 */
import type { PgClient } from "@effect/sql-pg"
import { Duration } from "effect"
import type { Incarnation } from "../../../domain/Ids.ts"
import type { HandlerName } from "../../../domain/Subscription.ts"
import type { Room } from "../../../ports/DeliveryStore.ts"
import * as EventRow from "./EventRow.ts"

/** Own rows this old that are not in memory were lost on their way there (COMMIT's answer was). */
const strayAfter = Duration.seconds(5)
/** From so many dead processes on a row is taken alone: it may be what killed them. */
const suspectFrom = 2
/** At so many it is parked. */
const crashedAt = 5
/** Orphans taken over in one look. */
const orphansAtOnce = 1000

export interface ClaimedRow {
  readonly eventId: string
  readonly handler: HandlerName
  readonly lease: number
  readonly attempts: number
  readonly takeovers: number
}

interface Found {
  readonly eventId: string
  readonly handler: HandlerName
  readonly own: boolean
}

export const makeClaims = (sql: PgClient.PgClient) => {
  const took = sql.literal("d.event_id, d.handler, d.lease, d.attempts, d.takeovers, d.owner")
  /** What was `taken`, with its events. */
  const claimed = sql.literal(`
    select t.event_id as "eventId", t.handler, t.lease, t.attempts, t.takeovers, t.owner, e.*
    from taken t cross join lateral (select ${EventRow.columns} from event e where e.id = t.event_id offset 0) e
    order by t.event_id`)

  return {
    crashedAt,

    /**
     * The oldest due rows that nobody owns. Academies come from the index one by one, those that have waited longest
     * first; when there are more than places, each gets its part of them.
     */
    waiting: (self: Incarnation, { each, full, handler, places }: Room) =>
      sql<ClaimedRow>`
        with recursive lanes as (
          (select d.lane, d.next_attempt_at as due from event_delivery d
            where d.handler = ${handler} and d.owner is null and d.takeovers < 2
            order by d.lane, d.next_attempt_at limit 1)
          union all
          select n.lane, n.due from lanes l cross join lateral (
            select d.lane, d.next_attempt_at as due from event_delivery d
            where d.handler = ${handler} and d.owner is null and d.takeovers < 2 and d.lane > l.lane
            order by d.lane, d.next_attempt_at limit 1
          ) n
        ), turns as (
          select lane, due, count(*) over () as lanes from lanes
          where due <= now() and lane <> all(${full.map((lane) => lane ?? noLane)}::uuid[])
          order by due limit ${places}
        ), picked as materialized (
          select p.event_id from turns cross join lateral (
            select d.event_id from event_delivery d
            where d.handler = ${handler} and d.owner is null and d.takeovers < 2 and d.lane = turns.lane
              and d.next_attempt_at <= now()
            order by d.next_attempt_at, d.event_id
            limit least(${each}, greatest(1, ${places} / turns.lanes))
            for update skip locked
          ) p limit ${places}
        ), taken as (
          update event_delivery d set owner = ${self}, lease = d.lease + 1, claimed_at = now()
          where d.event_id = any(array(select event_id from picked)) and d.handler = ${handler}
          returning ${took}
        )
        ${claimed}`,

    /** Rows of processes that are gone, and old ones of our own. */
    orphans: (self: Incarnation, handlers: ReadonlyArray<HandlerName>) =>
      sql<Found>`
        select d.event_id as "eventId", d.handler, d.owner = ${self} as own from event_delivery d
        where d.handler = any(${handlers}) and d.owner is not null and (
          (d.owner = ${self} and d.claimed_at < now() - ${`${Duration.toMillis(strayAfter)} milliseconds`}::interval)
          or d.owner <> all(array(select incarnation from node))
        )
        order by d.event_id limit ${orphansAtOnce}`,

    /**
     * These rows become ours, unless somebody is faster. One whose processes died twice is left without owner, to be
     * taken alone; at the fifth it is ours once more, to be parked.
     */
    takeOver: (self: Incarnation, found: ReadonlyArray<Found>) => {
      const takeovers = sql`(d.takeovers + case when d.owner = ${self} then 0 else 1 end)`
      return sql<ClaimedRow & { readonly owner: string | null }>`
        with picked as materialized (
          select d.event_id, d.handler from event_delivery d
          where d.event_id = any(${found.map((row) => row.eventId)}::uuid[])
            and ((d.event_id, d.handler) in (select * from unnest(${found.map((row) => row.eventId)}::uuid[],
              ${found.map((row) => row.handler)}::text[]))) is true
            and (d.owner = ${self} or d.owner <> all(array(select incarnation from node)))
          for update skip locked
        ), taken as (
          update event_delivery d set lease = d.lease + 1, claimed_at = now(), takeovers = ${takeovers},
            owner = case when ${takeovers} between ${suspectFrom} and ${crashedAt - 1} then null else ${self}::uuid end
          where d.event_id = any(array(select event_id from picked))
            and ((d.event_id, d.handler) in (select * from picked)) is true
          returning ${took}
        )
        ${claimed}`
    },

    /** One row that may have killed its processes, the one that has waited longest. */
    suspect: (self: Incarnation, handlers: ReadonlyArray<HandlerName>) =>
      sql<ClaimedRow>`
        with picked as materialized (
          select event_id, handler from event_delivery
          where handler = any(${handlers}) and owner is null and takeovers >= 2 and next_attempt_at <= now()
          order by next_attempt_at limit 1 for update skip locked
        ), taken as (
          update event_delivery d set owner = ${self}, lease = d.lease + 1, claimed_at = now()
          where d.event_id = (select event_id from picked) and d.handler = (select handler from picked)
          returning ${took}
        )
        ${claimed}`,

    /** Waiting rows of events older than this. */
    overdue: (self: Incarnation, handler: HandlerName, olderThan: string, limit: number) =>
      sql<{ readonly eventId: string; readonly lease: number }>`
        with picked as materialized (
          select event_id from event_delivery
          where handler = ${handler} and owner is null and event_id < uuid_at(now() - ${olderThan}::interval)
          order by event_id limit ${limit} for update skip locked
        )
        update event_delivery d set owner = ${self}, lease = d.lease + 1, claimed_at = now()
        where d.event_id = any(array(select event_id from picked)) and d.handler = ${handler}
        returning d.event_id as "eventId", d.lease`
  }
}

/** As in the table's generated column. */
const noLane = "00000000-0000-0000-0000-000000000000"
