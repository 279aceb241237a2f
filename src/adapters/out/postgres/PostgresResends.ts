import { Duration, Effect, Layer, Option, Schema } from "effect"
import { AcademyId, MemberId, MessageId, NotificationId } from "../../../domain/Ids.ts"
import { MessageStatus, NotificationKind } from "../../../domain/Notification.ts"
import { Resends } from "../../../ports/Resends.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { mayBeTold, Reach, reachOf } from "./MessageSelect.ts"
import { keep } from "./PostgresUnitOfWork.ts"
import { inFullOf, makeSelects } from "./SentMessages.ts"

const decode = Schema.decodeUnknownSync(Schema.Struct({
  id: MessageId,
  academyId: AcademyId,
  recipientId: MemberId,
  status: MessageStatus,
  reach: Reach,
  resends: Schema.Int,
  underWay: Schema.NullOr(Schema.Struct({ id: MessageId, status: MessageStatus })),
  lines: Schema.Array(Schema.Struct({
    id: NotificationId,
    kind: NotificationKind,
    // Out of JSON, where an instant is a string.
    sessionEndsAt: Schema.NullOr(Schema.DateTimeUtcFromString),
    mayBeTold: Schema.Boolean
  }))
}))

export const layer = Layer.effect(
  Resends,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const select = makeSelects(command)
    return Resends.of({
      find: (academyId, id) =>
        orUnavailable(command`
          select m.id, m.academy_id as "academyId", m.recipient_id as "recipientId", m.status,
            ${reachOf(command, command`m.academy_id`)} as reach, told.resends, told."underWay",
            (select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'kind', n.kind,
                'sessionEndsAt', to_char(s.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'mayBeTold', ${command.literal(mayBeTold)}) order by n.id), '[]')
              from notification n left join class_session s on s.id = n.session_id where n.message_id = m.id) as lines
          from message m join member r on r.id = m.recipient_id
          cross join lateral (
            select coalesce(max(o.resend), 0) as resends, (array_agg(jsonb_build_object('id', om.id, 'status', om.status))
              filter (where om.status in ('PLANNED', 'SENDING')))[1] as "underWay"
            from notification n join notification o on o.academy_id = n.academy_id and o.kind = n.kind
              and o.recipient_id = n.recipient_id and o.occasion = n.occasion
              and o.session_id is not distinct from n.session_id and o.leave_id is not distinct from n.leave_id
              and o.student_id is not distinct from n.student_id
            join message om on om.id = o.message_id
            where n.message_id = m.id
          ) told
          where m.id = ${id} and m.academy_id = ${academyId}`).pipe(
          Effect.map(([row]) => (row === undefined ? Option.none() : Option.some(decode(row))))
        ),

      plan: Effect.fnUntraced(function*(resend, { by, lines, reason }) {
        yield* keep(
          command,
          command`
            insert into message (id, academy_id, recipient_id, status, channel, reason, deliver_by, resend_of, resent_by,
              resend_reason)
            values (${resend.id}, ${resend.academyId}, ${resend.recipientId}, ${resend.status}, ${resend.channel}::text,
              ${resend.reason}::text, now() + ${Math.round(Duration.toSeconds(resend.deliverWithin))}::int
                * interval '1 second', ${resend.of}, ${by}::uuid, ${reason})`
        )
        yield* keep(
          command,
          command`
            insert into notification (id, academy_id, kind, session_id, leave_id, student_id, occasion, event_id,
              recipient_id, message_id, resend)
            select new.id, n.academy_id, n.kind, n.session_id, n.leave_id, n.student_id, n.occasion, n.event_id,
              n.recipient_id, ${resend.id}, ${resend.number}
            from unnest(${resend.lines}::uuid[], ${lines}::uuid[]) as new(of, id) join notification n on n.id = new.of`
        )
        const [planned] = inFullOf(yield* orUnavailable(select.find(resend.academyId, resend.id)))
        return planned ?? (yield* Effect.die(new Error("a message that was planned is not there")))
      })
    })
  })
)
