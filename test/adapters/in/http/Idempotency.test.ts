import { PgConnection } from "@effect/sql-pg"
import { describe, expect, layer } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schedule, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import { person } from "../../../support/academy.ts"
import { Ams, type Answer, type Sent, World } from "../../../support/http.ts"
import { asked, pupil } from "./asked.ts"
import { endpoints } from "./endpoints.ts"
import { Known, prepare } from "./known.ts"
import { pointersOf, problemOf } from "./problem.ts"

const members = "/api/v1/members"
const rooms = "/api/v1/academy/classrooms"
const keyed = (as: Sent, body: unknown, key: string = randomUUID()): Sent => ({
  ...as,
  body,
  headers: { ...as.headers, "idempotency-key": key }
})
const seen = ({ headers, status, text }: Answer) => ({ status, text, replayed: headers["idempotency-replayed"] })
const first = (answer: Answer) => expect(seen(answer)).toMatchObject({ status: 201, replayed: undefined })
const again = (answer: Answer, before: Answer) => expect(seen(answer)).toEqual({ ...seen(before), replayed: "true" })

const Count = Schema.Tuple([Schema.Struct({ n: Schema.Int })])
const count = Effect.fnUntraced(function*(from: string) {
  const [{ n }] = Schema.decodeUnknownSync(Count)(yield* (yield* Ams).sql(`select count(*)::int as n from ${from}`))
  return n
})
const soon = Schedule.spaced("10 millis").pipe(Schedule.upTo({ duration: "5 seconds" }))
const Here = Schema.Tuple([Schema.Struct({ name: Schema.String })])
/** A session of the test's own at the same database. */
const beside = Effect.gen(function*() {
  const [{ name }] = Schema.decodeUnknownSync(Here)(yield* (yield* Ams).sql("select current_database() as name"))
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${name}`
  return yield* PgConnection.make({ url: Redacted.make(url.toString()) })
})

layer(Known.layer, { excludeTestServices: true })("a request that is sent again", (it) => {
  it.effect("acts once, and is answered as it was the first time: status, headers and bytes", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const sent = keyed((yield* World).a.office, person("STUDENT"))
      const one = yield* ams.call("POST", members, sent)
      first(one)
      yield* ams.settled
      const before = yield* ams.footprint
      const other = yield* ams.call("POST", members, sent)
      again(other, one)
      const { "idempotency-replayed": _, date: __, ...headers } = other.headers
      expect(headers).toEqual({ ...one.headers, date: undefined })
      expect(yield* ams.footprint).toEqual(before)
    }))

  it.effect("acts once, however many come at the same moment", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const name = randomUUID().slice(0, 20)
      const sent = keyed((yield* World).a.office, { name })
      const answers = yield* Effect.all(Array.from({ length: 16 }, () => ams.call("POST", rooms, sent)), {
        concurrency: "unbounded"
      })
      const good = answers.filter(({ status }) => status === 201)
      expect(good.filter((answer) => seen(answer).replayed === undefined)).toHaveLength(1)
      expect(new Set(good.map(({ text }) => text)).size).toBe(1)
      for (const answer of answers) {
        if (answer.status !== 201) problemOf(answer, 409, "COMMON_IDEMPOTENCY_KEY_RUNNING")
      }
      expect(yield* count(`classroom where name = '${name}'`)).toBe(1)
    }))

  it.effect("is told to come again while the first one is not done", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const session = yield* beside
      const sent = keyed(a.office, person("STUDENT"))
      yield* session.query("begin")
      yield* session.query(`select from academy where id = '${a.id}' for update`)
      const running = yield* Effect.forkChild(ams.call("POST", members, sent))
      // Its member is about to refer to the academy.
      yield* count("pg_locks where not granted and locktype in ('transactionid', 'tuple')").pipe(
        Effect.flatMap((waiting) => (waiting > 0 ? Effect.void : Effect.fail("nobody waits"))),
        Effect.retry(soon)
      )
      const meanwhile = yield* ams.call("POST", members, sent)
      problemOf(meanwhile, 409, "COMMON_IDEMPOTENCY_KEY_RUNNING")
      expect(meanwhile.headers["retry-after"]).toBe("1")
      yield* session.query("rollback")
      const one = yield* Fiber.join(running)
      first(one)
      again(yield* ams.call("POST", members, sent), one)
    }).pipe(Effect.scoped))

  it.effect("that was refused may be sent again with its key, and acts then", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { office } = (yield* World).a
      const name = randomUUID().slice(0, 20)
      const other = yield* ams.make(rooms, { name }, office)
      const kept = yield* count("idempotency_key")
      const sent = keyed(office, { name })
      problemOf(yield* ams.call("POST", rooms, sent), 409, "CLASSROOM_DUPLICATE")
      problemOf(yield* ams.call("POST", rooms, { ...sent, body: { name: 1 } }), 400)
      problemOf(
        yield* ams.call("POST", rooms, { ...sent, body: "{}", headers: { ...sent.headers, "content-type": "x" } }),
        415
      )
      expect(yield* count("idempotency_key")).toBe(kept)
      const change = { ...office, headers: { ...office.headers, "if-match": "*" }, body: { name: `${name}x` } }
      expect((yield* ams.call("PUT", `${rooms}/${other}`, change)).status).toBe(200)
      const one = yield* ams.call("POST", rooms, sent)
      first(one)
      again(yield* ams.call("POST", rooms, sent), one)
    }))

  it.effect("must be the same request: another body, address or academy is refused", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a, b } = yield* World
      const sent = keyed(a.office, { name: randomUUID().slice(0, 20) })
      first(yield* ams.call("POST", rooms, sent))
      yield* ams.settled
      const before = yield* ams.footprint
      const atB = { ...sent, headers: { ...sent.headers, "x-ams-academy": b.id } }
      for (
        const [path, other] of [
          [rooms, { ...sent, body: { name: "another" } }],
          [rooms, atB],
          [members, sent]
        ] as const
      ) {
        problemOf(yield* ams.call("POST", path, other), 422, "COMMON_IDEMPOTENCY_KEY_REUSED")
      }
      expect(yield* ams.footprint).toEqual(before)
    }))

  it.effect("is one's own: another member's key is another key", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      const key = randomUUID()
      const device = () => ({ platform: "ANDROID", token: randomUUID() })
      const path = "/api/v1/me/push-targets"
      const mine = keyed({ token: a.own.parent.token }, device(), key)
      const theirs = keyed({ token: a.other.parent.token }, device(), key)
      const [one, other] = [yield* ams.call("POST", path, mine), yield* ams.call("POST", path, theirs)]
      first(one)
      first(other)
      again(yield* ams.call("POST", path, mine), one)
      again(yield* ams.call("POST", path, theirs), other)
    }))

  it.effect("has a key that nobody finds by trying", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { office } = (yield* World).a
      for (const key of ["", "short", "x".repeat(256), "with a blank in it, though long"]) {
        const problem = problemOf(yield* ams.call("POST", rooms, keyed(office, { name: "n" }, key)), 400)
        expect(pointersOf(problem)).toEqual(["/headers/idempotency-key"])
      }
    }))

  it.effect("is forgotten after 24 h", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const sent = keyed((yield* World).a.office, person("STUDENT", { name: `twice ${randomUUID().slice(0, 8)}` }))
      const one = yield* ams.call("POST", members, sent)
      yield* ams.sql("update idempotency_key set created_at = created_at - interval '24 hours'")
      const other = yield* ams.call("POST", members, sent)
      first(other)
      expect(other.text).not.toBe(one.text)
      again(yield* ams.call("POST", members, sent), other)
    }))

  it("every POST that creates takes a key, but for those before log-in", () => {
    const creating = endpoints.filter(({ headers }) => headers.includes("idempotency-key"))
    const located = endpoints.filter(({ answerHeaders, method, path }) =>
      method === "POST" && answerHeaders.includes("location") && !path.startsWith("/api/v1/auth/")
    )
    // It changes what is there.
    expect(located.filter((one) => !creating.includes(one)).map(({ name }) => name)).toEqual(["failedEvents.replay"])
    expect(creating.every((one) => located.includes(one))).toBe(true)
  })

  const creating = endpoints.filter(({ headers }) => headers.includes("idempotency-key"))
  const rows = creating.map(({ name }) =>
    Object.keys(asked).find((row) =>
      row === name || row.startsWith(`${name} a student`) || row.startsWith(`${name} own`)
    )
  )
  describe("to each endpoint", () => {
    it.effect.each(rows)(
      "%s: what it does and its answer are kept together, or none of both",
      (row = "") =>
        Effect.gen(function*() {
          const ams = yield* Ams
          const given = yield* Known
          const { a, admin } = yield* World
          const as = row === "academies.create"
            ? { token: admin }
            : row.startsWith("attendances.request")
            ? { token: (yield* pupil(given)).token }
            : { token: a.manager.token }
          const ask = yield* prepare(row, given)
          const sent = { ...as, headers: { "idempotency-key": randomUUID() } }
          yield* ams.settled
          const before = yield* ams.footprint
          yield* ams.sql(`create function no_room() returns trigger language plpgsql as
          $$ begin raise exception 'no room' using errcode = '53100'; end $$`)
          yield* ams.sql("create trigger no_room before insert on idempotency_key execute function no_room()")
          problemOf(yield* ask(sent), 503, "COMMON_UNAVAILABLE")
          yield* ams.sql("drop function no_room cascade")
          expect(yield* ams.footprint).toEqual(before)
          const one = yield* ask(sent)
          expect(one.status).toBe(creating.find(({ name }) => row.startsWith(name))?.status)
          yield* ams.settled
          const after = yield* ams.footprint
          expect(after).not.toEqual(before)
          again(yield* ask(sent), one)
          expect(yield* ams.footprint).toEqual(after)
        })
    )
  })
})
