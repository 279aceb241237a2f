/** From nothing to an academy that can be tried, and what is told when AMS cannot start. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { running } from "../../src/adapters/embedded/EmbeddedPostgres.ts"
import { sampleLogins } from "../../src/adapters/in/cli/Seed.ts"
import { lives, serverPid, temporaryFolder, temporaryHome } from "../adapters/embedded/support.ts"
import { makeAcademy, password } from "../support/academy.ts"
import { type Ams, becomes, call, eventually, login, spawnAms, startAms } from "../support/ams.ts"
import { coreOn } from "../support/app.ts"
import { clients, freshDatabaseUrl } from "../support/postgres.ts"

/** What is empty counts as unset. */
const nothingSet = { AMS_ENV: "", LOG_LEVEL: "" }

const ends = Effect.fnUntraced(function*(ams: Ams, signal: NodeJS.Signals = "SIGTERM") {
  ams.signal(signal)
  assert.strictEqual(yield* ams.ended, 0)
})

/** The database that a living AMS started for itself. */
const own = (home: string) => Layer.unwrap(Effect.map(running({ home }), (url) => clients(Option.getOrThrow(url))))

const planted = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const roles = yield* sql<{ role: string; n: number }>`
    select role, count(*)::int as n from member_role group by role order by role`
  const [rows] = yield* sql<Record<string, number>>`
    select (select count(*)::int from academy) as academies,
      (select count(distinct student_id)::int from guardianship) as guarded,
      (select count(*)::int from (select from guardianship group by parent_id having count(*) > 1) s) as siblings,
      (select count(*)::int from class) as classes,
      (select count(distinct class_id)::int from class_session
        where status = 'SCHEDULED' and starts_at < now() + interval '1 hour' and ends_at > now()) as meeting,
      (select count(*)::int from enrollment) as enrollments`
  return { roles: Object.fromEntries(roles.map(({ n, role }) => [role, n])), rows: { ...rows } }
})

const sampleAcademy = {
  roles: { ADMINISTRATOR: 1, MANAGER: 1, PARENT: 10, STUDENT: 12, TEACHER: 2 },
  rows: { academies: 1, guarded: 12, siblings: 2, classes: 3, meeting: 3, enrollments: 18 }
}

/** The session of a class of student1's that takes a check-in now. */
const openSession = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ id: string }>`
    select s.id from class_session s join enrollment e using (class_id) join member m on m.id = e.student_id
    where m.login_id = 'student1' and s.starts_at <= now() and s.ends_at > now()`
  return row?.id ?? (yield* Effect.die("no session runs now"))
})

/** What a Korean academy would not want in a log: what the rows themselves hold, and what was sent and answered. */
const secrets = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const people = yield* sql<{ name: string; phone: string | null }>`
    select name, phone from member where login_id <> 'admin'`
  return people.flatMap(({ name, phone }) =>
    phone === null ? [name] : [name, phone, phone.slice(1), phone.replace("+82", "0"), phone.slice(3)]
  )
})

describe("a first start with nothing set", () => {
  it.live(
    "brings an academy to try, keeps it and the key of its tokens, and writes nobody's data to its log",
    () =>
      Effect.gen(function*() {
        const home = yield* temporaryHome
        const first = yield* startAms({ ...nothingSet, AMS_HOME: home, LOG_LEVEL: "Debug" })
        const banner = yield* becomes(Effect.sync(first.stdout), (text) => assert.include(text, "Ctrl-C"))
        for (const path of ["/api/v1", "/docs", "/dev/inbox", "/health/ready"]) assert.include(banner, first.url + path)
        for (const path of ["/docs", "/dev/inbox", "/health/ready"]) {
          assert.strictEqual(yield* Effect.promise(async () => (await fetch(first.url + path)).status), 200, path)
        }

        const tokens = new Map<string, string>()
        for (const one of sampleLogins) {
          assert.match(banner, new RegExp(`^ +${one.loginId} +${one.password} `, "m"))
          const answer = yield* call(first, "POST", "/api/v1/auth/login", { body: one })
          assert.strictEqual(answer.status, 400, "a login has no more than it needs")
          tokens.set(one.loginId, yield* login(first, one.loginId, one.password))
          const me = yield* call(first, "GET", "/api/v1/auth/me", { token: tokens.get(one.loginId) ?? "" })
          assert.strictEqual(me.status, 200, one.loginId)
        }
        const as = (loginId: string) => ({ token: tokens.get(loginId) ?? "" })

        const { hidden, session } = yield* Effect.gen(function*() {
          assert.deepStrictEqual(yield* planted, sampleAcademy)
          return { hidden: yield* secrets, session: yield* openSession }
        }).pipe(Effect.provide(own(home)))
        const pressed = yield* call(first, "POST", `/api/v1/sessions/${session}/attendances`, as("student1"))
        assert.strictEqual(pressed.status, 201)
        const id = String(pressed.at("data.id"))

        // What could bring somebody's data into a log.
        const student = hidden[0] ?? ""
        const manager = as("manager")
        const taken = { name: student, roles: ["PARENT"], phone: "010-2000-0002" }
        const answers = [
          yield* call(first, "POST", "/api/v1/members", { ...manager, body: taken }),
          yield* call(first, "POST", "/api/v1/members", {
            ...manager,
            body: { ...taken, phone: "+82 10 2000 0002 x" }
          }),
          yield* call(first, "GET", `/api/v1/members?limit=${encodeURIComponent(student)}`, manager),
          yield* call(first, "GET", `/nowhere/${encodeURIComponent(student)}/010-2000-0002`, manager),
          yield* call(first, "GET", "/api/v1/auth/me", { token: `${manager.token}x` }),
          yield* call(first, "POST", "/api/v1/auth/login", { body: { loginId: "student1", password: `${password}!` } })
        ]
        assert.deepStrictEqual(answers.map(({ status }) => status), [409, 400, 400, 404, 401, 401])
        const confirmed = yield* call(first, "POST", `/api/v1/sessions/${session}/attendances/confirm`, {
          ...as("teacher1"),
          body: { students: [{ studentId: pressed.at("data.studentId") }] }
        })
        assert.strictEqual(confirmed.status, 200)
        // Of the others in the class guardians may hear as well: these have not come.
        yield* becomes(call(first, "GET", "/dev/inbox.json"), (inbox) => {
          const messages = Array.from({ length: Number(inbox.at("data.length")) }, (_, n) =>
            String(inbox.at(`data.${n}.body`)))
          assert.lengthOf(
            messages.filter((body) =>
              /출석했습니다/.test(body)
            ),
            1
          )
        })
        yield* ends(first)
        const server = yield* serverPid(home)
        assert.isFalse(server > 0 && (yield* lives(server)), "its PostgreSQL ended with it")

        const said = first.stdout().replace(banner, "") + first.stderr()
        assert.include(said, "\"request\"")
        for (const one of [...hidden, ...tokens.values(), ...sampleLogins.map(({ password }) => password), password]) {
          assert.notInclude(said, one)
        }

        const second = yield* startAms({ ...nothingSet, AMS_HOME: home })
        assert.deepStrictEqual(yield* Effect.provide(planted, own(home)), sampleAcademy)
        const history = yield* call(second, "GET", `/api/v1/attendances/${id}/history`, as("student1"))
        assert.strictEqual(history.status, 200)
        assert.deepStrictEqual([history.at("data.length"), history.at("data.0.to")], [2, "REQUESTED"])
        yield* ends(second, "SIGINT")
      })
  )

  it.live("goes on with the PostgreSQL that a killed AMS left", () =>
    Effect.gen(function*() {
      const home = yield* temporaryHome
      const settings = { ...nothingSet, AMS_HOME: home, AMS_ENV: "production" }
      const killed = yield* startAms(settings)
      const server = yield* serverPid(home)

      const other = yield* spawnAms(settings)
      assert.strictEqual(yield* other.ended, 1)
      assert.match(other.stderr(), new RegExp(`^ams: AMS with pid ${killed.pid} already uses .*\\n$`))

      killed.signal("SIGKILL")
      yield* killed.ended
      assert.isTrue(yield* lives(server))
      const next = yield* startAms(settings)
      assert.strictEqual(yield* serverPid(home), server)
      yield* ends(next)
      yield* becomes(lives(server), (alive) => assert.isFalse(alive))
    }))
})

describe("the sample academy", () => {
  const development = { AMS_ENV: "development" }

  it.live("is whole also when Ctrl-C comes while it is planted", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const ams = yield* spawnAms({ ...development, DATABASE_URL: Redacted.value(url) })
        yield* becomes(sql`select id from member`, (members) => assert.isNotEmpty(members))
        yield* ends(ams, "SIGINT")
        assert.deepStrictEqual(yield* planted, sampleAcademy)
      }).pipe(Effect.provide(clients(url)))
    }))

  it.live("is planted once by an api and a worker that start together", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl("empty")
      const settings = { ...development, DATABASE_URL: Redacted.value(url) }
      const worker = yield* spawnAms({ ...settings, AMS_ROLE: "worker" })
      const api = yield* startAms({ ...settings, AMS_ROLE: "api" })
      assert.deepStrictEqual(yield* Effect.provide(planted, clients(url)), sampleAcademy)
      yield* ends(api)
      yield* ends(worker)
    }))
})

describe("a start that cannot be", () => {
  const refused = Effect.fnUntraced(function*(env: Readonly<Record<string, string>>) {
    const ams = yield* spawnAms({ AMS_ENV: "", ...env })
    assert.strictEqual(yield* ams.ended, 1)
    assert.strictEqual(ams.stdout(), "")
    const said = ams.stderr()
    assert.match(said, /^(ams: .+\n)+$/)
    return said.trimEnd().split("\n").map((line) => line.slice("ams: ".length))
  })

  it.live("says that the port is in use", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const taken = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer().listen(0, "127.0.0.1")
          await once(server, "listening")
          return server
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = taken.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      assert.deepStrictEqual(yield* refused({ DATABASE_URL: Redacted.value(url), PORT: String(port) }), [
        `port ${port} is in use: stop what listens there, or set PORT`
      ])
    }))

  it.live("says that the data folder cannot be written", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder(0o755)
      // Root may write everywhere, but not below a file.
      const home = join(folder, "file", "ams")
      yield* Effect.promise(() => writeFile(join(folder, "file"), ""))
      const { url } = yield* freshDatabaseUrl()
      const [own, given] = yield* Effect.all([
        refused({ AMS_HOME: home }),
        refused({ AMS_HOME: home, DATABASE_URL: Redacted.value(url) })
      ], { concurrency: 2 })
      for (const said of [own, given]) {
        assert.lengthOf(said, 1)
        assert.include(said[0], home)
      }
    }))

  it.live("names every wrong setting, and repeats none of their values", () =>
    Effect.gen(function*() {
      const [several, sandbox] = yield* Effect.all([
        refused({ PORT: "abc", LOG_LEVEL: "loud", AMS_ENV: "x", DATABASE_URL: "mysql://ams:s3cret@host/ams" }),
        refused({ PORT: "70000", AMS_ENV: "production", DATABASE_URL: "here", NOTIFICATIONS: "sandbox" })
      ], { concurrency: 2 })
      assert.deepStrictEqual(several, [
        "AMS_ENV: expected one of development, production",
        "PORT: expected a whole number from 1 to 65535",
        "DATABASE_URL: expected an address that begins with postgres:// or postgresql://",
        "LOG_LEVEL: expected one of Debug, Info, Warn, Error"
      ])
      assert.deepStrictEqual(sandbox, [
        "PORT: expected a whole number from 1 to 65535",
        "DATABASE_URL: expected an address that begins with postgres:// or postgresql://",
        "NOTIFICATIONS: the sandbox sends nothing; expected providers or off in production"
      ])
    }))

  it.live("says what the database and the key lack, and repeats no secret", () =>
    Effect.gen(function*() {
      const { url } = yield* freshDatabaseUrl()
      const wrong = new URL(Redacted.value(url))
      wrong.password = "s3cret"
      const [password, key] = yield* Effect.all([
        refused({ DATABASE_URL: wrong.href }),
        refused({ DATABASE_URL: Redacted.value(url), JWT_PRIVATE_KEY: "s3cret" })
      ], { concurrency: 2 })
      for (const said of [password, key]) {
        assert.lengthOf(said, 1)
        assert.notInclude(said[0], "s3cret")
      }
      assert.match(password[0] ?? "", /password authentication failed/)
      assert.match(key[0] ?? "", /^the token key is not/)
    }))
})

describe("production", () => {
  it.live(
    "begins empty, shows nothing of development, and parks what no channel can carry",
    () =>
      Effect.gen(function*() {
        const { url } = yield* freshDatabaseUrl("empty")
        const settings = { ...nothingSet, DATABASE_URL: Redacted.value(url) }
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const ams = yield* startAms(settings)
          const banner = yield* becomes(Effect.sync(ams.stdout), (text) => assert.include(text, "Ctrl-C"))
          assert.include(banner, "AMS is ready (production)")
          for (const one of ["/dev", ...sampleLogins.map(({ loginId }) => `${loginId} `)]) {
            assert.notInclude(banner, one)
          }
          assert.deepStrictEqual(yield* sql`select id from member`, [])
          for (const path of ["/dev/inbox", "/dev/inbox.json", "/dev/inbox/events"]) {
            assert.strictEqual((yield* call(ams, "GET", path)).status, 404)
          }

          const given = yield* makeAcademy({ students: 1, logins: true }).pipe(Effect.provide(coreOn(url)))
          const teacher = yield* login(ams, `teacher-${given.tag}`, password)
          const confirmed = yield* call(ams, "POST", `/api/v1/sessions/${given.session.id}/attendances/confirm`, {
            token: teacher,
            body: { students: [{ studentId: given.students[0]?.student.memberId }] }
          })
          assert.strictEqual(confirmed.status, 200)
          yield* eventually(Effect.gen(function*() {
            assert.deepStrictEqual(
              yield* sql`select handler, rule, status from failed_event`,
              [{ handler: "SendMessage:KAKAO_TALK", rule: "no-channel", status: "OPEN" }]
            )
            assert.deepStrictEqual(yield* sql`select handler from event_delivery`, [])
          }))
          yield* ends(ams)
        }).pipe(Effect.provide(clients(url)))
      })
  )
})
