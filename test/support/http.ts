/** A running AMS in the test's own process, called over real sockets, on a database of the test file's own. */
import { Clock, Context, DateTime, Duration, Effect, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { HttpServer } from "effect/http"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Agent, type IncomingHttpHeaders, request } from "node:http"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import * as Server from "../../src/adapters/in/http/Server.ts"
import { MemberCommands } from "../../src/application/commands/MemberCommands.ts"
import { rangesOf, type Settings } from "../../src/Config.ts"
import type { EventType } from "../../src/domain/DomainEvent.ts"
import { MemberId } from "../../src/domain/Ids.ts"
import { dateIn } from "../../src/domain/LocalTime.ts"
import type { Role } from "../../src/domain/Permission.ts"
import { Tokens } from "../../src/ports/Tokens.ts"
import { daily, person, zone } from "./academy.ts"
import { running } from "./app.ts"
import { plant, type Planted } from "./failedEvents.ts"
import { everybodyLogsIn, loginOf } from "./logins.ts"
import { heard, told } from "./privacy.ts"

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** What the text says, if it is JSON. */
  readonly json: unknown
}

export interface Sent {
  readonly token?: string | undefined
  /** A text or bytes go out as they are, everything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In pieces, without saying how long it will be. */
  readonly chunked?: boolean
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const send = (port: number, agent: Agent, method: string, path: string, sent: Sent) =>
  Effect.callback<Answer>((resume) => {
    const { body, chunked, headers, token } = sent
    heard(body, path)
    const content = body === undefined || typeof body === "string" || body instanceof Uint8Array
      ? body
      : JSON.stringify(body)
    const outgoing = request({
      host: "127.0.0.1",
      port,
      agent,
      method,
      path,
      headers: {
        ...(content === undefined ? {} : { "content-type": "application/json" }),
        ...(chunked === true ? { "transfer-encoding": "chunked" } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers
      }
    })
    let answered = false
    outgoing.on("response", (incoming) => {
      answered = true
      // A stream of events never ends: its first chunk is the answer.
      if (incoming.headers["content-type"]?.startsWith("text/event-stream") === true) {
        incoming.once("data", (chunk) => {
          const { headers, statusCode } = incoming
          resume(Effect.succeed({ status: statusCode ?? 0, headers, text: String(chunk), json: undefined }))
          outgoing.destroy()
        })
        return
      }
      resume(Effect.map(Effect.promise(() => text(incoming)), (said) => {
        const { headers, statusCode: status = 0 } = incoming
        if (status < 400) heard(parsed(said), path)
        else told("problem", `${JSON.stringify(headers)} ${said}`)
        return { status, headers, text: said, json: parsed(said) }
      }))
    })
    // A server may refuse a body before all of it has gone out.
    outgoing.on("error", (error) => (answered ? undefined : resume(Effect.die(error))))
    outgoing.end(content)
  })

/** Writes bytes to a new connection; what came back until the server closed it. */
const speak = (port: number, bytes: string | Uint8Array) =>
  Effect.promise(async () => {
    const socket = connect(port, "127.0.0.1")
    socket.write(bytes)
    return await text(socket)
  })

const soon = Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))

const Made = Schema.Struct({ data: Schema.Struct({ id: Schema.String }) })
const Sessions = Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) })

export class Ams extends Context.Service<Ams, {
  readonly port: number
  readonly call: (method: string, path: string, sent?: Sent) => Effect.Effect<Answer>
  readonly speak: (bytes: string | Uint8Array) => Effect.Effect<string>
  /** POSTs what must succeed; the new thing's id. */
  readonly make: (path: string, body: unknown, as: Sent) => Effect.Effect<string>
  /** An access token, `age` old. */
  readonly token: (memberId: string, age?: Duration.Input) => Effect.Effect<string>
  /** A new administrator's token. */
  readonly admin: Effect.Effect<string>
  /** The first event of this type about a thing. */
  readonly eventOf: (aggregateId: string, type: EventType) => Effect.Effect<string>
  /** An OPEN failed event at an academy, whose replay succeeds. */
  readonly plant: (academyId: string, given?: Planted) => Effect.Effect<Effect.Success<ReturnType<typeof plant>>>
  /** Waits until all that goes on behind the commands is done, whatever was planted. */
  readonly settled: Effect.Effect<void>
  readonly sql: (statement: string) => Effect.Effect<unknown>
  /** A digest of every table's rows: equal when nothing was changed. */
  readonly footprint: Effect.Effect<Readonly<Record<string, string>>>
}>()("test/Ams") {
  static readonly layer = (
    { settings, ...options }: {
      readonly development: boolean
      readonly liveStreams?: number
      readonly requestsAtOnce?: number
      readonly settings?: Partial<Settings>
    } = { development: true }
  ) =>
    Layer.effect(
      Ams,
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const tokens = yield* Tokens
        const members = yield* MemberCommands
        const { address } = yield* HttpServer.HttpServer
        if (address._tag !== "InetAddressV4") return yield* Effect.die("no port")
        const { port } = address
        const agent = yield* Effect.acquireRelease(
          Effect.sync(() => new Agent({ keepAlive: true })),
          (agent) => Effect.sync(() => agent.destroy())
        )
        const call = (method: string, path: string, sent: Sent = {}) => send(port, agent, method, path, sent)
        const token = (memberId: string, age: Duration.Input = 0) =>
          Effect.gen(function*() {
            const now = yield* Clock.currentTimeMillis
            const id = MemberId.make(memberId)
            yield* Effect.orDie(sql.unsafe(everybodyLogsIn))
            const issue = tokens.issue({ memberId: id, academyId: null, sessionId: loginOf(id) })
            return yield* Effect.andThen(TestClock.setTime(now - Duration.toMillis(age)), issue).pipe(
              Effect.provide(TestClock.layer())
            )
          }).pipe(Effect.map(({ token }) => Redacted.value(token)))
        const tables = yield* Effect.orDie(sql<{ name: string }>`
          select c.oid::regclass::text as name from pg_class c
          where c.relnamespace in ('public'::regnamespace, 'read'::regnamespace) and c.relkind in ('r', 'p')
            and not c.relispartition and c.relname <> 'node'
            -- How often something was asked is counted whatever the answer is.
            and c.relpersistence = 'p' order by 1`)
        const digests = tables.map(({ name }) =>
          `select '${name}' as name, count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as digest from ${name} t`
        ).join(" union all ")
        const unsettled = sql<{ n: number }>`
          select (select count(*) from event_delivery)::int + (select count(*) from failed_event where rule <> 'planted')::int
            as n`
        return Ams.of({
          port,
          call,
          speak: (bytes) => speak(port, bytes),
          make: Effect.fnUntraced(function*(path, body, as) {
            const answer = yield* call("POST", path, { ...as, body })
            if (answer.status !== 201) {
              return yield* Effect.die(new Error(`POST ${path}: ${answer.status} ${answer.text}`))
            }
            return (yield* Effect.orDie(Schema.decodeUnknownEffect(Made)(answer.json))).data.id
          }),
          token,
          admin: Effect.orDie(members.createAdministrator(person("ADMINISTRATOR"))).pipe(
            Effect.flatMap(({ id }) => token(id))
          ),
          eventOf: Effect.fnUntraced(function*(aggregateId, type) {
            const [event] = yield* Effect.orDie(sql<{ id: string }>`
              select id from event where aggregate_id = ${aggregateId} and type = ${type} order by id limit 1`)
            return event?.id ?? (yield* Effect.die(new Error(`${aggregateId} has no ${type}`)))
          }),
          plant: (academyId, given) =>
            plant(sql, {
              academyId,
              handler: "ReadModelSync",
              eventType: "MemberCreated",
              payload: { roles: [] },
              rule: "planted",
              ...given
            }),
          settled: unsettled.pipe(
            Effect.flatMap(([row]) => (row?.n === 0 ? Effect.void : Effect.fail("work is left"))),
            Effect.retry(soon),
            Effect.orDie
          ),
          sql: (statement) => Effect.orDie(sql.unsafe(statement)),
          footprint: Effect.orDie(sql.unsafe<{ name: string; digest: string }>(digests)).pipe(
            Effect.map((rows) => Object.fromEntries(rows.map(({ digest, name }) => [name, digest])))
          )
        })
      })
    ).pipe(
      Layer.provide(
        Server.layer({
          requestsAtOnce: 512,
          liveStreams: 20,
          corsOrigins: [],
          trustedProxies: Option.getOrElse(
            Option.flatMap(settings?.trustedProxies ?? Option.none(), rangesOf),
            () => []
          ),
          ...options,
          host: "127.0.0.1",
          port: 0
        })
      ),
      Layer.provide(running(settings))
    )
}

export interface Person {
  readonly id: string
  readonly token: string
}

const enter = Effect.fnUntraced(function*(office: Sent, role: Role): Effect.fn.Return<Person, never, Ams> {
  const ams = yield* Ams
  const id = yield* ams.make("/api/v1/members", person(role), office)
  return { id, token: yield* ams.token(id) }
})

/** A class that began so many minutes ago, with its session of now, and one student with a parent. */
const meeting = Effect.fnUntraced(function*(office: Sent, minutesAgo: number) {
  const ams = yield* Ams
  const now = yield* DateTime.now
  const date = dateIn(zone, DateTime.subtract(now, { minutes: minutesAgo }))
  const [teacher, student, parent] = yield* Effect.all([
    enter(office, "TEACHER"),
    enter(office, "STUDENT"),
    enter(office, "PARENT")
  ])
  yield* ams.make(`/api/v1/members/${student.id}/guardians`, { parentId: parent.id, relationship: "MOTHER" }, office)
  const classId = yield* ams.make("/api/v1/classes", {
    name: `class of ${minutesAgo} minutes ago`,
    subject: "math",
    teacherId: teacher.id,
    capacity: 100,
    schedules: daily(now, -minutesAgo)
  }, office)
  yield* ams.make(`/api/v1/classes/${classId}/enrollments`, { studentId: student.id, from: date }, office)
  const found = yield* ams.call("GET", `/api/v1/classes/${classId}/sessions?dateFrom=${date}&dateTo=${date}`, office)
  const [session] = (yield* Effect.orDie(Schema.decodeUnknownEffect(Sessions)(found.json))).data
  return { teacher, student, parent, classId, sessionId: session?.id ?? (yield* Effect.die("no session now")), date }
})
export type Meeting = Effect.Success<ReturnType<typeof meeting>>

/** Two classes of other people each: one that began just now, one that began an hour ago. */
export const house = Effect.fnUntraced(function*(admin: string, name: string) {
  const ams = yield* Ams
  const id = yield* ams.make("/api/v1/academies", { name, registrationNumber: name, timeZone: zone }, { token: admin })
  const office = { token: admin, headers: { "x-ams-academy": id } }
  const manager = yield* enter(office, "MANAGER")
  return { id, office, manager, own: yield* meeting(office, 2), other: yield* meeting(office, 60) }
})
export type House = Effect.Success<ReturnType<typeof house>>

/** Two academies, made over HTTP. Nobody has a password: each costs 70 ms. */
export class World extends Context.Service<World, {
  readonly admin: string
  readonly a: House
  readonly b: House
}>()("test/World") {
  static readonly layerOf = (settings: Partial<Settings>) =>
    Layer.effect(
      World,
      Effect.gen(function*() {
        const ams = yield* Ams
        const admin = yield* ams.admin
        const [a, b] = yield* Effect.all([house(admin, "academy A"), house(admin, "academy B")])
        yield* ams.settled
        return World.of({ admin, a, b })
      })
    ).pipe(Layer.provideMerge(Ams.layer({ development: true, settings })))
  static readonly layer = World.layerOf({})
}
