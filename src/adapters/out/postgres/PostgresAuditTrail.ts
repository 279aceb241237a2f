import { DateTime, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLine } from "../../../domain/Audit.ts"
import { AuditTrail } from "../../../ports/AuditTrail.ts"
import { Caller } from "../../../ports/Caller.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(
  Schema.Array(AuditLine.mapFields((fields) => ({ ...fields, at: Schema.DateTimeUtcFromDate })))
)

export const layer = Layer.effect(
  AuditTrail,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return AuditTrail.of({
      write: Effect.fnUntraced(function*({ academyId, action, actorId, channel, detail, reason, subject }) {
        const { address, device } = yield* Caller
        yield* keep(
          command,
          command`insert into audit_entry (id, academy_id, actor_id, channel, action, subject, reason, detail, address, device)
            values (uuidv7(), ${academyId}::uuid, ${actorId}::uuid, ${channel}, ${action}, ${subject},
              ${reason ?? null}::text, ${detail ?? null}::text, ${address}::text, ${device}::text)`
        )
      }),
      list: Effect.fn("AuditTrail.list")(
        function*({ academyId, action, actorId, after, before, from, limit, subject }) {
          const wanted = [
            ...(academyId === null ? [] : [sql`a.academy_id = ${academyId}`]),
            ...(actorId === undefined ? [] : [sql`a.actor_id = ${actorId}`]),
            ...(subject === undefined ? [] : [sql`a.subject = ${subject}`]),
            ...(action === undefined ? [] : [sql`a.action = ${action}`]),
            ...(from === undefined ? [] : [sql`a.at >= ${DateTime.toDateUtc(from)}`]),
            ...(before === undefined ? [] : [sql`a.at < ${DateTime.toDateUtc(before)}`]),
            ...(after === undefined ? [] : [sql`a.id < ${after}`])
          ]
          return decode(
            yield* orUnavailable(sql`
              select a.id, a.at, a.academy_id as "academyId", a.actor_id as "actorId", m.name as "actorName", a.channel,
                a.action, a.subject, a.reason, a.detail, a.address, a.device
              from audit_entry a left join member m on m.id = a.actor_id
              where ${wanted.length === 0 ? sql`true` : sql.and(wanted)} order by a.id desc limit ${limit}`)
          )
        }
      )
    })
  })
)
