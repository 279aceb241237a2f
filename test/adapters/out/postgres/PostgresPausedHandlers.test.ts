import { NodeCrypto } from "@effect/platform-node"
import { assert, expect, layer } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { HeartbeatSql } from "../../../../src/adapters/out/postgres/Clients.ts"
import * as PostgresPausedHandlers from "../../../../src/adapters/out/postgres/PostgresPausedHandlers.ts"
import { AcademyId, MemberId } from "../../../../src/domain/Ids.ts"
import { PausedHandlers } from "../../../../src/ports/PausedHandlers.ts"
import { freshDatabase } from "../../../support/postgres.ts"

const me = MemberId.make(randomUUID())
const byApi = { actorId: me, channel: "API", academyId: AcademyId.make(randomUUID()) } as const
const atTerminal = { actorId: null, channel: "CLI", academyId: null } as const

const audited = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`select action, subject, channel, academy_id as academy, actor_id as actor, reason
    from audit_entry order by id`
})
const paused = Effect.flatMap(
  PausedHandlers,
  ({ list }) => Effect.map(list, (all) => all.map(({ handler }) => handler))
)

layer(
  PostgresPausedHandlers.layer.pipe(Layer.provideMerge(freshDatabase), Layer.provide(NodeCrypto.layer)),
  { excludeTestServices: true }
)("paused handlers on PostgreSQL", (it) => {
  it.effect("are paused once and resumed once, each with its audit entry", () =>
    Effect.gen(function*() {
      const { list, pause, resume } = yield* PausedHandlers
      assert.isTrue(yield* pause(byApi, "SendMessage:SMS", "the provider is down"))
      expect(yield* list).toEqual([
        { handler: "SendMessage:SMS", reason: "the provider is down", pausedBy: me, pausedAt: expect.any(Date) }
      ])
      assert.isFalse(yield* pause(atTerminal, "SendMessage:SMS", "another reason"))
      expect(yield* list).toMatchObject([{ reason: "the provider is down", pausedBy: me }])
      assert.isTrue(yield* resume(atTerminal, "SendMessage:SMS"))
      assert.isFalse(yield* resume(atTerminal, "SendMessage:SMS"))
      expect(yield* list).toEqual([])
      // Of no academy: it is the same for all of them.
      expect(yield* audited).toEqual([
        {
          action: "handler.pause",
          subject: "handler/SendMessage:SMS",
          channel: "API",
          academy: null,
          actor: me,
          reason: "the provider is down"
        },
        {
          action: "handler.resume",
          subject: "handler/SendMessage:SMS",
          channel: "CLI",
          academy: null,
          actor: null,
          reason: null
        }
      ])
    }))

  it.effect("of two who pause at once one does", () =>
    Effect.gen(function*() {
      const { pause, resume } = yield* PausedHandlers
      const both = yield* Effect.all([pause(byApi, "Statistics", "a"), pause(atTerminal, "Statistics", "b")], {
        concurrency: 2
      })
      assert.sameMembers(both, [true, false])
      assert.isTrue(yield* resume(byApi, "Statistics"))
    }))

  it.effect("the bell of all processes rings when something changed, and only then", () =>
    Effect.gen(function*() {
      const { pause, resume } = yield* PausedHandlers
      const heard = yield* (yield* HeartbeatSql).listen("ams_delivery")
      const heardNow = Effect.gen(function*() {
        // Notifications come in the order of their transactions: behind this one nothing of before is missing.
        const sql = yield* SqlClient.SqlClient
        yield* sql`select pg_notify('ams_delivery', 'end')`
        const before: Array<string> = []
        while (true) {
          const { payload } = yield* Queue.take(heard)
          if (payload === "end") return before
          before.push(payload)
        }
      })
      yield* pause(byApi, "Notifications", "a")
      expect(yield* heardNow).toHaveLength(1)
      yield* pause(byApi, "Notifications", "a")
      expect(yield* heardNow).toHaveLength(0)
      yield* resume(byApi, "Notifications")
      expect(yield* heardNow).toHaveLength(1)
    }).pipe(Effect.scoped))

  it.effect("a handler that this version does not have is not among them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`insert into paused_handler (handler, reason) values ('Forgotten', 'of an older version')`
      expect(yield* paused).toEqual([])
    }))
})
