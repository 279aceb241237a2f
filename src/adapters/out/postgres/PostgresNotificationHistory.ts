import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Told } from "../../../domain/Notification.ts"
import { NotificationHistory } from "../../../ports/NotificationHistory.ts"
import { orUnavailable } from "./Faults.ts"
import { decodeMeasures, inFullOf, makeSelects, sentOf } from "./SentMessages.ts"

/** A roll of 500 with two parents each, told twice. */
const most = 2_000

const decode = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ ...Told.fields, at: Schema.DateTimeUtcFromDate })))

export const layer = Layer.effect(
  NotificationHistory,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const select = makeSelects(sql)
    return NotificationHistory.of({
      ofSession: Effect.fn("NotificationHistory.ofSession")((academyId, sessionId) =>
        orUnavailable(sql`
          select n.kind, n.student_id as "studentId", n.recipient_id as "recipientId", r.name as "recipientName",
            g.relationship, m.status, m.channel, m.reason, m.updated_at as at
          from notification n
          join message m on m.id = n.message_id
          join member r on r.id = n.recipient_id
          left join guardianship g on g.student_id = n.student_id and g.parent_id = n.recipient_id
          where n.session_id = ${sessionId} and n.academy_id = ${academyId}
          order by n.created_at, n.id limit ${most}`).pipe(Effect.map((rows) => decode(rows)))
      ),

      list: Effect.fn("NotificationHistory.list")((filter, page) =>
        Effect.map(orUnavailable(select.list(filter, page)), sentOf)
      ),

      find: Effect.fn("NotificationHistory.find")((academyId, id) =>
        Effect.map(orUnavailable(select.find(academyId, id)), (rows) => Option.fromUndefinedOr(inFullOf(rows)[0]))
      ),

      measures: Effect.fn("NotificationHistory.measures")((academyId, days) =>
        Effect.map(orUnavailable(select.measures(academyId, days)), (rows) => decodeMeasures(rows))
      )
    })
  })
)
