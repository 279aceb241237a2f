/** A ledger that cannot fail is none: whatever is taken away, added or changed contradicts a claim. */
import { assert, layer } from "@effect/vitest"
import { Context, Data, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { AttendanceCommands } from "../../src/application/commands/AttendanceCommands.ts"
import { as, makeAcademy } from "../support/academy.ts"
import { becomes } from "../support/ams.ts"
import { running } from "../support/app.ts"
import { ledger } from "./Ledger.ts"
import type { Sent } from "./Load.ts"

/** One that AMS is said to have answered. */
const sent = (shown: Sent["shown"], outcome: Sent["outcome"] = "committed"): Sent => ({
  kind: "confirm",
  trace: "0".repeat(32),
  node: 0,
  at: 0,
  took: 1,
  outcome,
  status: 200,
  why: undefined,
  shown
})

const unsettled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql`select event_id from event_delivery`
})

/** Two students confirmed, one of them corrected, everybody told; what the answers showed. */
class Played extends Context.Service<Played, Sent["shown"]>()("test/Ledger/Played") {
  static readonly layer = Layer.effect(
    Played,
    Effect.gen(function*() {
      const given = yield* makeAcademy({ students: 2 })
      const commands = yield* AttendanceCommands
      const confirmed = yield* commands.confirm(
        given.session.id,
        given.students.map(({ student }) => ({ studentId: student.memberId }))
      ).pipe(as(given.teacher))
      yield* becomes(unsettled, (open) => assert.lengthOf(open, 0))
      const [first] = confirmed
      if (first !== undefined) yield* commands.correct(first.id, "ABSENT", "mistaken").pipe(as(given.teacher))
      yield* becomes(unsettled, (open) => assert.lengthOf(open, 0))
      return confirmed.map(({ id, version }) => ({ id, version }))
    })
  ).pipe(Layer.provideMerge(running()))
}

class Undone extends Data.TaggedError("Undone")<{}> {}

/** Each claim that is contradicted after these statements, with how often; then they are undone. */
const contradictedAfter = Effect.fnUntraced(
  function*(answers: ReadonlyArray<Sent>, ...statements: ReadonlyArray<string>) {
    const sql = yield* SqlClient.SqlClient
    let found: Readonly<Record<string, number>> = {}
    yield* sql.withTransaction(Effect.gen(function*() {
      for (const statement of statements) yield* sql.unsafe(statement)
      const { claims } = yield* ledger(answers)
      found = Object.fromEntries(claims.flatMap(({ claim, contradicted: n }) => (n === 0 ? [] : [[claim, n]])))
      return yield* new Undone()
    })).pipe(Effect.catchTag("Undone", () => Effect.void))
    return found
  }
)

/** A claim, and a statement after which it does not hold. */
const changes = Object.entries({
  "each change of an attendance has its event, and each event its change":
    "delete from attendance_change where to_status = 'ABSENT'",
  "no delivery is left":
    "insert into event_delivery (event_id, handler, slot) values (gen_random_uuid(), 'Statistics', 0)",
  "nothing was parked": `
    insert into failed_event (id, event_id, handler, event_type, class, rule, error, fingerprint, attempts, first_failed_at,
      last_failed_at, status)
    values (gen_random_uuid(), gen_random_uuid(), 'SendMessage:SMS', 'MessagePlanned', 'permanent', 'r', 'e', 'f', '[]', now(),
      now(), 'OPEN')`,
  "everybody who may be told of a confirmation or correction is in the ledger, and nobody else":
    "delete from notification where kind = 'CORRECTED'",
  "each message was accepted, or skipped because what it told had been corrected":
    "update message set status = 'SENDING' where id = (select message_id from notification where kind = 'CORRECTED')",
  "what counts as accepted was accepted by an attempt, and shown":
    `delete from sandbox_message where id = (select a.id from message_attempt a join notification n using (message_id)
      where n.kind = 'CORRECTED')`,
  "what was shown counts as accepted":
    "update message set status = 'SKIPPED' where id = (select message_id from notification where kind = 'CORRECTED')",
  "nothing was handed over that the provider had already": `
    insert into message_attempt (id, message_id, number, channel, provider, outcome, started_at)
    select gen_random_uuid(), message_id, 2, channel, provider, null, now() from message_attempt limit 1`,
  "each message was planned by one event, and accepted in one attempt at most": `
    insert into message_attempt (id, message_id, number, channel, provider, outcome)
    select gen_random_uuid(), message_id, 2, channel, provider, 'Accepted' from message_attempt limit 1`,
  "nobody was shown what no message holds": `
    insert into sandbox_message (id, academy_id, channel, recipient, body)
    select gen_random_uuid(), academy_id, channel, recipient, body from sandbox_message limit 1`,
  "nobody was shown a message twice": `
    with again as (
      insert into message_attempt (id, message_id, number, channel, provider, started_at)
      select gen_random_uuid(), message_id, 2, channel, provider, '2020-01-01' from message_attempt limit 1 returning id
    )
    insert into sandbox_message (id, academy_id, channel, recipient, body)
    select again.id, academy_id, channel, recipient, body from again, sandbox_message limit 1`,
  "each member document is what PostgreSQL gives":
    "update member set name = 'changed' where id = (select id::uuid from read.member where doc is not null limit 1)",
  "each class document is what PostgreSQL gives": "delete from read.class",
  "each attendance document is what PostgreSQL gives": `
    insert into read.attendance (id, as_of, doc)
    select gen_random_uuid()::text, as_of, doc || jsonb_build_object('id', gen_random_uuid()) from read.attendance limit 1`,
  "each session document is what PostgreSQL gives":
    "update read.session set doc = jsonb_set(doc, '{students, 0, status}', '\"NONE\"')",
  "each student_day document is what PostgreSQL gives":
    "update attendance set status = 'LATE' where status = 'PRESENT'",
  "each academy_day document is what PostgreSQL gives": "delete from read.academy_day",
  "the figures of each class and day are what PostgreSQL gives": `
    update read.class_day set doc = jsonb_set(doc, '{present}', '7') where id = (select id from read.class_day limit 1)`
})

const traced = (type: string) => `update event set correlation_id = '${sent([]).trace}' where type = '${type}'`

layer(Played.layer, { excludeTestServices: true })("the ledger", (it) => {
  it.effect("finds nothing against a quiet AMS", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* contradictedAfter([sent(yield* Played)]), {})
    }))

  it.effect("finds an answer without its event", () =>
    Effect.gen(function*() {
      const later = (yield* Played).map(({ id, version }) => ({ id, version: version + 7 }))
      assert.deepStrictEqual(yield* contradictedAfter([sent(later)]), { "what a 2xx showed has its event": 1 })
      assert.deepStrictEqual(yield* contradictedAfter([sent([])]), { "what a 2xx showed has its event": 1 })
    }))

  it.effect("finds an event of what was refused, and one too many", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* contradictedAfter([sent([], "refused")], traced("AttendanceConfirmed")), {
        "what was refused or never sent left no event": 1
      })
      assert.deepStrictEqual(
        yield* contradictedAfter([sent(yield* Played)], traced("AttendanceConfirmed"), traced("AttendanceCorrected")),
        { "a command changed each attendance at most once": 1 }
      )
    }))

  it.effect.each(changes)("finds what is against: %s", ([text, statement]) =>
    Effect.gen(function*() {
      assert.property(yield* contradictedAfter([sent(yield* Played)], statement), text)
    }))
})
