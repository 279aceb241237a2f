import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId } from "../../../domain/Ids.ts"
import { TemplateStates } from "../../../ports/TemplateStates.ts"
import { orUnavailable } from "./Faults.ts"

/** The only channel with templates. */
const channel = "KAKAO_TALK"

const decodeOwn = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({
  academyId: AcademyId,
  template: Schema.String,
  providerId: Schema.String,
  credentials: Schema.NullOr(Schema.String),
  off: Schema.NullOr(Schema.String)
})))

export const layer = Layer.effect(
  TemplateStates,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return TemplateStates.of({
      own: orUnavailable(sql`
        select t.academy_id as "academyId", t.template, t.provider_id as "providerId",
          encode(c.credentials, 'base64') as credentials,
          case when t.off_since is not null then coalesce(t.off_reason, '') end as off
        from academy_template t
        left join academy_channel c on c.academy_id = t.academy_id and c.channel = t.channel
        where t.channel = ${channel} and t.provider_id is not null order by t.academy_id, t.template`).pipe(
        Effect.map((rows) => decodeOwn(rows))
      ),

      systemOff: orUnavailable(sql<{ template: string; reason: string }>`
        select template, off_reason as reason from system_template_off where channel = ${channel}`).pipe(
        Effect.map((rows) => Object.fromEntries(rows.map(({ reason, template }) => [template, reason])))
      ),

      turn: ({ academyId, template }, off) => {
        if (academyId !== null) {
          return orUnavailable(sql`
            update academy_template set off_reason = ${off}::text,
              off_since = case when ${off}::text is not null then coalesce(off_since, now()) end
            where academy_id = ${academyId} and channel = ${channel} and template = ${template}`)
        }
        return orUnavailable(
          off === null
            ? sql`delete from system_template_off where channel = ${channel} and template = ${template}`
            : sql`insert into system_template_off (channel, template, off_reason) values (${channel}, ${template}, ${off})
                on conflict (channel, template) do update set off_reason = excluded.off_reason`
        )
      }
    })
  })
)
