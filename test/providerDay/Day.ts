/**
 * A day at an academy whose providers fail all the time, and for a while altogether; AMS is killed twice and started
 * again. What AMS puts off for minutes comes at once: its times are set back in the database, as if they had passed.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Clock, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as Jwt from "../../src/adapters/out/security/JwtTokens.ts"
import { Tokens } from "../../src/ports/Tokens.ts"
import { type Ams, type Answer, call, eventually, freePort, ready, spawnAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { everybodyLogsIn, loginOf } from "../support/logins.ts"
import { approved, environmentOf } from "../support/providers/settings.ts"
import { startProviders } from "../support/providers/start.ts"
import { arrivedTwice, judge, planned, tooLate } from "./Ledger.ts"
import { makeSchool, type Student } from "./School.ts"

export interface Options {
  /** Of a migrated database. */
  readonly url: Redacted.Redacted
  readonly students: number
  readonly seed: number
  /** Milliseconds without any provider. */
  readonly outage: number
  readonly say?: (line: string) => Effect.Effect<void>
}

/**
 * Parts of one, of the calls that send and those that ask what became of it. Struck at each of its three calls, every second
 * message would fail, and the circuits would rightly be open most of the day.
 */
const faults = { resetAfter: 0.1, tooMany: 0.05, hang: 0.05, at: ["send", "push", "look-up", "token"] } as const

/** How long a day may take to come to rest after its last fault, in seconds. */
const quietWithin = 180

/** What is due within minutes or hours is due now; as often as this while it is wanted. */
const hasten = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`update event_delivery set next_attempt_at = now()
    where owner is null and next_attempt_at > now() + interval '3 seconds'`
  yield* sql`update failed_event set next_redrive_at = now() where status = 'OPEN' and next_redrive_at > now()`
  yield* sql`update message set ask_at = now() where ask_at > now()`
}).pipe(Effect.ignore, Effect.repeat(Schedule.spaced("1 second")))

/** What is still on its way. A push has no receipt: FCM has taken it, and that is its end. */
const open = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`
    select (select count(*) from event_delivery)::int
      + (select count(*) from failed_event where status = 'REPLAYING' or (status = 'OPEN' and next_redrive_at is not null))::int
      + (select count(*) from message where status in ('PLANNED', 'SENDING')
        or (status = 'ACCEPTED' and provider = 'solapi'))::int as n`
  return row?.n ?? -1
})

export const providerDay = Effect.fnUntraced(
  function*({ outage, say = () => Effect.void, seed, students, url }: Options) {
    const began = yield* Clock.currentTimeMillis
    const tell = (what: string) =>
      Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => say(`  ${((now - began) / 1_000).toFixed(1).padStart(6)} s  ${what}`)
      )
    const providers = yield* startProviders({ templates: approved })
    const key = yield* Jwt.generateKey
    const port = String(yield* freePort)
    const core = yield* Layer.build(coreOn(url, { role: "api" }))
    const school = yield* Effect.provide(makeSchool({ seed, students }), core)
    providers.script.add(...school.rules)
    providers.script.mix({ seed, ...faults })
    yield* providers.apply({ webhook: `http://127.0.0.1:${port}/webhooks/solapi` })

    return yield* Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(everybodyLogsIn)
      const { token: teacher } = yield* Effect.flatMap(
        Tokens,
        (tokens) =>
          tokens.issue({ memberId: school.teacher, academyId: school.academyId, sessionId: loginOf(school.teacher) })
      ).pipe(
        Effect.provide(Layer.provide(Jwt.layer(key), NodeCrypto.layer))
      )
      const start = Effect.tap(
        spawnAms({
          ...environmentOf(providers),
          DATABASE_URL: Redacted.value(url),
          JWT_PRIVATE_KEY: Redacted.value(key),
          PORT: port
        }),
        ready
      )
      const kill = Effect.fnUntraced(function*(ams: Ams) {
        ams.signal("SIGKILL")
        yield* ams.ended
        // Nobody has to wait until its heartbeat is late.
        yield* sql`delete from node`
        yield* tell("AMS killed")
      })
      /** Pressed again and again, as people do, until AMS has answered. */
      const post = (path: string, body: unknown) =>
        call({ url: `http://127.0.0.1:${port}` }, "POST", `/api/v1${path}`, { token: Redacted.value(teacher), body })
          .pipe(
            Effect.filterOrFail((answer: Answer) => answer.status < 500, (answer) => answer.status),
            (once) => eventually(once, 60)
          )
      const confirm = (some: ReadonlyArray<Student>, status?: "PRESENT" | "LATE") =>
        Effect.forEach(lists(some), (list) =>
          Effect.tap(
            post(`/sessions/${school.session}/attendances/confirm`, {
              students: list.map(({ id }) => ({ studentId: id, ...(status === undefined ? {} : { status }) }))
            }),
            (answer) => answer.status === 200 ? Effect.void : Effect.die(new Error(`confirming: ${answer.status}`))
          ), { discard: true })
      const wentOut = (more: number) =>
        Effect.flatMap(Effect.sync(() => providers.journal.all.length), (before) =>
          eventually(
            Effect.suspend(() => (providers.journal.all.length >= before + more ? Effect.void : Effect.fail("few"))),
            120
          ))

      const part = (from: number, to: number) =>
        school.students.slice(Math.round(from * students), Math.round(to * students))
      const punctual = part(0, 0.5)
      const late = part(0.5, 0.65)
      const comesInOutage = part(0.65, 0.75)
      const comesAfter = part(0.75, 0.9)
      const corrected = part(0, 0.15)

      const first = yield* start
      yield* confirm(punctual, "PRESENT")
      yield* tell(`${punctual.length} students confirmed`)
      yield* wentOut(Math.round(punctual.length / 4))
      yield* kill(first)
      const second = yield* start
      yield* confirm(late, "LATE")
      yield* tell(`${late.length} students confirmed as late`)
      yield* wentOut(5)

      yield* providers.down()
      yield* tell(`no provider answers, for ${outage / 1_000} s`)
      const over = yield* Effect.forkScoped(Effect.sleep(outage))
      yield* sql`update academy set missing_after_minutes = 1 where id = ${school.academyId}`
      yield* eventually(
        Effect.filterOrFail(
          sql<{ n: number }>`select count(*)::int as n from notification where kind = 'MISSING'`,
          ([row]) => (row?.n ?? 0) >= 2 * (comesInOutage.length + comesAfter.length),
          () => "not yet noticed"
        ),
        60
      )
      yield* tell("the missing are noticed")
      yield* confirm(comesInOutage, "LATE")
      yield* kill(second)
      const third = yield* start
      yield* Effect.andThen(Fiber.join(over), providers.up())
      yield* tell("providers answer again")
      // Who comes now has been missed by most of those who were to hear of it.
      yield* eventually(
        Effect.filterOrFail(
          sql<{ n: number }>`
            select count(*)::int as n from notification n join message m on m.id = n.message_id
            where n.kind = 'MISSING' and m.status in ('ACCEPTED', 'DELIVERED', 'UNKNOWN')
              and ${sql.in("student_id", comesAfter.map(({ id }) => id))}`,
          ([row]) => (row?.n ?? 0) >= comesAfter.length,
          () => "nobody has heard"
        ),
        120
      )
      yield* confirm(comesAfter, "LATE")
      const rows = yield* sql<{ id: string }>`
        select id from attendance where session_id = ${school.session} and ${
        sql.in("student_id", corrected.map(({ id }) => id))
      }`
      yield* Effect.forEach(
        rows,
        ({ id }) => post(`/attendances/${id}/correct`, { status: "EXCUSED", reason: "조퇴" }),
        { discard: true }
      )
      yield* tell(`${comesAfter.length} came after all, ${rows.length} corrected`)

      yield* Effect.forkScoped(hasten)
      const left = yield* open.pipe(
        Effect.repeat({ schedule: Schedule.spaced("250 millis"), until: (n) => n === 0 }),
        Effect.timeoutOption(`${quietWithin} seconds`)
      )
      yield* providers.settled
      yield* tell("quiet")

      const all = yield* planned
      const parked = yield* sql<{ story: string }>`
        select handler || ' ' || class || ' ' || status || ' ' || attempts::text as story from failed_event
        where status = 'OPEN'`
      const { journal } = providers
      return {
        lasted: (yield* Clock.currentTimeMillis) - began,
        quiet: left._tag === "Some",
        judged: judge(all, journal.all, school.guardians),
        missingAfterArrival: tooLate(judge(all, journal.all, school.guardians)),
        arrivedTwice: arrivedTwice(all, journal.all, school.guardians),
        duplicates: journal.duplicates(),
        /** Whom something should have been planned for, whatever came of it. */
        due: [
          ...[...punctual, ...late, ...comesInOutage, ...comesAfter].map((student) => ({ student, what: "there" })),
          ...corrected.map((student) => ({ student, what: "corrected" })),
          ...[...comesInOutage, ...comesAfter, ...part(0.9, 1)].map((student) => ({ student, what: "missing" }))
        ].flatMap(({ student, what }) =>
          student.guardians.map(({ id }) => ({ what, student: student.id, guardian: id }))
        ),
        journal: journal.json(),
        open: yield* open,
        said: [...parked.map(({ story }) => story), third.stderr()].join("\n")
      }
    }).pipe(Effect.provide(core))
  },
  Effect.scoped
)
export type Day = Effect.Success<ReturnType<typeof providerDay>>

/** As a teacher confirms: ten at once. */
const lists = (students: ReadonlyArray<Student>) =>
  Array.from({ length: Math.ceil(students.length / 10) }, (_, n) => students.slice(10 * n, 10 * n + 10))
