/** A sender killed between any two steps of a message tells nobody twice, by the journal of the provider. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as UnitsOfWork from "../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { AttendanceCommands } from "../../src/application/commands/AttendanceCommands.ts"
import * as Delivery from "../../src/application/events/Delivery.ts"
import { notifications } from "../../src/application/handlers/Notifications.ts"
import { sendMessage } from "../../src/application/handlers/SendMessage.ts"
import { NotificationPort } from "../../src/ports/NotificationPort.ts"
import { as, makeAcademy } from "../support/academy.ts"
import { becomes, eventually } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { bare } from "../support/bare.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"
import type { Rule } from "../support/providers/script.ts"
import { approved, environmentOf, settingsOf } from "../support/providers/settings.ts"
import { startProviders } from "../support/providers/start.ts"

const planning = Delivery.layer(
  Effect.map(Effect.provide(notifications, UnitsOfWork.layerBackground), (handler) => [handler])
)
const senders = Delivery.layer(Effect.gen(function*() {
  const { ways } = yield* NotificationPort
  return yield* Effect.all(ways.map(({ channel }) => Effect.provide(sendMessage(channel), UnitsOfWork.layerBackground)))
}))

/** A child was confirmed, and its parent's message is planned; on this channel. */
const planned = Effect.fnUntraced(function*(url: Redacted.Redacted, channel: "KAKAO_TALK" | "PUSH") {
  const given = yield* makeAcademy({ students: 1 })
  const sql = yield* SqlClient.SqlClient
  const [one] = given.students
  if (one === undefined) return yield* Effect.die("one student")
  if (channel === "PUSH") {
    yield* sql`insert into push_target (id, academy_id, member_id, platform, token)
      values (uuidv7(), ${given.academy.id}, ${one.parent.memberId}, 'ANDROID', 'a-device-of-the-parent')`
  }
  const commands = yield* AttendanceCommands
  yield* commands.confirm(given.session.id, [{ studentId: one.student.memberId }]).pipe(as(given.teacher))
  yield* Effect.scoped(Effect.andThen(
    Layer.build(planning),
    becomes(
      sql<{ channel: string }>`select channel from message`,
      (rows) => assert.strictEqual(rows[0]?.channel, channel)
    )
  ))
  yield* sql`delete from event_delivery where handler not like 'SendMessage:%'`
})

/** Runs a sender of its own until it is dead. */
const killed = (env: Readonly<Record<string, string>>, whenToKill: Effect.Effect<void> | null) =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      spawn(process.execPath, [new URL("../support/sender.ts", import.meta.url).pathname], {
        env: { ...bare, ...env },
        stdio: ["ignore", "ignore", "inherit"]
      })
    ),
    (child) =>
      Effect.gen(function*() {
        const ended = Effect.promise(() => once(child, "exit"))
        if (whenToKill !== null) {
          yield* whenToKill
          child.kill("SIGKILL")
        }
        const [, signal] = yield* ended
        assert.strictEqual(signal, "SIGKILL")
      }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

interface Death {
  /** At a step of the ledger; or by a provider that does not answer at one of its own. */
  readonly at: string
  readonly provider?: Rule
}

/** What the message and the journal are in the end. */
const afterDeath = (channel: "KAKAO_TALK" | "PUSH", { at, provider }: Death) =>
  Effect.scoped(Effect.gen(function*() {
    const { url } = yield* freshDatabaseUrl()
    const providers = yield* startProviders({ templates: approved })
    const env = {
      ...environmentOf(providers),
      DATABASE_URL: Redacted.value(url),
      AMS_ENV: "production",
      LOG_LEVEL: "Error"
    }
    const settings = yield* settingsOf(env)
    yield* Effect.provide(planned(url, channel), coreOn(url, settings))
    if (provider !== undefined) providers.script.add({ ...provider, times: 1 })
    const met = eventually(
      Effect.sync(() => assert.isTrue(providers.journal.requests.some(({ fault }) => fault !== null)))
    )
    yield* killed({ ...env, DIES: at }, provider === undefined ? null : Effect.orDie(met))
    return yield* Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      // Nobody has to wait until its heartbeat is late.
      yield* sql`delete from node`
      const status = yield* Effect.scoped(Effect.andThen(
        Layer.build(senders),
        becomes(
          sql<{ status: string }>`select status from message`,
          (rows) => assert.notInclude(["PLANNED", "SENDING"], rows[0]?.status)
        )
      ))
      assert.deepStrictEqual(providers.journal.duplicates(), [])
      return [at, status[0]?.status, providers.journal.all.length]
    }).pipe(Effect.provide(Layer.provideMerge(clients(url), coreOn(url, settings))))
  }))

const hangs = (at: "create" | "add" | "send" | "push", recorded: boolean): Death => ({
  at: `${at}, ${recorded ? "done" : "not done"}`,
  provider: { at, fault: { kind: "hang", recorded } }
})
const ledgerSteps = ["begin", "keep", "hold", "conclude"].flatMap((step) => [`before ${step}`, `after ${step}`])

describe("a sender that is killed", () => {
  it.live("with SOLAPI, goes on where it was: each is told exactly once", () =>
    Effect.gen(function*() {
      const deaths: ReadonlyArray<Death> = [
        ...ledgerSteps.map((at) => ({ at })),
        ...(["create", "add", "send"] as const).flatMap((at) => [hangs(at, false), hangs(at, true)])
      ]
      const ends = yield* Effect.forEach(deaths, (death) => afterDeath("KAKAO_TALK", death), { concurrency: 3 })
      // Who is asked about it may know already that it arrived.
      assert.deepStrictEqual(
        ends.map(([at, status, told]) => [at, status === "DELIVERED" ? "ACCEPTED" : status, told]),
        deaths.map(({ at }) => [at, "ACCEPTED", 1])
      )
    }), 240_000)

  it.live(
    "with FCM, which cannot be asked, says that it does not know, and sends nothing again",
    () =>
      Effect.gen(function*() {
        const deaths: ReadonlyArray<Death> = [
          ...ledgerSteps.map((at) => ({ at })),
          hangs("push", false),
          hangs("push", true)
        ]
        const ends = yield* Effect.forEach(deaths, (death) => afterDeath("PUSH", death), { concurrency: 3 })
        assert.deepStrictEqual(ends, [
          ["before begin", "ACCEPTED", 1],
          ["after begin", "ACCEPTED", 1],
          ["before keep", "ACCEPTED", 1],
          ["after keep", "UNKNOWN", 0],
          ["before hold", "UNKNOWN", 1],
          ["after hold", "UNKNOWN", 1],
          ["before conclude", "UNKNOWN", 1],
          ["after conclude", "UNKNOWN", 1],
          ["push, not done", "UNKNOWN", 0],
          ["push, done", "UNKNOWN", 1]
        ])
      }),
    240_000
  )
})
