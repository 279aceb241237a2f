import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { FailedEventId } from "../../../domain/Ids.ts"
import {
  FailedEvent,
  FailedEventGroup,
  FailedEventStore,
  type Operator,
  Preview
} from "../../../ports/FailedEventStore.ts"
import { CommandSql } from "./Clients.ts"
import * as Rows from "./FailedEventRows.ts"
import { makeRuns } from "./FailedEventRuns.ts"
import { orUnavailable } from "./Faults.ts"

/** Groups are told apart by cause: of more than this nobody reads a list. */
const mostGroups = 200

const decode = Schema.decodeUnknownSync(Schema.Array(FailedEvent))
const decodeGroups = Schema.decodeUnknownSync(Schema.Array(FailedEventGroup))
const decodePreview = Schema.decodeUnknownSync(Preview)

export const layer = Layer.effect(
  FailedEventStore,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const columns = sql.literal(Rows.columns)
    const { change, delivered, fits, of } = Rows.makeRows(sql)

    const changeOne = (id: FailedEventId, by: Operator, what: Pick<Rows.Change, "action" | "reason">) =>
      orUnavailable(sql`
        with picked as (select id from failed_event where id = ${id} and ${of(by.academyId)}),
          ${change({ ...what, by })}
        select 1 from changed`).pipe(Effect.map((rows) => rows.length === 1))

    return FailedEventStore.of({
      ...makeRuns(sql, yield* CommandSql),

      list: (filter, { after, limit }) =>
        orUnavailable(sql`
          select ${columns} from failed_event f
          where ${fits(filter)} and ${filter.status === undefined ? sql`true` : sql`f.status = ${filter.status}`}
            and ${after === undefined ? sql`true` : sql`f.id < ${after}`}
          order by f.id desc limit ${limit}`).pipe(Effect.map((rows) => decode(rows))),

      find: (academyId, id) =>
        orUnavailable(sql`select ${columns} from failed_event f where f.id = ${id} and ${of(academyId)}`).pipe(
          Effect.map((rows) => Option.fromUndefinedOr(decode(rows)[0]))
        ),

      groups: (filter) =>
        orUnavailable(sql`
          with grouped as (
            select f.fingerprint, count(*)::int as count, count(distinct f.academy_id)::int as academies,
              min(f.first_failed_at) as "firstFailedAt", max(f.last_failed_at) as "lastFailedAt",
              (array_agg(f.id order by f.last_failed_at desc, f.id desc))[1] as sample
            from failed_event f where f.status in ('OPEN', 'REPLAYING') and ${fits(filter)}
            group by f.fingerprint
          )
          select grouped.*, f.handler, f.class, f.rule, f.error
          from grouped join failed_event f on f.id = grouped.sample
          order by count desc, "lastFailedAt" desc limit ${mostGroups}`).pipe(Effect.map((rows) => decodeGroups(rows))),

      preview: (filter) =>
        orUnavailable(sql`
          select count(*) filter (where f.status = 'OPEN')::int as open,
            count(*) filter (where m.deliver_by < now())::int as expired,
            count(*) filter (where f.status = 'REPLAYING')::int as replaying,
            count(*) filter (where f.status in ('RESOLVED', 'DISCARDED'))::int as done
          from failed_event f
          left join event e on e.id = f.event_id and f.status = 'OPEN' and f.handler like 'SendMessage:%'
          left join message m on m.id = (e.payload ->> 'messageId')::uuid
          where ${fits(filter)}`).pipe(Effect.map(([row]) => decodePreview(row))),

      replay: Effect.fn("FailedEventStore.replay")((by, id) => changeOne(id, by, { action: "REPLAY", reason: null })),
      discard: Effect.fn("FailedEventStore.discard")((by, id, reason) =>
        changeOne(id, by, { action: "DISCARD", reason })
      ),

      redrive: (limit) =>
        orUnavailable(sql`
          with scheduled as (
            select id from failed_event where status = 'OPEN' and next_redrive_at <= now()
            order by next_redrive_at limit ${limit} for update skip locked
          ), recovered as (
            select f.id from recovered_handler r join failed_event f
              on f.handler = r.handler and f.last_failed_at < r.recovered_at
            where f.status = 'OPEN' and redrive_wait(f.class, f.redrives) is not null
            limit ${limit} for update of f skip locked
          ), due as (select id from scheduled union select id from recovered limit ${limit}), changed as (
            update failed_event f set status = 'REPLAYING', redrives = f.redrives + 1, next_redrive_at = null
            from due where f.id = due.id returning f.event_id, f.handler, f.academy_id
          ), ${delivered}
          select 1 from changed`).pipe(Effect.map((rows) => rows.length)),

      redriveSoon: (handler) =>
        orUnavailable(sql`
          insert into recovered_handler (handler, recovered_at) values (${handler}, now())
          on conflict (handler) do update set recovered_at = now()`),

      countOpen: (academyId) =>
        orUnavailable(sql<{ open: number }>`
          select count(*)::int as open from failed_event where status = 'OPEN' and ${of(academyId)}`).pipe(
          Effect.map(([row]) => row?.open ?? 0)
        )
    })
  })
)
