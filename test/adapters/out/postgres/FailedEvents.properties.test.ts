/**
 * Whatever operators, runs, the system itself and handlers do at once: what is finished is never delivered again, and
 * nothing is lost. Triggers in the database watch every commit, so nothing between two looks escapes.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { SqlError } from "effect/sql"
import { randomUUID } from "node:crypto"
import { EventId, FailedEventId, FailedEventRunId, Incarnation } from "../../../../src/domain/Ids.ts"
import type { HandlerName } from "../../../../src/domain/Subscription.ts"
import type { Delivery } from "../../../../src/ports/EventBus.ts"
import type { StorageUnavailable } from "../../../../src/ports/UnitOfWork.ts"
import { atTerminal, Stores } from "./failedEvents.ts"

/** One thing that somebody does: with a pair of event and handler, seen from one of two processes. */
const Act = Schema.Struct({
  what: Schema.Literals([
    "replay",
    "discard",
    "begin a replaying run",
    "begin a discarding run",
    "step the runs",
    "abort a run",
    "redrive",
    "recover",
    "claim",
    "complete",
    "complete late",
    "park",
    "park late",
    "give back",
    "die"
  ]),
  pair: Schema.Literals([0, 1, 2]),
  by: Schema.Literals([0, 1])
})
/** Rounds of what happens at once. */
const History = Schema.Array(Schema.Array(Act).check(Schema.isMinLength(2), Schema.isMaxLength(6)))
  .check(Schema.isMinLength(12), Schema.isMaxLength(30))

const pairs = [[0, "SendMessage:SMS"], [0, "ReadModelSync"], [1, "SendMessage:SMS"]] as const
const handlers = ["SendMessage:SMS", "ReadModelSync"] as const
const rooms = handlers.map((handler) => ({ handler, places: 100, each: 100, full: [] }))

/** Refuses by itself what must never happen, whoever tries. */
const watching = Layer.effectDiscard(Effect.gen(function*() {
  const { sql } = yield* Stores
  yield* sql`create table finished (event_id uuid, handler text, primary key (event_id, handler))`
  yield* sql`create function watch_finish() returns trigger language plpgsql as $$ begin
    if not exists (select from event_delivery d where d.event_id = old.event_id and d.handler = old.handler)
      and not exists (select from failed_event f where f.event_id = old.event_id and f.handler = old.handler
        and f.status in ('OPEN', 'REPLAYING')) then
      insert into finished values (old.event_id, old.handler) on conflict do nothing;
    end if;
    return null;
  end $$`
  yield* sql`create constraint trigger watch_finish after delete on event_delivery deferrable initially deferred
    for each row execute function watch_finish()`
  yield* sql`create function watch_delivery() returns trigger language plpgsql as $$ begin
    if exists (select from finished f where f.event_id = new.event_id and f.handler = new.handler) then
      raise exception 'what is finished was delivered again';
    end if;
    return new;
  end $$`
  yield* sql`create trigger watch_delivery before insert or update on event_delivery
    for each row execute function watch_delivery()`
  yield* sql`create function watch_status() returns trigger language plpgsql as $$ begin
    if old.status in ('RESOLVED', 'DISCARDED', 'DONE', 'ABORTED') and new.status <> old.status then
      raise exception '% became %', old.status, new.status;
    end if;
    return new;
  end $$`
  yield* sql`create trigger watch_status before update on failed_event for each row execute function watch_status()`
  yield* sql`create trigger watch_run before update on failed_event_run for each row execute function watch_status()`
}))

/** New events, each to be delivered, two of them after a first failure; and two processes. */
class World extends Context.Service<World, {
  readonly events: ReadonlyArray<EventId>
  readonly processes: ReadonlyArray<Incarnation>
  /** Everything that was ever claimed: who slept does not know that it was taken from it. */
  readonly held: Array<Delivery>
}>()("test/World") {
  static readonly make = Effect.gen(function*() {
    const { deliveries, sql } = yield* Stores
    yield* sql`delete from event_delivery`
    yield* Effect.forEach(
      ["finished", "failed_event", "failed_event_run", "audit_entry", "node", "recovered_handler"],
      (table) => sql`delete from ${sql(table)}`
    )
    const made = yield* sql<{ id: string }>`
      insert into event (id, type, version, aggregate_type, aggregate_id, aggregate_version, occurred_at, payload)
      select uuidv7(), 'MessagePlanned', 1, 'message', uuidv7(), 1, now(), jsonb_build_object('messageId', uuidv7())
      from generate_series(1, 2) returning id`
    const events = made.map(({ id }) => EventId.make(id))
    for (const [event, handler] of pairs) {
      yield* sql`insert into event_delivery (event_id, handler, slot)
        values (${events[event]}, ${handler}, delivery_slot(${events[event]}))`
    }
    const processes = [Incarnation.make(randomUUID()), Incarnation.make(randomUUID())]
    yield* Effect.forEach(processes, deliveries.join)
    const [self = Incarnation.make(randomUUID())] = processes
    const { deliveries: first } = yield* deliveries.claim(self, rooms, true, () => true)
    const attempt = { number: 1, class: "transient", rule: "test", error: "no" } as const
    yield* Effect.forEach(
      first.slice(1),
      (one) => deliveries.park(one, FailedEventId.make(randomUUID()), attempt, "test")
    )
    return World.of({ events, processes, held: [...first] })
  }).pipe(Effect.orDie)
}

const failedEvent = Effect.fnUntraced(function*(pair: typeof Act.Type["pair"]) {
  const { sql } = yield* Stores
  const [event, handler] = pairs[pair]
  const [row] = yield* sql<{ id: string }>`
    select id from failed_event where event_id = ${(yield* World).events[event]} and handler = ${handler}`
  return FailedEventId.make(row?.id ?? randomUUID())
})

const claim = Effect.fnUntraced(function*(self: Incarnation) {
  const { deliveries, sql } = yield* Stores
  const { held } = yield* World
  const finished = yield* sql<{ id: string; handler: HandlerName }>`select event_id as id, handler from finished`
  const claimed = yield* deliveries.claim(self, rooms, true, () => true)
  const got = [...claimed.deliveries, ...claimed.crashed]
  for (const { event, handler } of got) {
    assert.isFalse(finished.some((one) => one.id === event.id && one.handler === handler))
  }
  held.push(...got)
})

const act = Effect.fnUntraced(function*({ by, pair, what }: typeof Act.Type) {
  const { deliveries, other, sql, store: first } = yield* Stores
  const { events, held, processes } = yield* World
  const store = by === 0 ? first : other
  const self = processes[by] ?? (yield* Effect.die("no such process"))
  const [event, handler] = pairs[pair]
  /** What somebody holds of the pair, or held once. */
  const holds = () => held.filter((one) => one.event.id === events[event] && one.handler === handler)
  const park = Effect.fnUntraced(function*(delivery: Delivery | undefined) {
    const kind = by === 0 ? "transient" : "permanent"
    const attempt = { number: 1, class: kind, rule: "test", error: "no" } as const
    if (delivery !== undefined) yield* deliveries.park(delivery, FailedEventId.make(randomUUID()), attempt, "test")
  })
  const complete = (delivery: Delivery | undefined) =>
    delivery === undefined ? Effect.void : deliveries.complete([delivery])
  const begin = (action: "REPLAY" | "DISCARD") =>
    store.startRun(atTerminal, {
      id: FailedEventRunId.make(randomUUID()),
      action,
      filter: { academyId: null, ...(pair === 0 ? { handler } : {}) },
      reason: action === "DISCARD" ? "why" : null,
      rate: 1 + pair
    })
  switch (what) {
    case "replay":
      return yield* store.replay(atTerminal, yield* failedEvent(pair))
    case "discard":
      return yield* store.discard(atTerminal, yield* failedEvent(pair), "why")
    case "begin a replaying run":
      return yield* begin("REPLAY")
    case "begin a discarding run":
      return yield* begin("DISCARD")
    case "step the runs":
      yield* sql`update failed_event_run set updated_at = now() - interval '1 second' where status = 'RUNNING'`
      return yield* store.stepRuns
    case "abort a run": {
      const [run] = yield* store.runs(null, { limit: 1 })
      return run === undefined ? false : yield* store.abortRun(atTerminal, run.id)
    }
    case "redrive":
      yield* sql`update failed_event set next_redrive_at = now() where next_redrive_at is not null`
      return yield* store.redrive(1 + pair)
    case "recover":
      yield* store.redriveSoon(handler)
      return yield* store.redrive(1 + pair)
    case "claim":
      return yield* claim(self)
    case "complete":
      yield* claim(self)
      return yield* complete(holds().at(-1))
    case "park":
      yield* claim(self)
      return yield* park(holds().at(-1))
    // By who slept, and does not know that it was taken away.
    case "complete late":
      return yield* complete(holds()[0])
    case "park late":
      return yield* park(holds()[0])
    case "give back":
      return yield* deliveries.giveBack(holds().slice(-1), Duration.zero)
    case "die":
      return yield* sql`delete from node where incarnation = ${self}`
  }
})

/** What is left when everybody has come to an end: all is finished, but for what was discarded. */
const wellInTheEnd = Effect.gen(function*() {
  const { deliveries, sql, store } = yield* Stores
  const { held, processes } = yield* World
  yield* Effect.forEach(processes, deliveries.join)
  yield* sql`update failed_event_run set status = 'ABORTED' where status = 'RUNNING'`
  yield* Effect.forEach(
    [0, 1, 2] as const,
    (pair) => Effect.flatMap(failedEvent(pair), (id) => store.replay(atTerminal, id))
  )
  yield* Effect.forEach(processes, claim)
  yield* deliveries.complete(held)
  const left = yield* sql<{ left: number }>`
    select (select count(*) from event_delivery)::int
      + (select count(*) from failed_event where status in ('OPEN', 'REPLAYING'))::int as left`
  assert.deepStrictEqual(left, [{ left: 0 }])
})

/** Two that stood in each other's way: one of them was rolled back. */
const orCollided = <A, R>(effect: Effect.Effect<A, SqlError.SqlError | StorageUnavailable, R>) =>
  Effect.catchTag(effect, "StorageUnavailable", (error) => (error.conflict ? Effect.void : Effect.die(error)))

/** Every pair is in one place: with a handler or on its way there, OPEN for somebody to decide, or finished. */
const nothingLostOrDoubled = Effect.gen(function*() {
  const { sql } = yield* Stores
  const { events } = yield* World
  for (const [event, handler] of pairs) {
    const [row] = yield* sql<Record<string, number | string | null>>`
      select
        (select count(*)::int from event_delivery d where d.event_id = p.event_id and d.handler = p.handler) as deliveries,
        (select count(*)::int from finished d where d.event_id = p.event_id and d.handler = p.handler) as finished,
        f.status, coalesce(f.replays, 0) as replays,
        (select count(*)::int from audit_entry a where a.subject = 'failed_event/' || f.id
          and a.action = 'failed-event.replay') as "replaysAudited",
        (select count(*)::int from audit_entry a where a.subject = 'failed_event/' || f.id
          and a.action = 'failed-event.discard') as "discardsAudited"
      from (select ${events[event]}::uuid as event_id, ${handler}::text as handler) p
      left join failed_event f on f.event_id = p.event_id and f.handler = p.handler`
    const { deliveries, discardsAudited, finished, replays, replaysAudited, status } = row ?? {}
    const place = status === "OPEN" || status === "DISCARDED"
      ? { deliveries: 0, finished: 0 }
      : status === "REPLAYING" || (status === null && finished === 0)
      ? { deliveries: 1, finished: 0 }
      : { deliveries: 0, finished: 1 }
    assert.deepStrictEqual({ deliveries, finished }, place, String(status))
    assert.deepStrictEqual([replaysAudited, discardsAudited], [replays, status === "DISCARDED" ? 1 : 0])
  }
  const runs = yield* sql<{ done: number; audited: number }>`
    select done, (select count(*)::int from audit_entry where reason like '%run ' || r.id) as audited
    from failed_event_run r`
  for (const { audited, done } of runs) assert.strictEqual(audited, done)
})

layer(Layer.provideMerge(watching, Stores.layer), { excludeTestServices: true })("failed events", (it) => {
  it.effect.prop(
    "whatever is done at once, what is finished is never delivered again, nothing has two deliveries, nothing is lost",
    [Arbitrary.schema(History)],
    ([history]) =>
      Effect.gen(function*() {
        const world = yield* World.make
        yield* Effect.gen(function*() {
          for (const round of history) {
            yield* Effect.forEach(round, (one) => orCollided(act(one)), { concurrency: "unbounded", discard: true })
            yield* nothingLostOrDoubled
          }
          yield* wellInTheEnd
        }).pipe(Effect.provideService(World, world))
      }),
    { arbitrary: { runs: 40 } }
  )
})
