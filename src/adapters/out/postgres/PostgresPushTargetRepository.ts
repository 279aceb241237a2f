import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { mostPushTargets, PushTargetView } from "../../../domain/PushTarget.ts"
import { PushTargetRepository } from "../../../ports/PushTargetRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ ...PushTargetView.fields, registeredAt: Schema.DateTimeUtcFromDate }))
)
/** The token itself stays here: only what sends reads it. */
const view = `id, platform, right(token, 6) as "tokenEnding", updated_at as "registeredAt"`
/** As the index has it: a token is longer than an index takes. */
const digest = `sha256(replace(token, '\\', '\\\\')::bytea)`

export const layer = Layer.effect(
  PushTargetRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return PushTargetRepository.of({
      put: Effect.fnUntraced(function*({ academyId, id, memberId, platform, token }) {
        // Two devices of one person come one after the other, so that both are counted.
        yield* lock(command, command`select from member where id = ${memberId} for no key update`)
        const [put] = decode(
          yield* orUnavailable(command`
            insert into push_target (id, academy_id, member_id, platform, token)
            values (${id}, ${academyId}, ${memberId}, ${platform}, ${token})
            on conflict (${command.literal(digest)}) do update set academy_id = excluded.academy_id,
              member_id = excluded.member_id, platform = excluded.platform, updated_at = now()
            returning ${command.literal(view)}`)
        )
        yield* keep(
          command,
          command`delete from push_target where id in (
            select id from push_target where member_id = ${memberId}
            order by (id = ${put?.id ?? id}) desc, updated_at desc, id desc offset ${mostPushTargets})`
        )
        return put ?? (yield* Effect.die(new Error("an upsert without a row")))
      }),
      list: Effect.fn("PushTargetRepository.list")(function*(memberId) {
        return decode(
          yield* orUnavailable(sql`
            select ${
            sql.literal(view)
          } from push_target where member_id = ${memberId} order by updated_at desc, id desc`)
        )
      }),
      remove: Effect.fn("PushTargetRepository.remove")(function*(memberId, id) {
        const removed = yield* orUnavailable(
          sql`delete from push_target where id = ${id} and member_id = ${memberId} returning id`
        )
        return removed.length > 0
      }),
      drop: Effect.fn("PushTargetRepository.drop")(function*({ id, token }) {
        yield* orUnavailable(sql`delete from push_target where id = ${id} and token = ${token}`)
      })
    })
  })
)
