import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { MessageMeasures } from "../../../ports/MessageMeasures.ts"
import { orUnavailable } from "./Faults.ts"
import { sinceOf } from "./MessageSelect.ts"

const decodeLately = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  channel: NotificationChannel,
  timed: Schema.Int,
  p95Seconds: Schema.Finite,
  ended: Schema.Int,
  reached: Schema.Int
})))
const decodeSpent = Schema.decodeUnknownSync(Schema.Struct({ spent: Schema.Finite }))

export const layer = Layer.effect(
  MessageMeasures,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return MessageMeasures.of({
      // Ids begin with their time, so that the key's index finds the last minutes however many messages there are.
      lately: orUnavailable(sql`
        with lately as materialized (
          select m.id, m.channel, m.status, m.created_at, m.accepted_at, ${sinceOf(sql)} as since
          from message m where m.id >= uuid_at(now() - interval '15 minutes') and m.channel is not null
        ), timed as (
          select channel, count(*)::int as timed, percentile_disc(0.95) within group
            (order by extract(epoch from coalesce(accepted_at, now()) - created_at))::float8 as p95
          from lately where since is not null and (accepted_at is not null
            or (status in ('PLANNED', 'SENDING') and created_at < now() - interval '1 minute'))
          group by channel
        ), ended as (
          select channel, count(*)::int as ended, count(*) filter (where reached)::int as reached from (
            select id, channel, status in ('ACCEPTED', 'DELIVERED') as reached from lately
            where status in ('ACCEPTED', 'DELIVERED', 'UNDELIVERED', 'EXPIRED', 'UNKNOWN')
            union
            select m.id, a.channel, false from lately m
            join message_attempt a on a.message_id = m.id and a.channel <> m.channel) each_one
          group by channel
        )
        select channel, coalesce(timed, 0) as timed, coalesce(p95, 0) as "p95Seconds", coalesce(ended, 0) as ended,
          coalesce(reached, 0) as reached
        from timed full join ended using (channel) order by channel`).pipe(Effect.map((rows) => decodeLately(rows))),

      // What was planned more than a day ago is not sent any more, whatever it is.
      spentToday: (academyId) =>
        orUnavailable(sql`
          select coalesce(sum(a.cost), 0)::float8 as spent
          from academy ac
          cross join lateral (select date_trunc('day', now() at time zone ac.time_zone) at time zone ac.time_zone as at)
            midnight
          join message m on m.academy_id = ac.id and m.id >= uuid_at(midnight.at - interval '1 day')
          join message_attempt a on a.message_id = m.id and a.started_at >= midnight.at
          where ac.id = ${academyId}`).pipe(Effect.map(([row]) => decodeSpent(row).spent))
    })
  })
)
