/**
 * Whatever providers do, whenever a process dies, in whatever order receipts and replays come: no attempt reaches a person
 * twice, no message more than once, and the ledger says in the end what the providers' journal says. Over the real
 * adapters, on real PostgreSQL.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { createServer } from "node:http"
import * as UnitsOfWork from "../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { AttendanceCommands } from "../../../src/application/commands/AttendanceCommands.ts"
import { notifications } from "../../../src/application/handlers/Notifications.ts"
import { sendMessage } from "../../../src/application/handlers/SendMessage.ts"
import { tendMessages } from "../../../src/application/jobs/TendMessages.ts"
import { Receipts } from "../../../src/application/Receipts.ts"
import { NotificationLedger } from "../../../src/ports/NotificationLedger.ts"
import { NotificationPort } from "../../../src/ports/NotificationPort.ts"
import { type Posted, ReceiptWebhooks } from "../../../src/ports/ReceiptWebhooks.ts"
import { as, makeAcademy } from "../../support/academy.ts"
import { coreOn } from "../../support/app.ts"
import { deliverOnce } from "../../support/byHand.ts"
import { freshDatabaseUrl } from "../../support/postgres.ts"
import type { Rule } from "../../support/providers/script.ts"
import { approved, environmentOf, settingsOf } from "../../support/providers/settings.ts"
import { startProviders } from "../../support/providers/start.ts"

const faults: ReadonlyArray<NonNullable<Rule["fault"]>> = [
  { kind: "reset" },
  { kind: "reset", recorded: true },
  { kind: "answer", status: 429, retryAfter: "0" },
  { kind: "answer", status: 503, html: true },
  { kind: "answer", status: 502, html: true, recorded: true },
  { kind: "garbled", how: "truncated" },
  { kind: "garbled", how: "empty", recorded: true }
]
/** The step that sends is the one that matters, so it is met most often. */
const steps = ["send", "send", "send", "push", "push", "look-up", "create", "add", "delete"] as const
const deaths = ["begin", "keep", "hold", "conclude"] as const

/** Arrived, twice as often as the others; no KakaoTalk; no such number. */
const carriers = ["4000", "4000", "3104", "3010"] as const

const Index = (below: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: below - 1 }))

/** What happens next. */
const Turn = Schema.Union([
  /** The sender's turn, perhaps with a provider in trouble, perhaps dying before or after a step. */
  ...[1, 2, 3, 2, 2].map((trouble) =>
    Schema.Struct({
      do: Schema.Literal("deliver"),
      fault: trouble === 1 ? Schema.Null : Schema.Struct({ at: Index(steps.length), what: Index(faults.length) }),
      death: trouble === 2
        ? Schema.Null
        : Schema.NullOr(Schema.Struct({ at: Schema.Literals(deaths), before: Schema.Boolean }))
    })
  ),
  /** One of the receipts that came so far, again or for the first time. */
  Schema.Struct({ do: Schema.Literal("receipt"), which: Index(8) }),
  Schema.Struct({ do: Schema.Literal("ask") }),
  Schema.Struct({ do: Schema.Literal("late") })
])

const Story = Schema.Struct({
  turns: Schema.Array(Turn).check(Schema.isMinLength(5), Schema.isMaxLength(10)),
  device: Schema.Boolean,
  /** What the carrier says of a message by KakaoTalk in the end. */
  kakaoTalk: Index(carriers.length)
})

/** What providers post, as it came. */
const postbox = Effect.acquireRelease(
  Effect.promise(async () => {
    const posted: Array<Posted> = []
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)])
        )
        posted.push({ headers, body: Buffer.concat(chunks).toString("utf8") })
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    return {
      posted,
      server,
      url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    }
  }),
  ({ server }) => Effect.promise(() => new Promise((resolve) => server.close(resolve)))
)

/** Dies of a step, as a process does: nothing after it happens, and nobody hears of it. */
const mortal = (real: NotificationLedger["Service"]) => {
  let next: { readonly at: (typeof deaths)[number]; readonly before: boolean } | null = null
  const dying = (at: (typeof deaths)[number]) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const mine = next?.at === at ? next : null
      if (mine !== null) next = null
      if (mine?.before === true) return Effect.die("killed")
      return mine === null ? effect : Effect.andThen(effect, Effect.die("killed"))
    })
  return {
    dieAt: (death: typeof next) => void (next = death),
    ledger: NotificationLedger.of({
      ...real,
      begin: (...given) => dying("begin")(real.begin(...given)),
      keep: (...given) => dying("keep")(real.keep(...given)),
      hold: (...given) => dying("hold")(real.hold(...given)),
      conclude: (...given) => dying("conclude")(real.conclude(...given))
    })
  }
}

const told = Effect.fnUntraced(function*({ device, turns }: typeof Story.Type, kakaoTalk: string) {
  const { posted, url: webhook } = yield* postbox
  const providers = yield* startProviders({ templates: approved, webhook, receiptDelayMs: 1 })
  const settings = yield* settingsOf({ ...environmentOf(providers), AMS_ENV: "production", LOG_LEVEL: "Error" })
  const { url } = yield* freshDatabaseUrl()
  return yield* Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const { dieAt, ledger } = mortal(yield* NotificationLedger)
    const background = Effect.provide(UnitsOfWork.layerBackground)
    const { ways } = yield* NotificationPort
    const senders = yield* Effect.forEach(ways, ({ channel }) => background(sendMessage(channel))).pipe(
      Effect.provideService(NotificationLedger, ledger)
    )
    const tend = yield* tendMessages
    const webhooks = yield* ReceiptWebhooks
    const receipts = yield* Receipts

    const given = yield* makeAcademy({ students: 1 })
    const [one] = given.students
    if (one === undefined) return yield* Effect.die("one student")
    if (device) {
      yield* sql`insert into push_target (id, academy_id, member_id, platform, token)
        values (uuidv7(), ${given.academy.id}, ${one.parent.memberId}, 'IOS', 'a-device')`
    }
    yield* (yield* AttendanceCommands).confirm(given.session.id, [{ studentId: one.student.memberId }]).pipe(
      as(given.teacher)
    )
    yield* deliverOnce([yield* background(notifications)])
    // The carrier's word about the first message to the number; a text message to it arrives.
    const carrier = { times: 1, carrier: kakaoTalk }
    providers.script.add(carrier)

    const read = (n: number) => {
      const post = posted[n]
      return post === undefined ? Effect.void : webhooks.read("solapi", post).pipe(
        Effect.flatMap(({ receipts: all }) => Effect.forEach(all, receipts.take, { discard: true }))
      )
    }
    const ask = Effect.andThen(sql`update message set ask_at = now() where ask_at is not null`, tend.run)

    for (const turn of turns) {
      if (turn.do === "deliver") {
        if (turn.fault !== null) {
          const fault = faults[turn.fault.what]
          const at = steps[turn.fault.at]
          if (at !== undefined && fault !== undefined) providers.script.add({ at, times: 1, fault })
        }
        dieAt(turn.death)
        yield* deliverOnce(senders)
        dieAt(null)
      } else if (turn.do === "receipt") yield* read(turn.which)
      else if (turn.do === "ask") yield* ask
      else yield* sql`update message set deliver_by = now() - interval '1 second' where status = 'PLANNED'`
      assert.deepStrictEqual(providers.journal.duplicates(), [])
    }

    // All is well from now on: in the end everything is told.
    providers.script.clear()
    if (providers.journal.all.every(({ type }) => type === "PUSH")) providers.script.add(carrier)
    for (let n = 0; n < 4; n++) {
      yield* deliverOnce(senders)
      yield* providers.settled
      for (let post = 0; post < posted.length; post++) yield* read(post)
      yield* ask
    }
    const [message] = yield* sql<{ status: string; attempts: number }>`
      select status, (select count(*)::int from message_attempt) as attempts from message`
    return { journal: providers.journal, status: message?.status ?? "", posted }
  }).pipe(
    Effect.provide(
      Layer.provide(Receipts.layer, UnitsOfWork.layerBackground).pipe(Layer.provideMerge(coreOn(url, settings)))
    )
  )
}, Effect.scoped)

describe("a message", () => {
  it.live.prop(
    "reaches its person once at the most, and its state is what the providers' journal says",
    { story: Story },
    ({ story }) =>
      Effect.gen(function*() {
        const kakaoTalk = carriers[story.kakaoTalk] ?? "4000"
        const { journal, posted, status } = yield* told(story, kakaoTalk)
        assert.deepStrictEqual(journal.duplicates(), [])
        // The first message to the number fares as the carrier said, the others arrive.
        const byPhone = journal.all.filter(({ type }) => type !== "PUSH")
        const arrived = journal.all.filter((one) => one.type === "PUSH" || one !== byPhone[0] || kakaoTalk === "4000")
        assert.isAtMost(arrived.length, 1, "told twice")
        const expected: Readonly<Record<string, boolean>> = {
          DELIVERED: arrived.length === 1,
          ACCEPTED: arrived.length === 1,
          UNDELIVERED: arrived.length === 0,
          EXPIRED: arrived.length === 0,
          // Only FCM cannot be asked.
          UNKNOWN: story.device
        }
        assert.isTrue(expected[status] === true, `${status}, and ${arrived.length} arrived; ${posted.length} receipts`)
      }),
    { arbitrary: { runs: 40 }, timeout: 240_000 }
  )
})
