/**
 * The channels of development: they "send" by storing the message, which `/dev/inbox` shows. A message is there once: who
 * comes later with the same attempt, or after it was found not to have gone out, finds the place taken.
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { AcademyId, MessageId } from "../../../domain/Ids.ts"
import type { Outcome } from "../../../domain/Message.ts"
import { HandlerFailure } from "../../../ports/EventHandler.ts"
import { Inbox } from "../../../ports/Inbox.ts"
import type { Sending } from "../../../ports/NotificationPort.ts"
import { orUnavailable } from "../postgres/Faults.ts"

const stored = { _tag: "Accepted", rule: "sandbox", providerId: "sandbox" } as const
const notStored = { _tag: "NotSent", rule: "sandbox-never" } as const

/** Carries any channel. */
export const sandbox: Effect.Effect<Sending, never, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return {
    provider: "sandbox",
    receipts: false,
    paid: false,
    send: Effect.fnUntraced(function*(dispatch, keep) {
      yield* keep(dispatch.id)
      return yield* orUnavailable(sql`
        insert into sandbox_message (id, academy_id, channel, recipient, body)
        values (${dispatch.id}, ${dispatch.academyId}, ${dispatch.channel}, ${dispatch.phone ?? "device"},
          ${dispatch.text.body})
        on conflict (id) do nothing returning 1`).pipe(
        Effect.map((rows): Outcome => (rows.length === 1 ? stored : notStored)),
        // It may be there, and only the answer was lost.
        Effect.catch(() => Effect.succeed<Outcome>({ _tag: "Ambiguous", rule: "sandbox-storage" }))
      )
    }),
    resume: ({ academyId, channel, id }) =>
      orUnavailable(sql`
        insert into sandbox_message (id, academy_id, channel, recipient, body)
        values (${id}, ${academyId}, ${channel}, '', null)
        on conflict (id) do update set at = sandbox_message.at returning body is not null as there`).pipe(
        Effect.map(([row]): Outcome => (row?.["there"] === true ? stored : notStored)),
        Effect.mapError(() =>
          new HandlerFailure({
            class: "transient",
            rule: "sandbox-storage",
            message: "the sandbox's table cannot be reached"
          })
        )
      )
  }
})

interface Row {
  readonly id: string
  readonly academyId: string
  readonly channel: string
  readonly recipient: string
  readonly name: string | null
  readonly body: string
  readonly at: Date
}

export const layerInbox = Layer.effect(
  Inbox,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return Inbox.of({
      list: ({ academyId, limit, since }) =>
        orUnavailable(sql<Row>`
          select s.id, s.academy_id as "academyId", s.channel, s.recipient, owner.name, s.body, s.at
          from sandbox_message s
          left join member owner
            on owner.academy_id = s.academy_id and owner.phone = s.recipient and not owner.phone_shared
          where ${
          sql.and([
            // What was not sent has no text.
            sql`s.body is not null`,
            ...(academyId === undefined ? [] : [sql`s.academy_id = ${academyId}`]),
            ...(since === undefined ? [] : [sql`s.at >= ${since}`])
          ])
        }
          order by s.at desc, s.id desc limit ${limit}`).pipe(
          Effect.map((rows) =>
            rows.map((row) => ({ ...row, id: MessageId.make(row.id), academyId: AcademyId.make(row.academyId) }))
          )
        )
    })
  })
)
