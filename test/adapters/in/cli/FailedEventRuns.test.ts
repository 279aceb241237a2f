import { assert, expect, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import * as FailedEvents from "../../../../src/adapters/out/postgres/PostgresFailedEventStore.ts"
import { FailedEventStore } from "../../../../src/ports/FailedEventStore.ts"
import { plant, type Planted } from "../../../support/failedEvents.ts"
import { clients } from "../../../support/postgres.ts"
import { Ams, complaints, eventually, spawnAms, words } from "./support.ts"

/** A store like the server's on the same database. */
const store = Layer.unwrap(
  Effect.map(Ams, ({ url }) => FailedEvents.layer.pipe(Layer.provideMerge(clients(Redacted.make(url)))))
)

const several = Effect.fnUntraced(function*(count: number, given: Planted) {
  const sql = yield* SqlClient.SqlClient
  return yield* Effect.forEach(Array.from({ length: count }), () => plant(sql, given))
})

/** As long as the scope lives there is what looks like a running AMS, and steps the runs. */
const aRunningAms = Effect.gen(function*() {
  const { sql } = yield* Ams
  const runs = yield* FailedEventStore
  const incarnation = randomUUID()
  yield* Effect.acquireRelease(
    sql(
      "insert into node (incarnation, host, pid, heartbeat_at) values ($1, 'elsewhere', 1, now() + interval '1 hour')",
      [
        incarnation
      ]
    ),
    () => sql("delete from node where incarnation = $1", [incarnation])
  )
  yield* runs.stepRuns.pipe(Effect.repeat(Schedule.spaced("50 millis")), Effect.forkScoped)
})

const statuses = Effect.fnUntraced(function*(academy: string) {
  const { sql } = yield* Ams
  const rows = yield* sql(
    "select status, count(*)::int from failed_event where academy_id = $1 group by status order by status",
    [academy]
  )
  return Object.fromEntries(rows)
})
const runOf = Effect.fnUntraced(function*(academy: string) {
  const { sql } = yield* Ams
  const [row] = yield* sql(
    "select id::text, status, action, total, done, rate from failed_event_run where academy_id = $1",
    [academy]
  )
  const [id, status, action, total, done, rate] = row ?? []
  return { id: String(id), status, action, total, done: Number(done ?? 0), rate }
})

layer(Layer.provideMerge(store, Ams.layer("migrated")), { excludeTestServices: true })(
  "ams failed-events, of many",
  (it) => {
    it.effect("groups counts those that are not done by their cause", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        const academyId = randomUUID()
        yield* several(2, { academyId, fingerprint: "SendMessage:http-503@adapters/a.ts", class: "transient" })
        const [one] = yield* several(1, { academyId, fingerprint: "SendMessage:http-400", error: "no \u001b[31m such" })
        const [json, text] = yield* Effect.all([
          run(`failed-events groups --academy ${academyId} --json`),
          run(`failed-events groups --academy ${academyId} --class permanent`)
        ], { concurrency: 2 })
        expect(json.json()).toMatchObject([
          { count: 2, academies: 1, fingerprint: "SendMessage:http-503@adapters/a.ts", class: "transient" },
          { count: 1, sample: one?.id }
        ])
        const [titles = "", line = "", ...rest] = text.stdout.trimEnd().split("\n")
        assert.match(titles, /^COUNT +ACADEMIES +CLASS +FIRST FAILED AT +LAST FAILED AT +FINGERPRINT +SAMPLE +ERROR$/)
        assert.match(
          line,
          new RegExp(`^ +1 +1 +permanent +\\S+ \\S+Z +\\S+ \\S+Z +SendMessage:http-400 +${one?.id} +no \\[31m such$`)
        )
        assert.deepStrictEqual(rest, [])
      }))

    it.effect("list shows what the flags name", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        const academyId = randomUUID()
        const wanted = { academyId, handler: "Statistics", eventType: "StudentEnrolled", class: "transient" } as const
        const [old] = yield* several(1, { ...wanted, age: 86_400, fingerprint: "Statistics:a" })
        const [young] = yield* several(1, { ...wanted, fingerprint: "Statistics:b" })
        yield* several(1, { academyId })
        const ids = (line: string): Effect.Effect<unknown> =>
          Effect.map(run(`failed-events list --academy ${academyId} --json ${line}`), (ran) => {
            const events = ran.json()
            return Array.isArray(events) ? events.map(({ id }: { readonly id: string }) => id) : ran.stderr
          })
        const anHourAgo = new Date(Date.now() - 3_600_000).toISOString()
        const all = yield* Effect.all([
          ids("--handler Statistics --event-type StudentEnrolled --class transient"),
          ids("--fingerprint Statistics:a"),
          ids(`--class transient --from ${anHourAgo}`),
          ids(`--before ${anHourAgo}`)
        ], { concurrency: 2 })
        assert.deepStrictEqual(all, [[young?.id, old?.id], [old?.id], [young?.id], [old?.id]])
      }))

    it.effect("refuses what could mean two things, or everything by mistake", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        const id = randomUUID()
        const ran = yield* Effect.all([
          run("failed-events replay"),
          run(`failed-events replay ${id} --handler Statistics`),
          run(`failed-events discard ${id} --all --yes --reason x`),
          run(`failed-events replay ${id} --dry-run`),
          run("failed-events discard --all --yes"),
          run("failed-events replay --all --yes --rate 1001"),
          run("failed-events list --from yesterday")
        ], { concurrency: 2 })
        for (const { code, stdout } of ran) assert.deepStrictEqual([code, stdout], [2, ""])
        const which = "say which: an id, a filter such as --fingerprint, or --all for every OPEN one"
        const both = "an id is one: filters, --all, --dry-run, --rate and --detach are about many"
        const told = ran.map((one) => complaints(one)[0])
        assert.deepStrictEqual(told.slice(0, 4), [which, both, both, both])
        assert.match(told[6] ?? "", /an instant such as 2026-03-02T07:30:00Z/)
      }))

    it.effect("a dry run says what would happen, and changes nothing", () =>
      Effect.gen(function*() {
        const { run, sql } = yield* Ams
        const academyId = randomUUID()
        yield* several(2, { academyId })
        yield* several(1, { academyId, status: "RESOLVED" })
        yield* several(1, { academyId, status: "REPLAYING" })
        const line = `--academy ${academyId} --dry-run`
        const [json, text, discard] = yield* Effect.all([
          run(`failed-events replay ${line} --json`),
          run(`failed-events replay ${line}`),
          run(`failed-events discard ${line} --reason`, "not wanted")
        ], { concurrency: 2 })
        assert.deepStrictEqual(json.json(), { open: 2, expired: 0, replaying: 1, done: 1 })
        assert.strictEqual(text.stdout, "2 to replay; 1 with their handlers now; 1 done meanwhile\n")
        assert.strictEqual(discard.stdout, "2 to discard; 1 with their handlers now; 1 done meanwhile\n")
        assert.deepStrictEqual(yield* statuses(academyId), { OPEN: 2, REPLAYING: 1, RESOLVED: 1 })
        assert.deepStrictEqual(yield* sql("select 1 from failed_event_run where academy_id = $1", [academyId]), [])
      }))

    it.effect("replays all that fit, shows how far it is, and ends with the run", () =>
      Effect.gen(function*() {
        const { run, sql } = yield* Ams
        yield* aRunningAms
        const academyId = randomUUID()
        yield* several(7, { academyId })
        const ran = yield* run(`failed-events replay --academy ${academyId} --yes --rate 3`)
        assert.deepStrictEqual([ran.code, ran.stdout], [0, "7 of 7 replayed.\n"])
        const { id } = yield* runOf(academyId)
        assert.strictEqual(ran.stderr.split("\n")[0], `ams: run ${id}: 7 failed events, 3 a second; Ctrl-C aborts it`)
        assert.match(ran.stderr, /\nreplayed: 7 of 7\n$/)
        assert.deepStrictEqual(yield* statuses(academyId), { REPLAYING: 7 })
        const audited = yield* sql(
          "select distinct action, channel, actor_id, reason from audit_entry where academy_id = $1 and subject like 'failed_event/%'",
          [academyId]
        )
        assert.deepStrictEqual(audited, [["failed-event.replay", "CLI", null, `run ${id}`]])

        const again = yield* run(`failed-events replay --academy ${academyId} --yes`)
        assert.deepStrictEqual([again.code, again.stdout], [0, "0 to replay; 7 with their handlers now\n"])
      }))

    it.effect("discards all that fit, for one reason", () =>
      Effect.gen(function*() {
        const { run, sql } = yield* Ams
        yield* aRunningAms
        const academyId = randomUUID()
        yield* several(3, { academyId })
        const ran = yield* run(`failed-events discard --academy ${academyId} --yes --json --reason`, "told by hand")
        assert.strictEqual(ran.code, 0)
        expect(ran.json()).toMatchObject({
          status: "DONE",
          action: "DISCARD",
          total: 3,
          done: 3,
          reason: "told by hand"
        })
        const reasons = yield* sql("select distinct status, reason from failed_event where academy_id = $1", [
          academyId
        ])
        assert.deepStrictEqual(reasons, [["DISCARDED", "told by hand"]])
      }))

    it.effect("asks before it does so; where nobody can be asked it does nothing", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        const academyId = randomUUID()
        yield* several(1, { academyId })
        const [replay, discard] = yield* Effect.all([
          run(`failed-events replay --academy ${academyId}`),
          run(`failed-events discard --academy ${academyId} --reason x`)
        ], { concurrency: 2 })
        const nobody = "nobody can be asked without a terminal: add --yes to"
        assert.deepStrictEqual([replay.code, ...complaints(replay)], [2, `${nobody} replay them`])
        assert.deepStrictEqual([discard.code, ...complaints(discard)], [2, `${nobody} discard them`])
        assert.deepStrictEqual(yield* statuses(academyId), { OPEN: 1 })
      }))

    it.effect("says that nobody does it where no AMS runs, and leaves it to the next one", () =>
      Effect.gen(function*() {
        const { run, sql } = yield* Ams
        const academyId = randomUUID()
        // Its process died, and nobody was there to notice.
        yield* sql(
          "insert into node (incarnation, host, pid, heartbeat_at) values ($1, 'dead', 1, now() - interval '1 hour')",
          [
            randomUUID()
          ]
        )
        yield* several(2, { academyId })
        const ran = yield* run(`failed-events replay --academy ${academyId} --yes`)
        yield* sql("delete from node where host = 'dead'")
        const { id, status } = yield* runOf(academyId)
        assert.deepStrictEqual([ran.code, ran.stderr, status], [0, "", "RUNNING"])
        assert.strictEqual(
          ran.stdout,
          `Run ${id}: 2 failed events, 50 a second, as soon as an AMS runs: none does now. See ams failed-events runs show ${id}\n`
        )
        yield* (yield* FailedEventStore).stepRuns
        assert.deepStrictEqual(yield* statuses(academyId), { REPLAYING: 2 })
      }))

    it.effect("detached it goes on by itself; runs list, show and abort steer it", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        yield* aRunningAms
        const academyId = randomUUID()
        yield* several(100, { academyId, handler: "Statistics" })
        const began = yield* run(
          `failed-events replay --academy ${academyId} --handler Statistics --rate 1 --yes --detach`
        )
        const { id } = yield* runOf(academyId)
        assert.strictEqual(
          began.stdout,
          `Run ${id}: 100 failed events, 1 a second. See ams failed-events runs show ${id}\n`
        )
        yield* eventually(runOf(academyId), ({ done }) => done > 0)
        const [list, show, json] = yield* Effect.all([
          run("failed-events runs list"),
          run(`failed-events runs show ${id}`),
          run("failed-events runs list --json --limit 1")
        ], { concurrency: 2 })
        assert.match(
          list.stdout,
          new RegExp(`^ID .*\n(.*\n)*${id} +RUNNING +\\S+ \\S+Z +REPLAY +\\d+ +0 +100 +1$`, "m")
        )
        assert.match(show.stdout, new RegExp(`^academy +${academyId}\nhandler +Statistics$`, "m"))
        expect(json.json()).toMatchObject([{ id, status: "RUNNING", filter: { academyId, handler: "Statistics" } }])

        const aborted = yield* run(`failed-events runs abort ${id}`)
        const { done } = yield* runOf(academyId)
        assert.strictEqual(aborted.stdout, `Aborted: ${done} of 100 replayed; the rest is as it was.\n`)
        assert.deepStrictEqual(yield* statuses(academyId), { OPEN: 100 - done, REPLAYING: done })
        const [again, unknown] = yield* Effect.all([
          run(`failed-events runs abort ${id}`),
          run(`failed-events runs show ${academyId}`)
        ], { concurrency: 2 })
        assert.deepStrictEqual([again.code, ...complaints(again)], [
          1,
          `run ${id} is ABORTED: only a RUNNING one can be aborted`
        ])
        assert.deepStrictEqual([unknown.code, ...complaints(unknown)], [1, `there is no run ${academyId}`])
      }))

    it.effect("Ctrl-C aborts the run and says what was done", () =>
      Effect.gen(function*() {
        const { url } = yield* Ams
        yield* aRunningAms
        const academyId = randomUUID()
        yield* several(100, { academyId })
        const line = `failed-events replay --academy ${academyId} --rate 1 --yes`
        const child = spawnAms(words(line), { DATABASE_URL: url })
        yield* Effect.addFinalizer(() => Effect.sync(() => child.kill("SIGKILL")))
        let stderr = ""
        child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
        const closed = once(child, "close")
        yield* eventually(runOf(academyId), ({ done }) => done > 0)
        child.kill("SIGINT")
        const [code] = yield* Effect.promise(() => closed)
        const { done, status } = yield* runOf(academyId)
        assert.deepStrictEqual([code, status], [130, "ABORTED"])
        assert.match(stderr, new RegExp(`\nams: aborted: ${done} of 100 replayed; the rest is as it was\n$`))
        assert.deepStrictEqual(yield* statuses(academyId), { OPEN: 100 - done, REPLAYING: done })
      }))

    it.effect("tells whoever waits that somebody else aborted it", () =>
      Effect.gen(function*() {
        const { run } = yield* Ams
        yield* aRunningAms
        const academyId = randomUUID()
        yield* several(100, { academyId })
        const abort = Effect.gen(function*() {
          const { id } = yield* eventually(runOf(academyId), ({ done }) => done > 0)
          yield* run(`failed-events runs abort ${id}`)
        })
        const [ran] = yield* Effect.all([run(`failed-events replay --academy ${academyId} --rate 1 --yes`), abort], {
          concurrency: 2
        })
        const { done, id } = yield* runOf(academyId)
        assert.deepStrictEqual([ran.code, ran.stdout], [1, ""])
        assert.match(ran.stderr, new RegExp(`\nams: somebody aborted run ${id}: ${done} of 100 replayed\n$`))
      }))
  }
)
