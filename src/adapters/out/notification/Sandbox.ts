/**
 * The channel of development: "sends" by storing the message, which `/dev/inbox` shows. It keeps the promise of the
 * port that a message handed over twice is there once.
 */
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, MessageId } from "../../../domain/Ids.ts"
import { HandlerFailure } from "../../../ports/EventHandler.ts"
import { Inbox } from "../../../ports/Inbox.ts"
import { NotificationPort } from "../../../ports/NotificationPort.ts"
import { orUnavailable } from "../postgres/Faults.ts"

/** `unknown` for a message: it may be there, and only the answer was lost. */
const unreachable = (failure: "transient" | "unknown") => () =>
  new HandlerFailure({ class: failure, rule: "sandbox-storage", message: "the sandbox's table cannot be reached" })

export const layer = Layer.effect(
  NotificationPort,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return NotificationPort.of({
      channel: "KAKAO_TALK",
      provider: "sandbox",
      send: (message) =>
        orUnavailable(sql`
          insert into sandbox_message (id, academy_id, channel, recipient, body)
          values (${message.id}, ${message.academyId}, 'KAKAO_TALK', ${message.to}, ${message.text})
          on conflict (id) do nothing`).pipe(
          Effect.mapError(unreachable("unknown")),
          Effect.as(`sandbox-${message.id}`)
        ),
      lookUp: (id) =>
        orUnavailable(sql`select 1 from sandbox_message where id = ${id}`).pipe(
          Effect.mapError(unreachable("transient")),
          Effect.map((rows) => (rows.length === 0 ? Option.none() : Option.some(`sandbox-${id}`)))
        )
    })
  })
)

export const layerInbox = Layer.effect(
  Inbox,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return Inbox.of({
      list: ({ academyId, limit }) =>
        orUnavailable(
          sql<{ id: string; academyId: string; channel: string; recipient: string; body: string; at: Date }>`
          select id, academy_id as "academyId", channel, recipient, body, at from sandbox_message
          where ${academyId === undefined ? sql`true` : sql`academy_id = ${academyId}`}
          order by at desc, id desc limit ${limit}`
        ).pipe(
          Effect.map((rows) =>
            rows.map((row) => ({ ...row, id: MessageId.make(row.id), academyId: AcademyId.make(row.academyId) }))
          )
        )
    })
  })
)
