import { assert, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { Ams, complaints } from "./support.ts"

interface Given {
  readonly status?: string
  readonly handler?: string
  readonly academy?: string
  readonly error?: string
}

/** Inserts a failed event as a handler's park would; answers its id and its event's. */
const park = Effect.fnUntraced(function*(given: Given = {}) {
  const { sql } = yield* Ams
  const [row] = yield* sql(
    `insert into failed_event (id, event_id, handler, academy_id, event_type, class, rule, error, fingerprint, attempts,
      first_failed_at, last_failed_at, status)
    values (uuidv7(), uuidv7(), $1, $2::text::uuid, 'MessagePlanned', 'permanent', 'http-400', $3, $1 || ':http-400', $4::text::jsonb,
      '2026-11-22T09:00:00Z', '2026-11-22T09:00:01.5Z', $5)
    returning id::text, event_id::text`,
    [
      given.handler ?? "SendMessage:SMS",
      given.academy ?? null,
      given.error ?? "the provider refused",
      JSON.stringify([
        { number: 1, at: "2026-11-22T09:00:00.000Z", class: "transient", rule: "timeout", error: "no end within 5s" },
        {
          number: 2,
          at: "2026-11-22T09:00:01.500Z",
          class: "permanent",
          rule: "http-400",
          error: "the provider refused"
        }
      ]),
      given.status ?? "OPEN"
    ]
  )
  return { id: String(row?.[0]), eventId: String(row?.[1]) }
})

const row = Effect.fnUntraced(function*(id: string) {
  const { sql } = yield* Ams
  const [found] = yield* sql("select status, replays, reason from failed_event where id = $1", [id])
  return found
})
const deliveries = Effect.fnUntraced(function*(eventId: string) {
  const { sql } = yield* Ams
  return yield* sql("select handler, owner from event_delivery where event_id = $1", [eventId])
})
const audited = Effect.fnUntraced(function*(id: string) {
  const { sql } = yield* Ams
  return yield* sql("select action, channel, actor_id, reason from audit_entry where subject = $1 order by id", [
    `failed_event/${id}`
  ])
})

layer(Ams.layer("migrated"), { excludeTestServices: true })("ams failed-events", (it) => {
  it.effect("list shows the newest first, and only what is asked for", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const academy = randomUUID()
      const first = yield* park({ academy })
      const second = yield* park({ academy, handler: "Statistics", status: "RESOLVED" })
      const third = yield* park({ academy })
      const ids = Effect.fnUntraced(function*(line: string) {
        const ran = yield* run(`failed-events list --json --academy ${academy} ${line}`)
        assert.deepStrictEqual([ran.code, ran.stderr], [0, ""])
        const events = ran.json()
        return Array.isArray(events) ? events.map((event: { readonly id: string }) => event.id) : events
      })
      const lists = yield* Effect.all([
        ids(""),
        ids("--status OPEN --limit 1"),
        ids("--handler Statistics")
      ], { concurrency: 2 })
      assert.deepStrictEqual(lists, [
        [third.id, second.id, first.id],
        [third.id],
        [second.id]
      ])
    }))

  it.effect("list shows people a table, and no control characters of an error's text", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const academy = randomUUID()
      const { id } = yield* park({ academy, error: "red \u001b[31m alarm\nand more of it" })
      const { code, stderr, stdout } = yield* run(`failed-events list --academy ${academy}`)
      assert.deepStrictEqual([code, stderr], [0, ""])
      const [titles = "", line = "", ...rest] = stdout.trimEnd().split("\n")
      expect(titles.split(/ {2,}/)).toEqual([
        "ID",
        "STATUS",
        "LAST FAILED AT",
        "HANDLER",
        "EVENT",
        "RULE",
        "TRIED",
        "ERROR"
      ])
      expect(line.split(/ {2,}/)).toEqual([
        id,
        "OPEN",
        "2026-11-22 09:00:01Z",
        "SendMessage:SMS",
        "MessagePlanned",
        "http-400",
        "2",
        "red [31m alarm and more of it"
      ])
      assert.deepStrictEqual(rest, [])
    }))

  it.effect("show tells all attempts; of an unknown one that there is none", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const { eventId, id } = yield* park()
      const unknown = randomUUID()
      const [json, text, none] = yield* Effect.all([
        run(`failed-events show ${id} --json`),
        run(`failed-events show ${id}`),
        run(`failed-events show ${unknown}`)
      ], { concurrency: 2 })
      expect(json.json()).toMatchObject({
        id,
        eventId,
        handler: "SendMessage:SMS",
        status: "OPEN",
        lastFailedAt: "2026-11-22T09:00:01.500Z",
        attempts: [{ number: 1, class: "transient", rule: "timeout" }, { number: 2, error: "the provider refused" }]
      })
      assert.match(text.stdout, /1 +2026-11-22 09:00:00Z +transient +timeout +no end within 5s\n/)
      assert.match(text.stdout, /2 +2026-11-22 09:00:01Z +permanent +http-400 +the provider refused\n/)
      assert.strictEqual(none.code, 1)
      assert.strictEqual(none.stdout, "")
      assert.deepStrictEqual(complaints(none), [`there is no failed event ${unknown}`])
    }))

  it.effect("replay gives the event to its handler once; what is under way or done is refused", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      const { eventId, id } = yield* park()
      const replayed = yield* run(`failed-events replay ${id}`)
      assert.deepStrictEqual([replayed.code, replayed.stderr], [0, ""])
      assert.strictEqual(
        replayed.stdout,
        `SendMessage:SMS gets MessagePlanned ${eventId} again: no AMS runs now, the next one takes it.\n`
      )
      assert.deepStrictEqual(yield* row(id), ["REPLAYING", 1, null])
      // Nobody's: the CLI runs no handlers.
      assert.deepStrictEqual(yield* deliveries(eventId), [["SendMessage:SMS", null]])
      assert.deepStrictEqual(yield* sql("select count(*)::int from node"), [[0]])
      assert.deepStrictEqual(yield* audited(id), [["failed-event.replay", "CLI", null, null]])

      const again = yield* run(`failed-events replay ${id} --json`)
      assert.deepStrictEqual([again.code, again.stdout], [1, ""])
      assert.deepStrictEqual(complaints(again), [
        `failed event ${id} is REPLAYING: only an OPEN one can be replayed or discarded`
      ])

      // As a handler that is done leaves it.
      yield* sql("delete from event_delivery where event_id = $1", [eventId])
      yield* sql("update failed_event set status = 'RESOLVED', resolved_at = now() where id = $1", [id])
      const done = yield* run(`failed-events replay ${id}`)
      assert.strictEqual(done.code, 1)
      assert.match(complaints(done).join(), /is RESOLVED/)
      assert.deepStrictEqual(yield* deliveries(eventId), [])
      assert.deepStrictEqual(yield* row(id), ["RESOLVED", 1, null])
      assert.lengthOf(yield* audited(id), 1)
    }))

  it.effect("of two replays at once one wins", () =>
    Effect.gen(function*() {
      const { run, sql } = yield* Ams
      // However long the commands take, it has just given a sign of life.
      yield* sql(
        "insert into node (incarnation, host, pid, heartbeat_at) values (uuidv7(), 'elsewhere', 1, now() + interval '1 hour')"
      )
      const { eventId, id } = yield* park()
      const both = yield* Effect.all([run(`failed-events replay ${id}`), run(`failed-events replay ${id}`)], {
        concurrency: 2
      })
      assert.sameMembers(both.map(({ code }) => code), [0, 1])
      assert.match(both.map(({ stdout }) => stdout).join(""), /again: a running AMS takes it within a second\.\n$/)
      assert.deepStrictEqual(yield* row(id), ["REPLAYING", 1, null])
      assert.lengthOf(yield* deliveries(eventId), 1)
    }))

  it.effect("discard wants a reason, and a yes where nobody can be asked", () =>
    Effect.gen(function*() {
      const { run } = yield* Ams
      const { id } = yield* park()
      const [noReason, notSure] = yield* Effect.all([
        run(`failed-events discard ${id} --yes`),
        run(`failed-events discard ${id} --reason`, "sent by hand")
      ], { concurrency: 2 })
      assert.deepStrictEqual([noReason.code, noReason.stdout], [2, ""])
      assert.deepStrictEqual([notSure.code, notSure.stdout], [2, ""])
      assert.deepStrictEqual(complaints(notSure), ["nobody can be asked without a terminal: add --yes to discard it"])
      assert.deepStrictEqual(yield* row(id), ["OPEN", 0, null])

      const discarded = yield* run(`failed-events discard ${id} --yes --json --reason`, "  sent by hand ")
      assert.deepStrictEqual([discarded.code, discarded.stderr], [0, ""])
      expect(discarded.json()).toMatchObject({ id, status: "DISCARDED", reason: "sent by hand" })
      assert.deepStrictEqual(yield* row(id), ["DISCARDED", 0, "sent by hand"])
      assert.deepStrictEqual(yield* audited(id), [["failed-event.discard", "CLI", null, "sent by hand"]])

      const afterwards = yield* Effect.all([
        run(`failed-events discard ${id} --yes --reason`, "again"),
        run(`failed-events replay ${id}`)
      ], { concurrency: 2 })
      for (const ran of afterwards) {
        assert.strictEqual(ran.code, 1)
        assert.match(complaints(ran).join(), /is DISCARDED/)
      }
      assert.deepStrictEqual(yield* row(id), ["DISCARDED", 0, "sent by hand"])
    }))
})
