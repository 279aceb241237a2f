import { assert, describe, expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { line } from "../../../src/application/operations/Checks.ts"
import { glance } from "../../../src/application/operations/Doctor.ts"
import { AcademyId } from "../../../src/domain/Ids.ts"
import { ProviderSilent } from "../../../src/ports/ProviderAccount.ts"
import { ReadSideUnavailable } from "../../../src/ports/ReadModels.ts"
import { StorageUnavailable } from "../../../src/ports/UnitOfWork.ts"

import {
  at,
  examined,
  type Given,
  gone,
  incarnation,
  job,
  node,
  paused,
  production,
  waiting,
  world,
  wrongOf
} from "./examined.ts"

const cases: ReadonlyArray<readonly [what: string, given: Given, found: string]> = [
  [
    "an old PostgreSQL",
    { setup: { postgresVersion: "17.2" } },
    "postgresql problem PostgreSQL 17.2 is too old: 18 is needed"
  ],
  [
    "a schema that is behind",
    { lack: "the schema lacks 0007_delivery.sql: run ams migrate" },
    "schema problem the schema lacks 0007_delivery.sql: run ams migrate"
  ],
  [
    "a role without grants",
    { diagnosis: { missingGrants: Effect.succeed(["insert on member", "truncate on event_delivery_0"]) } },
    "grants problem the role of DATABASE_URL lacks insert on member, truncate on event_delivery_0: grant them, or let it own the database's objects"
  ],
  [
    "a pooler of transactions",
    { diagnosis: { notificationsArrive: Effect.succeed(false) } },
    "listen problem a session that listens hears nothing: let DATABASE_URL name PostgreSQL itself, not a pooler of transactions"
  ],
  [
    "a clock that is a little ahead",
    { diagnosis: { now: Effect.succeed(at(-1.5)) } },
    "clock warning this machine's clock is 1.50 s ahead of the database's: set both by the same time server"
  ],
  [
    "a clock that is far behind",
    { diagnosis: { now: Effect.succeed(at(7)) } },
    "clock problem this machine's clock is 7.00 s behind the database's: set both by the same time server"
  ],
  [
    "too few connections left for another process",
    { diagnosis: { connections: Effect.succeed({ used: 70, most: 97 }) } },
    "connections warning 70 of 97 in use; a process of AMS takes up to 31, so another one may find none: raise max_connections, or lower COMMAND_, BACKGROUND_ and OTHER_CONNECTIONS"
  ],
  [
    "fewer connections than a process takes",
    { diagnosis: { connections: Effect.succeed({ used: 5, most: 17 }) } },
    "connections problem 5 of 17 in use; a process of AMS takes up to 31: raise max_connections, or lower COMMAND_, BACKGROUND_ and OTHER_CONNECTIONS"
  ],
  [
    "a commit that does not wait for the disk",
    { diagnosis: { durability: Effect.succeed([{ name: "synchronous_commit", value: "off", source: "database" }]) } },
    "durability problem synchronous_commit is off for this database: turn it on; a crash of the database loses what AMS has answered as done"
  ],
  [
    "a database that a crash may destroy",
    { diagnosis: { durability: Effect.succeed([{ name: "fsync", value: "off", source: "configuration file" }]) } },
    "durability problem fsync is off: turn it on; a crash of the database may destroy it"
  ],
  [
    "a transaction that somebody forgot",
    {
      diagnosis: {
        longTransactions: () => Effect.succeed({ open: [{ pid: 7, who: "psql", seconds: 1_300 }], unseen: 0 })
      }
    },
    "transactions warning psql (pid 7) has been in one transaction for 21 min: end it, it keeps VACUUM from freeing anything: select pg_terminate_backend(7)"
  ],
  [
    "a prepared transaction that nobody ended",
    {
      diagnosis: {
        longTransactions: () =>
          Effect.succeed({ open: [{ pid: null, who: "prepared transaction x", seconds: 1_300 }], unseen: 0 })
      }
    },
    "transactions warning prepared transaction x has been in one transaction for 21 min: end it, it keeps VACUUM from freeing anything"
  ],
  [
    "a day without partition, later",
    { diagnosis: { missingPartitions: () => Effect.succeed(["1970-01-03", "1970-01-04"]) } },
    "partitions warning events of 1970-01-03, 1970-01-04 have no partition: run ams migrate, and see the job MakePartitions"
  ],
  [
    "no partition for today",
    { diagnosis: { missingPartitions: () => Effect.succeed(["1970-01-01"]) } },
    "partitions problem events of 1970-01-01 have no partition, so commands fail: run ams migrate"
  ],
  ["no process", { nodes: [] }, "processes problem no process runs the handlers: start AMS"],
  [
    "a silent process",
    { nodes: [node, { ...node, pid: 2, silentSeconds: 600 }] },
    "processes problem pid 2 on here has been silent for 10 min: end it if it is still there; the others take over what it had"
  ],
  [
    "a handler that does not keep up",
    { backlog: [{ ...waiting, oldestSeconds: 300 }] },
    "backlog problem SendMessage:SMS is behind: 3 open, the oldest for 5 min: see ams handlers list, and start another process if it only has too much to do"
  ],
  [
    "failed events",
    { failedEvents: Effect.succeed(2) },
    "failed-events problem 2 failed events are open: see ams failed-events list"
  ],
  [
    "an open circuit",
    { nodes: [{ ...node, openCircuits: ["SendMessage:SMS"] }] },
    "circuits problem the circuit of SendMessage:SMS is open in pid 1 on here: see why the other side does not answer"
  ],
  [
    "a paused handler, which is behind because of that",
    { paused: [paused], backlog: [{ ...waiting, oldestSeconds: 300 }] },
    "paused warning SendMessage:SMS has been paused since 1970-01-01T00:00:00.000Z (maintenance), 3 wait: when it may go on: ams handlers resume SendMessage:SMS"
  ],
  [
    "a job that fails",
    { jobs: [{ ...job, failures: 3, error: "no end within 10s" }] },
    "jobs problem Prune failed 3 times in a row, the last time with \"no end within 10s\": see the log of AMS"
  ],
  [
    "jobs that nobody runs",
    { jobs: [{ ...job, nextRunAt: at(-200) }, { ...job, name: "StepRuns", owner: gone, nextRunAt: at(-100) }] },
    "jobs problem nobody runs Prune, StepRuns, due for 3 min: see that an AMS runs that has the role all or worker"
  ],
  [
    "a read side of another life",
    { epoch: Effect.succeedSome("another") },
    "read-side problem the read side shows other data than PostgreSQL: run ams read-side sync"
  ],
  [
    "a read side that is down",
    { epoch: Effect.fail(new ReadSideUnavailable({ rule: "mongodb-network", cause: undefined })) },
    "read-side problem the read side does not answer: see that its database runs"
  ],
  [
    "an account that runs out",
    { account: { balance: Effect.succeed(9_999.4) } },
    "balance warning 9999 KRW on the account with the provider: load the account, see docs/channels.md"
  ],
  [
    "an empty account",
    { account: { balance: Effect.succeed(0) } },
    "balance problem 0 KRW on the account with the provider: load the account, see docs/channels.md"
  ],
  [
    "a provider that does not tell its balance",
    { account: { balance: Effect.fail(new ProviderSilent({ rule: "solapi-http-403" })) } },
    "balance problem could not be looked at: ProviderSilent: the provider does not tell: solapi-http-403"
  ],
  [
    "a template that is another text at the provider",
    { account: { template: () => Effect.succeed({ content: "출석", status: "APPROVED" }) } },
    "templates warning KakaoTalk's template CHECK_IN/ko is not used: other-text: hand in the text of docs/channels.md; text messages go out meanwhile"
  ],
  [
    "a template that cannot be asked for",
    { account: { template: () => Effect.fail(new ProviderSilent({ rule: "solapi-read-timeout" })) } },
    "templates warning KakaoTalk's template CHECK_IN/ko could not be asked for: solapi-read-timeout"
  ],
  [
    "an academy's own template that was turned off",
    {
      ownTemplates: [{
        academyId: AcademyId.make("01998c5e-0000-7000-8000-000000000001"),
        template: "LATE/ko",
        providerId: "KA01TP2",
        credentials: null,
        off: "status-stopped"
      }]
    },
    "templates warning 1 of the academies' own templates are not used: hand in the text of docs/channels.md; text messages go out meanwhile"
  ],
  [
    "the sandbox in production",
    { setup: { carriers: { ...production.carriers, SMS: "sandbox" } } },
    "settings problem messages go to the sandbox in production, so nobody is told anything: set NOTIFICATIONS=providers"
  ],
  [
    "no way out for messages in production",
    { setup: { carriers: { PUSH: "off", KAKAO_TALK: "off", SMS: "off" } } },
    "settings warning messages go nowhere in production: each is parked as a failed event: set SOLAPI_API_KEY or " +
    "FCM_SERVICE_ACCOUNT, see docs/channels.md"
  ],
  [
    "a channel without a carrier in production",
    { setup: { carriers: { ...production.carriers, PUSH: "off" } } },
    "settings warning no message goes out by PUSH: set their credentials, see docs/channels.md"
  ],
  [
    "the embedded database in production",
    { setup: { embeddedDatabase: true } },
    "settings warning production's data lies in AMS_HOME, without replica or archive: set DATABASE_URL"
  ],
  [
    "alerts that nobody hears",
    { setup: { alerted: false } },
    "settings warning alerts reach nobody but the log: set ALERT_SLACK_URL or ALERT_WEBHOOK_URL"
  ],
  [
    "a key in a file of the machine",
    { setup: { keyInFile: true } },
    "settings warning the key that signs tokens lies in a file of AMS_HOME, so no other machine has it: set JWT_PRIVATE_KEY"
  ]
]

describe("the doctor", () => {
  it.effect("finds nothing where all is well, and says what it looked at", () =>
    Effect.gen(function*() {
      const findings = yield* examined()
      assert.deepStrictEqual(findings.map(({ check, state }) => `${check} ${state}`), [
        "postgresql ok",
        "schema ok",
        "settings ok",
        "balance ok",
        "grants ok",
        "listen ok",
        "clock ok",
        "connections ok",
        "durability ok",
        "transactions ok",
        "partitions ok",
        "processes ok",
        "backlog ok",
        "failed-events ok",
        "circuits ok",
        "paused ok",
        "jobs ok",
        "read-side ok",
        "templates ok"
      ])
    }))

  it.effect.each(cases)("finds %s", ([, given, found]) =>
    Effect.gen(function*() {
      const wrong = yield* wrongOf(given)
      assert.deepStrictEqual(wrong.map((one) => `${one.check} ${one.state} ${line(one)}`), [found])
    }))

  it.effect("lets a development be one", () =>
    Effect.gen(function*() {
      const setup = {
        environment: "development",
        carriers: { PUSH: "sandbox" },
        embeddedDatabase: true,
        alerted: false
      } as const
      assert.deepStrictEqual(yield* wrongOf({ setup: { ...setup, keyInFile: true } }), [])
    }))

  it.effect("does not take for late what waits for its own time, nor a long run for a forgotten one", () =>
    Effect.gen(function*() {
      const postponed = { ...waiting, open: 3, postponed: 3, oldestSeconds: 300 }
      const running = { ...job, owner: incarnation, nextRunAt: at(-300) }
      assert.deepStrictEqual(yield* wrongOf({ backlog: [postponed], jobs: [running] }), [])
    }))

  it.effect("takes the database's time in the middle of the round trip, and the shortest of three", () =>
    Effect.gen(function*() {
      const trips = [800, 400, 600]
      const slow = Effect.gen(function*() {
        const trip = trips.shift() ?? 0
        yield* Effect.sleep(Duration.millis(trip / 2))
        const theirs = yield* Clock.currentTimeMillis
        yield* Effect.sleep(Duration.millis(trip / 2))
        // The long ways are also the crooked ones.
        return new Date(theirs + (trip === 400 ? 0 : 30_000))
      })
      const fiber = yield* Effect.forkChild(examined({ diagnosis: { now: slow }, lack: "not now" }))
      yield* TestClock.adjust("2 seconds")
      const clock = (yield* Fiber.join(fiber)).find(({ check }) => check === "clock")
      expect(clock).toMatchObject({ detail: expect.stringContaining(" 0.00 s ") })
    }))

  it.effect("goes on when a look fails, dies or hangs, and tells the innermost reason", () =>
    Effect.gen(function*() {
      const denied = new Error("permission denied for table failed_event")
      const fiber = yield* Effect.forkChild(wrongOf({
        failedEvents: Effect.die(new Error("PgConnection: Query failed", { cause: denied })),
        diagnosis: {
          missingGrants: Effect.fail(new StorageUnavailable({ conflict: false, cause: new Error("no connection") })),
          connections: Effect.never
        }
      }))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ check, detail, state }) => [check, state, detail]), [
        ["grants", "problem", "could not be looked at: no connection"],
        ["connections", "problem", "could not be looked at: no answer within 10s"],
        ["failed-events", "problem", "could not be looked at: permission denied for table failed_event"]
      ])
    }))

  it.effect("looks at nothing that needs the schema while that is not up to date", () =>
    Effect.gen(function*() {
      const checks = (yield* examined({ lack: "the database is empty: run ams migrate" })).map(({ check }) => check)
      assert.deepStrictEqual(checks.slice(0, 3), ["postgresql", "schema", "settings"])
      assert.deepStrictEqual(checks.filter((check) => ["backlog", "partitions", "read-side"].includes(check)), [])
    }))

  it.effect("and its short look say the same of the same things", () =>
    Effect.gen(function*() {
      const given: Given = {
        nodes: [],
        backlog: [{ ...waiting, oldestSeconds: 300 }],
        failedEvents: Effect.succeed(1),
        epoch: Effect.succeedNone
      }
      const short = (yield* Effect.provide(glance, world(given))).findings
      const whole = yield* examined(given)
      assert.lengthOf(short, 4)
      assert.includeDeepMembers(whole, [...short])
    }))
})
