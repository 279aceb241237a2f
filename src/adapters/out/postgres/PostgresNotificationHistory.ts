import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Told } from "../../../domain/Notification.ts"
import { NotificationHistory } from "../../../ports/NotificationHistory.ts"
import { orUnavailable } from "./Faults.ts"

/** A roll of 500 with two parents each, told twice. */
const most = 2_000

const decode = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ ...Told.fields, at: Schema.DateTimeUtcFromDate })))

export const layer = Layer.effect(
  NotificationHistory,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return NotificationHistory.of({
      ofSession: Effect.fn("NotificationHistory.ofSession")((academyId, sessionId) =>
        orUnavailable(sql`
          select n.kind, n.student_id as "studentId", n.recipient_id as "recipientId", r.name as "recipientName",
            g.relationship, m.status, m.updated_at as at
          from notification n
          join message m on m.id = n.message_id
          join member r on r.id = n.recipient_id
          left join guardianship g on g.student_id = n.student_id and g.parent_id = n.recipient_id
          where n.session_id = ${sessionId} and n.academy_id = ${academyId}
          order by n.created_at, n.id limit ${most}`).pipe(Effect.map((rows) => decode(rows)))
      )
    })
  })
)
