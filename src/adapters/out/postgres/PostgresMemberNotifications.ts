import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { noPreference, NotificationPreference } from "../../../domain/NotificationPreference.ts"
import { OwnNotification } from "../../../domain/OwnNotification.ts"
import { MemberNotifications } from "../../../ports/MemberNotifications.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decodePreference = Schema.decodeUnknownSync(NotificationPreference)
const decodeTold = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...OwnNotification.fields, at: Schema.DateTimeUtcFromDate }))
)

export const layer = Layer.effect(
  MemberNotifications,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return MemberNotifications.of({
      preference: Effect.fn("MemberNotifications.preference")(function*(memberId) {
        const [row] = yield* orUnavailable(
          sql`select channels, muted from notification_preference where member_id = ${memberId}`
        )
        return row === undefined ? noPreference : decodePreference(row)
      }),
      putPreference: (memberId, { channels, muted }) =>
        keep(
          command,
          command`insert into notification_preference (member_id, channels, muted, version)
            values (${memberId}, ${channels}::text[], ${muted}::text[], 1)
            on conflict (member_id) do update set channels = excluded.channels, muted = excluded.muted,
              version = notification_preference.version + 1, updated_at = now()`
        ),
      told: Effect.fn("MemberNotifications.told")(function*(academyId, recipientId, { after, limit }) {
        return decodeTold(
          yield* orUnavailable(sql`
            select n.id, n.kind, n.session_id as "sessionId", n.leave_id as "leaveId", n.student_id as "studentId",
              s.name as "studentName", c.name as "className", coalesce(cs.day, l.from_date) as day,
              m.status, m.channel, m.updated_at as at
            from notification n join message m on m.id = n.message_id
              left join member s on s.id = n.student_id
              left join class_session cs on cs.id = n.session_id
              left join class c on c.id = cs.class_id
              left join leave_note l on l.id = n.leave_id
            where n.recipient_id = ${recipientId} and n.academy_id = ${academyId}
              and ${after === undefined ? sql`true` : sql`n.id < ${after}`}
              and not exists (select from guardianship g
                where g.student_id = n.student_id and g.parent_id = n.recipient_id and not g.may_be_told)
            order by n.id desc limit ${limit}`)
        )
      })
    })
  })
)
