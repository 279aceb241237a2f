import { assert, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { Ams, complaints, eventually, spawnAms } from "./support.ts"

/** A delivery that waits for its handler; answers its event's id. */
const waiting = Effect.fnUntraced(function*(handler: string, academy: string | null = null) {
  const { sql } = yield* Ams
  const [[id] = []] = yield* sql(
    `with e as (select uuidv7(interval '-5 seconds') as id)
    insert into event_delivery (event_id, handler, slot, academy_id)
    select id, $1, delivery_slot(id), $2::text::uuid from e returning event_id::text`,
    [handler, academy]
  )
  return String(id)
})

const audited = Effect.flatMap(
  Ams,
  ({ sql }) => sql("select action, subject, channel, actor_id, reason from audit_entry order by id")
)

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams handlers", (it) => {
  it.effect("pauses one once, shows it, resumes it once; both are audited", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      yield* waiting("SendMessage:KAKAO_TALK")
      const paused = yield* run("handlers pause SendMessage:KAKAO_TALK --reason", " the provider\nis down ")
      assert.deepStrictEqual([paused.code, paused.stderr], [0, ""])
      assert.match(
        paused.stdout,
        /^Paused SendMessage:KAKAO_TALK in every process: 1 deliveries wait, .*resume SendMessage:KAKAO_TALK\)\.\n$/
      )
      const [again, table, json] = yield* Effect.all([
        run("handlers pause SendMessage:KAKAO_TALK --reason again"),
        run("handlers list"),
        run("handlers list --json")
      ], { concurrency: 2 })
      assert.deepStrictEqual([again.code, again.stdout], [1, ""])
      assert.deepStrictEqual(complaints(again), ["SendMessage:KAKAO_TALK is paused already: see ams handlers list"])
      assert.match(
        table.stdout,
        /^SendMessage:KAKAO_TALK +paused +1 +0 +\d+ s +1 +32 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +the provider is down$/m
      )
      assert.match(table.stdout, /^Statistics +on +0 +0 +0 s +200 +1$/m)
      expect(json.json()).toContainEqual({
        handler: "SendMessage:KAKAO_TALK",
        paused: { reason: "the provider\nis down", since: expect.any(String), by: null },
        backlog: { open: 1, postponed: 0, oldestSeconds: expect.any(Number) },
        circuitOpen: false,
        openIn: [],
        policy: { concurrency: 32, batch: 1, timeoutSeconds: 20, retries: 3 }
      })

      const resumed = yield* run("handlers resume SendMessage:KAKAO_TALK --json")
      expect(resumed.json()).toMatchObject({ handler: "SendMessage:KAKAO_TALK", paused: null })
      const running = yield* run("handlers resume SendMessage:KAKAO_TALK")
      assert.deepStrictEqual([running.code, ...complaints(running)], [1, "SendMessage:KAKAO_TALK is not paused"])
      assert.deepStrictEqual(yield* audited, [
        ["handler.pause", "handler/SendMessage:KAKAO_TALK", "CLI", null, "the provider\nis down"],
        ["handler.resume", "handler/SendMessage:KAKAO_TALK", "CLI", null, null]
      ])
    }))

  it.effect("tells in which process a circuit is open", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      yield* sql(
        "insert into node (incarnation, host, pid, open_circuits) values (uuidv7(), 'elsewhere', 7, '{Statistics}')"
      )
      const { stdout } = yield* run("handlers list")
      assert.match(stdout, /^Statistics +circuit open /m)
      assert.match(stdout, /^The circuit of Statistics is open in pid 7 on elsewhere\.$/m)
    }))

  it.effect("wants a handler that there is, and a reason", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const [unknown, noReason, empty] = yield* Effect.all([
        run("handlers pause Reports --reason x"),
        run("handlers pause Statistics"),
        run("handlers pause Statistics --reason", "  ")
      ], { concurrency: 2 })
      for (
        const [ran, told] of [[unknown, "SendMessage:CHANNEL"], [noReason, "--reason"], [empty, "a reason"]] as const
      ) {
        assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
        assert.include(complaints(ran).join(), told)
      }
    }))
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams deliveries", (it) => {
  it.effect("status shows each handler's backlog, of all or of one academy, and the processes", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const academy = randomUUID()
      yield* waiting("Statistics", academy)
      yield* waiting("Statistics")
      yield* sql("insert into node (incarnation, host, pid) values (uuidv7(), 'here', 4711)")
      const [text, json] = yield* Effect.all([
        run("deliveries status"),
        run(`deliveries status --json --academy ${academy}`)
      ], { concurrency: 2 })
      assert.match(text.stdout, /^Statistics +2 +0 +\d+ s$/m)
      assert.match(text.stdout, /^SendMessage:KAKAO_TALK +0 +0 +0 s$/m)
      assert.match(text.stdout, /^here +4711 +\d{4}-/m)
      expect(json.json()).toMatchObject({
        academyId: academy,
        open: 1,
        backlog: expect.arrayContaining([expect.objectContaining({ handler: "Statistics", open: 1 })]),
        nodes: [{ host: "here", pid: 4711, openCircuits: [] }]
      })
    }))

  it.effect("watch ends after so many looks, or well by Ctrl-C", () =>
    Effect.gen(function*() {
      const { run, sql, url } = yield* Ams
      yield* sql("delete from event_delivery")
      const few = yield* run("deliveries watch --times 2 --json")
      assert.deepStrictEqual([few.code, few.stderr], [0, ""])
      const lines = few.stdout.trimEnd().split("\n").map((line): unknown => JSON.parse(line))
      assert.lengthOf(lines, 6)
      expect(lines[0]).toMatchObject({ handler: "ReadModelSync", open: 0, perSecond: null })

      const child = spawnAms(["deliveries", "watch"], { DATABASE_URL: url })
      let stdout = ""
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
      const ended = once(child, "close")
      yield* Effect.gen(function*() {
        yield* eventually(Effect.sync(() => stdout), (seen) => /SendMessage:KAKAO_TALK {2}0 open/.test(seen))
        yield* waiting("SendMessage:KAKAO_TALK")
        yield* eventually(Effect.sync(() => stdout), (seen) =>
          /SendMessage:KAKAO_TALK {2}1 open .* \+[\d.]+\/s\n/.test(seen))
        child.kill("SIGINT")
        assert.deepStrictEqual(
          yield* Effect.promise(() =>
            ended
          ),
          [0, null]
        )
      }).pipe(Effect.ensuring(Effect.sync(() => child.kill("SIGKILL"))))

      const never = yield* run("deliveries watch --times 0")
      assert.deepStrictEqual([never.code, never.stdout], [2, ""])
    }))
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams events", (it) => {
  it.effect("show tells the story in tables and as JSON; of an unknown one that there is none", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const about = randomUUID()
      const [[id, other] = []] = yield* sql(
        `with both_events as (
          insert into event (id, type, version, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
          values (uuidv7(), 'ClassCreated', 1, 'class', $1, 1, '2026-11-22T09:00:00Z', '{"teacherId":"someone"}'),
            (uuidv7(), 'SessionsPlanned', 1, 'class', $1, 1, '2026-11-22T09:00:00Z', '{}')
          returning id, type
        ) select max(id::text) filter (where type = 'ClassCreated'), max(id::text) filter (where type <> 'ClassCreated')
        from both_events`,
        [about]
      )
      const attempt = {
        number: 1,
        at: "2026-11-22T09:00:01.000Z",
        class: "permanent",
        rule: "decode",
        error: "\u001b[31mno"
      }
      yield* sql(
        `insert into failed_event (id, event_id, handler, event_type, class, rule, error, fingerprint, attempts,
          first_failed_at, last_failed_at, status)
        values (uuidv7(), $1::text::uuid, 'Statistics', 'ClassCreated', 'permanent', 'decode', 'no', 'f', $2::text::jsonb,
          now(), now(), 'OPEN')`,
        [id, JSON.stringify([attempt])]
      )
      const unknown = randomUUID()
      const [text, json, none] = yield* Effect.all([
        run(`events show ${id}`),
        run(`events show ${id} --json`),
        run(`events show ${unknown}`)
      ], { concurrency: 2 })
      assert.deepStrictEqual([text.code, text.stderr], [0, ""])
      for (
        const line of [
          /^type +ClassCreated, version 1$/m,
          new RegExp(`^about +class ${about}, version 1$`, "m"),
          /^at +2026-11-22 09:00:00Z$/m,
          /^payload +\{"teacherId":"someone"\}$/m,
          new RegExp(`^${other} +SessionsPlanned +${about}$`, "m"),
          /^ReadModelSync +done +0 +0$/m,
          /^Statistics +failed +1 +0$/m,
          /^Statistics +1 +2026-11-22 09:00:01Z +permanent +decode +\[31mno$/m
        ]
      ) assert.match(text.stdout, line)
      expect(json.json()).toMatchObject({
        event: { id, type: "ClassCreated", academyId: null },
        together: [{ id: other }],
        deliveries: [{ handler: "ReadModelSync", state: "done" }, { handler: "Statistics", state: "failed" }],
        failed: [{ eventId: id, status: "OPEN", nextRedriveAt: null, lastFailedAt: expect.stringMatching(/Z$/) }]
      })
      assert.deepStrictEqual([none.code, none.stdout], [1, ""])
      assert.deepStrictEqual(complaints(none), [`there is no event ${unknown}`])
    }))
})
