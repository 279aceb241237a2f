/**
 * BENCH_MESSAGES (10,000) planned messages, sent by one AMS process of the role `worker` through the real adapter of SOLAPI
 * to a provider that answers in 100 ms, beside what the limit of messages at once allows: three calls for each of them.
 */
import { Effect, Schema } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { policyOf } from "../src/application/events/RetryPolicy.ts"
import { NotificationChannel } from "../src/domain/Channel.ts"
import { senderOf } from "../src/domain/Subscription.ts"
import { becomes, spawnAms } from "../test/support/ams.ts"
import { approved } from "../test/support/providers/settings.ts"
import { school } from "./school.ts"
import { migrated, query, table } from "./support.ts"

const messages = Number(process.env["BENCH_MESSAGES"] ?? 10_000)
/** Milliseconds. */
const answer = Number(process.env["BENCH_ANSWER"] ?? 100)
const callsEach = 3
const students = 100
const sender = senderOf(NotificationChannel.make("KAKAO_TALK"))

const Port = Schema.decodeUnknownSync(Schema.Struct({ port: Schema.Int }))
const Seen = Schema.decodeUnknownSync(
  Schema.Struct({ sent: Schema.Int, first: Schema.Finite, last: Schema.Finite, most: Schema.Int })
)

/** A message of a check-in for each parent, its event and its delivery, nobody's yet. */
const plant = async (url: string) => {
  await school(url, { academies: Math.ceil(messages / students), students, came: true })
  await query(
    url,
    `with seat as (
      select a.academy_id, a.session_id, a.student_id, g.parent_id, uuidv7() as message, uuidv7() as event
      from attendance a join guardianship g using (student_id) limit ${messages}
    ), planned as (
      insert into message (id, academy_id, recipient_id, status, channel, deliver_by)
      select message, academy_id, parent_id, 'PLANNED', 'KAKAO_TALK', now() + interval '1 hour' from seat
    ), told as (
      insert into notification (id, academy_id, kind, session_id, student_id, occasion, event_id, recipient_id, message_id)
      select uuidv7(), academy_id, 'CHECK_IN', session_id, student_id, '', event, parent_id, message from seat
    ), said as (
      insert into event (id, type, version, academy_id, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
      select event, 'MessagePlanned', 1, academy_id, 'message', message, 1, now(),
        jsonb_build_object('messageId', message, 'channel', 'KAKAO_TALK') from seat
    )
    insert into event_delivery (event_id, handler, slot, academy_id)
    select event, '${sender}', delivery_slot(event), academy_id from seat`
  )
  await query(url, "analyze message, notification, event_delivery")
}

const provider = Effect.acquireRelease(
  Effect.promise(async () => {
    const child = fork(new URL("slow-solapi.ts", import.meta.url))
    const [first] = await once(child, "message")
    return { child, url: `http://127.0.0.1:${Port(first).port}` }
  }),
  ({ child }) => Effect.sync(() => child.kill())
)

/** So that a process says on SIGUSR2 what is left on its heap when all garbage is gone. */
const tellsHeap = `--expose-gc --import=data:text/javascript,${
  encodeURIComponent(
    "process.on('SIGUSR2',()=>{gc();process.stderr.write('heap='+process.memoryUsage().heapUsed+';')})"
  )
}`

/** Megabytes. */
const heapOf = Effect.fnUntraced(function*(ams: Effect.Success<ReturnType<typeof spawnAms>>) {
  const told = () => [...ams.stderr().matchAll(/heap=(\d+);/g)]
  const before = told().length
  ams.signal("SIGUSR2")
  const all = yield* becomes(Effect.sync(told), (now) => {
    if (now.length === before) throw new Error("no word of the heap")
  })
  return Number(all.at(-1)?.[1]) / 2 ** 20
})

export const sendingMessages = Effect.fnUntraced(function*(serverUrl: string) {
  const url = yield* migrated(serverUrl, "messages")
  yield* Effect.promise(() => plant(url))
  const { child, url: solapi } = yield* provider
  const ams = yield* spawnAms({
    DATABASE_URL: url,
    AMS_ROLE: "worker",
    SOLAPI_URL: solapi,
    SOLAPI_API_KEY: "key",
    SOLAPI_API_SECRET: "secret",
    SOLAPI_SENDER: "0212345678",
    SOLAPI_PF_ID: "profile",
    SOLAPI_TEMPLATES: approved.map(({ key, templateId }) => `${key}=${templateId}`).join(","),
    SOLAPI_RATE: "10000",
    NODE_OPTIONS: tellsHeap
  })
  const seen = Effect.promise(async () => {
    const next = once(child, "message")
    child.send("seen")
    const [told] = await next
    return Seen(told)
  })
  const until = (part: number) =>
    becomes(seen, ({ sent }) => {
      if (sent < part * messages) throw new Error(`sent ${sent} of ${messages}`)
    }, 3_600)
  yield* until(0.1)
  const before = yield* heapOf(ams)
  const { first, last, most } = yield* until(1)
  const after = yield* heapOf(ams)
  const statuses = yield* Effect.promise(() => query(url, "select status, count(*)::int as n from message group by 1"))
  const seconds = (last - first) / 1_000
  const allowed = (messages * callsEach * answer) / 1_000 / policyOf(sender).concurrency
  return table([
    [`sending ${messages} messages, ${answer} ms a call`, "", ""],
    ["seconds", seconds, ""],
    ["messages a second", messages / seconds, ""],
    ["seconds that the limit allows", allowed, `${policyOf(sender).concurrency} at once, ${callsEach} calls each`],
    ["ratio", seconds / allowed, "goal 1.2"],
    ["calls at once, at most", most, ""],
    ["heap, MB, after a tenth", before, ""],
    ["heap, MB, after all", after, ""],
    ["statuses", statuses.map(({ n, status }) => `${n} ${status}`).join(", "), ""]
  ])
}, Effect.scoped)
