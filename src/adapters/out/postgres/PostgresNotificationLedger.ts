import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { NotificationChannel } from "../../../domain/Channel.ts"
import { AcademyId, DispatchId, MessageId } from "../../../domain/Ids.ts"
import { type AttemptName, NotificationLedger } from "../../../ports/NotificationLedger.ts"
import { BackgroundSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { BegunRow, decodeMessage, MessageRow, reachOf, selectMessage, sinceOf, triedOf } from "./MessageSelect.ts"
import { makePlanning } from "./NotificationPlanning.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodeHeld = Schema.decodeUnknownSync(
  Schema.Struct({ ...MessageRow.fields, attempt: Schema.Int, dispatchId: DispatchId, heard: Schema.String })
)
const decodeAsked = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: MessageId, begun: BegunRow })))

const decodeWhose = Schema.decodeUnknownSync(Schema.Struct({ academyId: AcademyId }))

const decodeChannels = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ channel: NotificationChannel })))

const is = (sql: SqlClient.SqlClient, attempt: AttemptName) =>
  "dispatchId" in attempt ? sql`b.id = ${attempt.dispatchId}` : sql`b.provider_id = ${attempt.providerId}`

/** What a provider took may be told of for so long. */
const askedFor = "80 hours"

/** Waits between the times at which a provider is asked, by how long ago it took the message. */
const nextAsk = `case
  when now() - m.accepted_at < interval '4 minutes' then interval '5 minutes'
  when now() - m.accepted_at < interval '20 minutes' then interval '30 minutes'
  when now() - m.accepted_at < interval '1 hour' then interval '2 hours'
  when now() - m.accepted_at < interval '3 hours' then interval '8 hours'
  else interval '24 hours' end`

export const layer = Layer.effect(
  NotificationLedger,
  Effect.gen(function*() {
    const background = yield* BackgroundSql
    const sql = yield* SqlClient.SqlClient
    return NotificationLedger.of({
      ...makePlanning(background),

      load: Effect.fn("NotificationLedger.load")(function*(id) {
        const [row] = yield* orUnavailable(selectMessage(sql, id))
        return row === undefined ? Option.none() : Option.some(decodeMessage(row))
      }),

      begin: (id, channel, provider, dispatchId) =>
        orUnavailable(sql<{ number: number }>`
          with mine as (
            update message set status = 'SENDING', provider = ${provider}, reason = null, updated_at = now()
            where id = ${id} and channel = ${channel}
              and (status = 'PLANNED' or (status = 'UNDELIVERED'
                and not exists (select from message again where again.resend_of = ${id}))) returning id
          )
          insert into message_attempt (id, message_id, number, channel, provider)
          select ${dispatchId}, id, 1 + (select count(*) from message_attempt where message_id = ${id}), ${channel},
            ${provider}
          from mine returning number`).pipe(Effect.map(([row]) => Option.fromUndefinedOr(row?.number))),

      keep: (dispatchId, key) =>
        orUnavailable(sql`
          update message_attempt set key = ${key} where id = ${dispatchId} and finished_at is null returning 1`).pipe(
          Effect.map((rows) => rows.length === 1)
        ),

      hold: (attempt) =>
        orUnavailable(background`
          select m.id, m.status, m.channel, m.deliver_by as "deliverBy", m.academy_id as "academyId",
            ${sinceOf(background)} as since,
            (select count(*)::int from message_attempt o where o.message_id = m.id) as attempts,
            ${triedOf(background)} as tried, ${reachOf(background, background`m.academy_id`)} as reach,
            b.number as attempt, b.id as "dispatchId", coalesce(b.receipt, '') as heard
          from message_attempt b join message m on m.id = b.message_id join member r on r.id = m.recipient_id
          where ${is(background, attempt)} for no key update of m`).pipe(
          Effect.map(([row]) => (row === undefined ? Option.none() : Option.some(decodeHeld(row))))
        ),

      whose: (attempt) =>
        orUnavailable(sql`
          select m.academy_id as "academyId" from message_attempt b join message m on m.id = b.message_id
          where ${is(sql, attempt)}`).pipe(
          Effect.map(([row]) => (row === undefined ? Option.none() : Option.some(decodeWhose(row).academyId)))
        ),

      conclude: Effect.fnUntraced(function*(held, { as, ask, outcome: said }, conclusion) {
        const { dispatchId, id } = held
        const providerId = said._tag === "Accepted" ? said.providerId : null
        const cost = said._tag === "Accepted" ? said.cost ?? null : null
        yield* keep(
          background,
          as === "answer"
            // Once: another process may have brought it to its end before. What is not known is no end.
            ? background`
              update message_attempt set outcome = ${said._tag}, detail = ${said.rule},
                provider_id = coalesce(${providerId}::text, provider_id), cost = ${cost}::numeric,
                finished_at = case when ${said._tag} <> 'Ambiguous' then now() end
              where id = ${dispatchId} and finished_at is null`
            : background`
              update message_attempt set receipt = ${said.rule}, receipt_at = now(),
                provider_id = coalesce(provider_id, ${providerId}::text) where id = ${dispatchId}`
        )
        if (conclusion === null) return
        const { channel, reason, status } = conclusion
        yield* keep(
          background,
          background`
          update message set status = ${status}, channel = ${channel}, reason = ${reason}::text, updated_at = now(),
            accepted_at = case when ${status} in ('ACCEPTED', 'DELIVERED', 'UNKNOWN') then coalesce(accepted_at, now())
              else accepted_at end,
            delivered_at = case when ${status} = 'DELIVERED' then now() else delivered_at end,
            ask_at = case when ${ask} and ${status} in ('ACCEPTED', 'UNKNOWN') then now() + interval '1 minute' end
          where id = ${id}`,
          1
        )
      }),

      drop: (id, status, reason) =>
        orUnavailable(sql`
          update message set status = ${status}, reason = ${reason}, updated_at = now()
          where id = ${id} and status in ('PLANNED', 'UNDELIVERED')`),

      expire: orUnavailable(sql`
        update message set status = case when status = 'PLANNED' then 'EXPIRED' else 'UNKNOWN' end,
          reason = case when status = 'PLANNED' then 'too-late' else coalesce(reason, 'never-told') end, updated_at = now()
        where (status = 'PLANNED' and deliver_by < now())
          or (status = 'SENDING' and updated_at < now() - interval ${sql.literal(`'${askedFor}'`)})
        returning channel`).pipe(
        Effect.map((rows) => decodeChannels(rows).map(({ channel }) => channel))
      ),

      toAsk: (limit) =>
        orUnavailable(sql`
          with due as (
            select m.id from message m where m.ask_at <= now() order by m.ask_at limit ${limit} for update skip locked
          ), noted as (
            update message m set ask_at = case when now() - m.accepted_at < interval ${sql.literal(`'${askedFor}'`)}
              then now() + ${sql.literal(nextAsk)} end
            from due where m.id = due.id returning m.id, m.academy_id
          )
          select n.id, (
            select jsonb_build_object('id', b.id, 'academyId', n.academy_id, 'channel', b.channel, 'key', b.key,
              'credentials', encode(own.credentials, 'base64'))
            from message_attempt b
            left join academy_channel own on own.academy_id = n.academy_id and own.channel = b.channel
            where b.message_id = n.id order by b.number desc limit 1) as begun
          from noted n`).pipe(
          Effect.map((rows) => decodeAsked(rows).map(({ begun, id }) => ({ message: { id }, begun })))
        )
    })
  })
)
