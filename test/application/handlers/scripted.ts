/** One class, one child, and channels that answer as a script says. On real PostgreSQL. */
import { Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import * as Router from "../../../src/adapters/out/notification/Router.ts"
import * as UnitsOfWork from "../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import * as Seals from "../../../src/adapters/out/security/AesSeals.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { notifications } from "../../../src/application/handlers/Notifications.ts"
import { sendMessage } from "../../../src/application/handlers/SendMessage.ts"
import { Receipts } from "../../../src/application/Receipts.ts"
import { NotificationChannel } from "../../../src/domain/Channel.ts"
import { DispatchId } from "../../../src/domain/Ids.ts"
import type { Outcome } from "../../../src/domain/Message.ts"
import type { Dispatch, NotificationPort, Sending } from "../../../src/ports/NotificationPort.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"

export const accepted: Outcome = { _tag: "Accepted", rule: "ok", providerId: "p" }
export const said = (
  tag: "ChannelUnavailable" | "Refused" | "InvalidRecipient" | "Ambiguous" | "NotSent"
): Outcome => ({
  _tag: tag,
  rule: `test-${tag}`
})

/** Channels that answer as the script says, each call the next one and the last one for ever. */
export const world = (script: Readonly<Record<string, ReadonlyArray<Outcome>>>) => {
  const sent: Array<Dispatch> = []
  const asked: Array<boolean> = []
  const meanwhile: Array<Effect.Effect<void>> = []
  const queues = new Map(Object.entries(script).map(([channel, outcomes]) => [channel, [...outcomes]]))
  const next = (channel: string): Outcome => {
    const queue = queues.get(channel) ?? []
    return (queue.length > 1 ? queue.shift() : queue[0]) ?? accepted
  }
  const sending: Sending = {
    provider: "scripted",
    receipts: true,
    paid: false,
    send: (dispatch, keep) =>
      Effect.gen(function*() {
        yield* keep(dispatch.id)
        sent.push(dispatch)
        yield* meanwhile.shift() ?? Effect.void
        return next(dispatch.channel)
      }),
    resume: ({ channel }, go) =>
      Effect.sync(() => {
        asked.push(go)
        return next(channel)
      })
  }
  const rows = Object.keys(script).map((name) =>
    ({ channel: NotificationChannel.make(name), reaches: "PHONE", carrier: Effect.succeed(sending) }) as const
  )
  const handlers = Effect.gen(function*() {
    const background = Effect.provide(UnitsOfWork.layerBackground)
    const senders = yield* Effect.forEach(rows, ({ channel }) => background(sendMessage(channel)))
    return [yield* background(notifications), ...senders]
  })
  return { sent, asked, meanwhile, handlers, layer: Layer.provide(Router.layer(rows), Seals.layer(Option.none())) }
}

/** A class with one child; commands first, then everything by hand. */
export const played = <A, E>(
  { layer }: ReturnType<typeof world>,
  play: (
    given: Effect.Success<ReturnType<typeof makeAcademy>>
  ) => Effect.Effect<A, E, Layer.Success<ReturnType<typeof coreOn>> | NotificationPort | Receipts>
) =>
  Effect.scoped(Effect.gen(function*() {
    const { url } = yield* freshDatabaseUrl()
    return yield* Effect.flatMap(makeAcademy({ students: 1 }), play).pipe(
      Effect.provide(
        Layer.provide(Receipts.layer, UnitsOfWork.layerBackground).pipe(
          Layer.provideMerge(layer),
          Layer.provideMerge(coreOn(url))
        )
      )
    )
  }))

export const confirmed = Effect.fnUntraced(function*(given: Effect.Success<ReturnType<typeof makeAcademy>>) {
  const commands = yield* AttendanceCommands
  const studentId = given.students[0]?.student.memberId ?? given.teacher.memberId
  yield* commands.confirm(given.session.id, [{ studentId }]).pipe(as(given.teacher))
})

export const messages = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ kind: string; status: string; channel: string; reason: string | null }>`
    select (select min(kind) from notification n where n.message_id = m.id) as kind, status, channel, reason
    from message m order by id`
  return rows.map(({ channel, kind, reason, status }) => [kind, status, channel, reason])
})

/** The latest attempt's id. */
export const lastAttempt = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ id: string }>`select id from message_attempt order by started_at desc, number desc limit 1`
  return DispatchId.make(row?.id ?? "")
})
export const receipt = (dispatchId: DispatchId, outcome: Outcome) =>
  Effect.flatMap(Receipts, ({ take }) => take({ attempt: { dispatchId }, outcome }))

export const delivered: Outcome = { _tag: "Delivered", rule: "4000" }
export const notThere: Outcome = { _tag: "ChannelUnavailable", rule: "3104" }
