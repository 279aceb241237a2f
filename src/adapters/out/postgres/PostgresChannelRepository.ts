import { Effect, Layer, Option, Schema, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyChannel } from "../../../domain/AcademyChannel.ts"
import type { NotificationChannel } from "../../../domain/Channel.ts"
import type { AcademyId } from "../../../domain/Ids.ts"
import { ChannelRepository } from "../../../ports/ChannelRepository.ts"
import { CommandSql } from "./Clients.ts"
import { orUnavailable } from "./Faults.ts"
import { keep, lock } from "./PostgresUnitOfWork.ts"

const decode = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  ...AcademyChannel.fields,
  templates: Schema.Record(
    Schema.String,
    Schema.Struct({
      providerId: Schema.NullOr(Schema.String),
      offSince: Schema.NullOr(Schema.DateTimeUtcFromString),
      offReason: Schema.NullOr(Schema.String)
    })
  ),
  academyVersion: Schema.Int
})))

/** The sealed account is read only by what sends. */
const select = (
  sql: SqlClient.SqlClient,
  academyId: AcademyId,
  channels: ReadonlyArray<NotificationChannel>
) =>
  Effect.map(
    orUnavailable(sql`
      select w.channel, coalesce(c.enabled, true) as enabled, c.sender, c.profile,
        c.credentials is not null as "ownAccount", coalesce(c.version, 0) as version, a.version as "academyVersion",
        coalesce((select jsonb_object_agg(t.template, jsonb_build_object(
            'providerId', t.provider_id, 'offSince', t.off_since, 'offReason', t.off_reason))
          from academy_template t where t.academy_id = a.id and t.channel = w.channel), '{}') as templates
      from academy a cross join unnest(${channels}::text[]) with ordinality as w(channel, n)
        left join academy_channel c on c.academy_id = a.id and c.channel = w.channel
      where a.id = ${academyId} order by w.n`),
    (rows) => decode(rows)
  )

export const layer = Layer.effect(
  ChannelRepository,
  Effect.gen(function*() {
    const command = yield* CommandSql
    const sql = yield* SqlClient.SqlClient
    return ChannelRepository.of({
      list: Effect.fn("ChannelRepository.list")((academyId, channels) =>
        Effect.map(
          select(sql, academyId, channels),
          (found) => found.map(Struct.omit(["academyVersion"]))
        )
      ),
      find: Effect.fnUntraced(function*(academyId, channel) {
        yield* lock(command, command`select from academy where id = ${academyId} for no key update`)
        const [found] = yield* select(command, academyId, [channel])
        if (found === undefined) return Option.none()
        const { academyVersion, ...its } = found
        return Option.some({ channel: its, academyVersion })
      }),
      put: Effect.fnUntraced(function*(academyId, { channel, enabled, profile, sender, version }, account, templates) {
        const sealed = typeof account === "string" ? null : account
        yield* keep(
          command,
          command`insert into academy_channel (academy_id, channel, enabled, sender, profile, credentials, version)
            values (${academyId}, ${channel}, ${enabled}, ${sender}::text, ${profile}::text, ${sealed}::bytea, ${version})
            on conflict (academy_id, channel) do update set enabled = excluded.enabled, sender = excluded.sender,
              profile = excluded.profile, version = excluded.version, updated_at = now(),
              credentials = case when ${account === "as it was"} then academy_channel.credentials
                else excluded.credentials end
              where academy_channel.version = excluded.version - 1`,
          1
        )
        const own = Object.entries(templates).flatMap(([name, id]) => (id === null ? [] : [{ name, id }]))
        if (own.length > 0) {
          yield* keep(
            command,
            command`insert into academy_template (academy_id, channel, template, provider_id)
              select ${academyId}::uuid, ${channel}, name, id
              from unnest(${own.map(({ name }) => name)}::text[], ${own.map(({ id }) => id)}::text[]) as t(name, id)
              on conflict (academy_id, channel, template) do update set provider_id = excluded.provider_id,
                off_since = null, off_reason = null`
          )
        }
        const gone = Object.keys(templates).filter((name) => templates[name] === null)
        if (gone.length === 0) return
        const its = command`academy_id = ${academyId} and channel = ${channel} and template = any(${gone}::text[])`
        // A row says something: an id of the academy's own, or that the text is off, whoever's id it has.
        yield* keep(command, command`delete from academy_template where ${its} and off_since is null`)
        yield* keep(
          command,
          command`update academy_template set provider_id = null where ${its} and off_since is not null`
        )
      })
    })
  })
)
