import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { PhoneNumber } from "../../../domain/PhoneNumber.ts"
import { Senders } from "../../../ports/Senders.ts"
import { orUnavailable } from "./Faults.ts"
import { templatesOf } from "./MessageSelect.ts"

const decode = Schema.decodeUnknownSync(Schema.Struct({
  academyName: Schema.String,
  sender: Schema.Struct({
    from: Schema.NullOr(PhoneNumber),
    profile: Schema.NullOr(Schema.String),
    credentials: Schema.NullOr(Schema.String)
  }),
  templates: Schema.Record(Schema.String, Schema.NullOr(Schema.String))
}))

export const layer = Layer.effect(
  Senders,
  Effect.map(SqlClient.SqlClient, (sql) =>
    Senders.of({
      of: Effect.fn("Senders.of")((academyId, channel) =>
        orUnavailable(sql`
          select ac.name as "academyName",
            jsonb_build_object('from', own.sender, 'profile', own.profile,
              'credentials', encode(own.credentials, 'base64')) as sender,
            ${templatesOf(sql, sql`ac.id`, channel)} as templates
          from academy ac left join academy_channel own on own.academy_id = ac.id and own.channel = ${channel}
          where ac.id = ${academyId}`).pipe(
          Effect.map(([row]) => (row === undefined ? Option.none() : Option.some(decode(row))))
        )
      )
    }))
)
