/** A process that stood still, or whose connections hung, finishes nothing that was taken from it meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { makeAcademy, password } from "../support/academy.ts"
import { type Ams, becomes, call, login, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"
import { type Proxy, proxyTo } from "../support/proxy.ts"

const planted = Effect.gen(function*() {
  const { url } = yield* freshDatabaseUrl()
  const academy = yield* makeAcademy({ students: 2, logins: true }).pipe(Effect.provide(coreOn(url)))
  return { academy, url }
})
type Planted = Effect.Success<typeof planted>

const confirm = ({ academy }: Planted, ams: Ams, token: string, student: number) =>
  call(ams, "POST", `/api/v1/sessions/${academy.session.id}/attendances/confirm`, {
    token,
    body: { students: [{ studentId: academy.students[student]?.student.memberId }] }
  })

const rows = <A extends object>(text: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql.unsafe<A>(text)
  })
const deliveries = rows<{ handler: string; owner: string | null; takeovers: number }>(
  "select handler, owner, takeovers from event_delivery order by handler"
)
const messages = rows("select id from sandbox_message")
const nodes = rows<{ incarnation: string; pid: number }>("select incarnation, pid from node")
const failures = rows("select id from failed_event")
const attempts = rows("select message_id from message_attempt")

const standing = [
  {
    how: "was stopped and continued",
    stop: (ams: Ams) => Effect.sync(() => ams.signal("SIGSTOP")),
    goOn: (ams: Ams) => Effect.sync(() => ams.signal("SIGCONT"))
  },
  {
    how: "had connections that hung",
    stop: (_: Ams, proxy: Proxy) => proxy.freeze,
    goOn: (_: Ams, proxy: Proxy) => proxy.thaw
  }
]

describe.each(standing)("a process that $how", ({ goOn, stop }) => {
  it.live("finishes nothing that another one took over, and goes on under another name", () =>
    Effect.gen(function*() {
      const given = yield* planted
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const proxy = yield* proxyTo(Redacted.value(given.url))
        const first = yield* startAms({ DATABASE_URL: proxy.url })
        const second = yield* startAms({ DATABASE_URL: Redacted.value(given.url) })
        const teacher = yield* login(first, `teacher-${given.academy.tag}`, password)
        yield* becomes(deliveries, (left) => assert.deepStrictEqual(left, []))
        const incarnationOf = (ams: Ams) =>
          Effect.map(nodes, (all) => all.find(({ pid }) => pid === ams.pid)?.incarnation)
        const former = yield* incarnationOf(first)
        assert.isDefined(former)

        // What it commits now stays in its hands: messages cannot be planned while this table is locked.
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`lock table notification in access exclusive mode`
          assert.strictEqual((yield* confirm(given, first, teacher, 0)).status, 200)
          const held = yield* becomes(deliveries, (left) =>
            assert.deepStrictEqual(left.map(({ handler }) => handler), ["Notifications"]))
          assert.strictEqual(held[0]?.owner, former)
          yield* stop(first, proxy)
        }))
        const stopped = performance.now()
        yield* becomes(messages, (sent) =>
          assert.lengthOf(sent, 1))
        const took = performance.now() - stopped
        assert.isAbove(took, 5_000, "it was the living one's for as long as that might have come back")
        assert.isBelow(took, 13_000)
        yield* becomes(deliveries, (left) => assert.deepStrictEqual(left, []))

        yield* goOn(first, proxy)
        yield* becomes(incarnationOf(first), (now) => {
          assert.isDefined(now)
          assert.notStrictEqual(now, former)
        })
        // It works again, in the same process, and nobody was told twice.
        const again = yield* login(first, `teacher-${given.academy.tag}`, password)
        assert.strictEqual((yield* confirm(given, first, again, 1)).status, 200)
        yield* becomes(messages, (sent) => assert.lengthOf(sent, 2))
        yield* becomes(deliveries, (left) => assert.deepStrictEqual(left, []))
        assert.deepStrictEqual([(yield* failures).length, (yield* attempts).length], [0, 2])
        for (const ams of [first, second]) {
          ams.signal("SIGTERM")
          assert.strictEqual(yield* ams.ended, 0)
        }
      }).pipe(Effect.provide(clients(given.url)))
    }))
})
