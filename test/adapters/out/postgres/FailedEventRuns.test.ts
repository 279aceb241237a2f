import { assert, expect, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import { type AcademyId, FailedEventRunId } from "../../../../src/domain/Ids.ts"
import type { FailedEventFilter, NewRun } from "../../../../src/ports/FailedEventStore.ts"
import { someAcademy } from "../../../support/failedEvents.ts"
import { atTerminal, audit, deliveriesOf, managerOf, state, Stores } from "./failedEvents.ts"

let runs = 0
const newRun = (filter: FailedEventFilter, given: Partial<NewRun> = {}): NewRun => ({
  id: FailedEventRunId.make(`01980000-0000-7000-9000-${String(++runs).padStart(12, "0")}`),
  action: "REPLAY",
  filter,
  reason: null,
  rate: 1000,
  ...given
})

const several = Effect.fnUntraced(function*(count: number, academyId: AcademyId) {
  const { plant } = yield* Stores
  return yield* Effect.forEach(Array.from({ length: count }), () => plant({ academyId }))
})

/** As if the step before had been so many seconds ago; before it, no time has passed, however slow the machine. */
const secondsLater = Effect.fnUntraced(function*(seconds: number) {
  const { sql } = yield* Stores
  yield* sql`update failed_event_run set updated_at = now() - ${seconds} * interval '1 second' where status = 'RUNNING'`
})
const aSecondLater = secondsLater(1)
const noTimeLater = secondsLater(-3600)
const stepUntilNoneIsLeft = Effect.gen(function*() {
  const { store } = yield* Stores
  let steps = 1
  while ((yield* store.stepRuns) > 0) {
    yield* aSecondLater
    steps += 1
  }
  return steps
})
const run = Effect.fnUntraced(function*(id: FailedEventRunId) {
  const { store } = yield* Stores
  return Option.getOrThrow(yield* store.findRun(null, id))
})

layer(Stores.layer, { excludeTestServices: true })("a run over failed events in PostgreSQL", (it) => {
  it.effect("does as many as its rate allows, and no more however often it is stepped", () =>
    Effect.gen(function*() {
      const { store } = yield* Stores
      const academyId = someAcademy()
      const planted = yield* several(7, academyId)
      const { id, ...begun } = yield* store.startRun(atTerminal, newRun({ academyId }, { rate: 3 }))
      expect(begun).toMatchObject({ status: "RUNNING", total: 7, done: 0, skipped: 0, rate: 3, finishedAt: null })
      assert.strictEqual(yield* store.stepRuns, 1)
      yield* noTimeLater
      yield* store.stepRuns
      expect(yield* run(id)).toMatchObject({ status: "RUNNING", done: 3 })
      yield* aSecondLater
      yield* store.stepRuns
      expect(yield* run(id)).toMatchObject({ status: "RUNNING", done: 6 })
      yield* aSecondLater
      assert.strictEqual(yield* store.stepRuns, 0)
      const ended = yield* run(id)
      expect(ended).toMatchObject({ status: "DONE", done: 7, skipped: 0 })
      assert.isNotNull(ended.finishedAt)
      for (const { eventId, id } of planted) {
        expect(yield* state(id)).toMatchObject({ status: "REPLAYING", replays: 1 })
        assert.lengthOf(yield* deliveriesOf(eventId), 1)
      }
    }))

  it.effect("a slow one does one a second: parts of a second add up", () =>
    Effect.gen(function*() {
      const { sql, store } = yield* Stores
      const academyId = someAcademy()
      yield* several(2, academyId)
      const { id } = yield* store.startRun(atTerminal, newRun({ academyId }, { rate: 1 }))
      yield* store.stepRuns
      yield* noTimeLater
      const before = yield* sql`select updated_at from failed_event_run where id = ${id}`
      yield* store.stepRuns
      expect(yield* run(id)).toMatchObject({ done: 1 })
      assert.deepStrictEqual(yield* sql`select updated_at from failed_event_run where id = ${id}`, before)
      yield* aSecondLater
      yield* store.stepRuns
      expect(yield* run(id)).toMatchObject({ done: 2 })
      yield* stepUntilNoneIsLeft
    }))

  it.effect("discards with its reason; each one's audit entry names the run, and the run has its own", () =>
    Effect.gen(function*() {
      const { store } = yield* Stores
      const academyId = someAcademy()
      const by = managerOf(academyId)
      const [one] = yield* several(2, academyId)
      const reason = "the parents were called"
      const { id } = yield* store.startRun(by, newRun({ academyId }, { action: "DISCARD", reason }))
      yield* stepUntilNoneIsLeft
      expect(yield* run(id)).toMatchObject({ status: "DONE", done: 2, reason, action: "DISCARD" })
      assert.isDefined(one)
      expect(yield* state(one.id)).toMatchObject({ status: "DISCARDED", reason })
      assert.deepStrictEqual(yield* deliveriesOf(one.eventId), [])
      const who = { channel: "API", actor: by.actorId, academy: academyId }
      assert.deepStrictEqual(yield* audit(`failed_event/${one.id}`), [
        { ...who, action: "failed-event.discard", reason: `${reason}; run ${id}` }
      ])
      assert.deepStrictEqual(yield* audit(`failed_event_run/${id}`), [
        { ...who, action: "failed-event-run.start", reason }
      ])
    }))

  it.effect("takes what its filter names, as it was when it began", () =>
    Effect.gen(function*() {
      const { plant, sql, store } = yield* Stores
      const academyId = someAcademy()
      const now = yield* DateTime.now
      const wanted = yield* plant({ academyId, handler: "Statistics", age: 60 })
      const others = yield* Effect.all([
        plant({ academyId, handler: "SendMessage:SMS", age: 60 }),
        plant({ academyId, handler: "Statistics", age: 7200 }),
        plant({ academyId: someAcademy(), handler: "Statistics", age: 60 }),
        plant({ academyId, handler: "Statistics", status: "REPLAYING", age: 60 })
      ])
      const filter = { academyId, handler: "Statistics", failedFrom: DateTime.subtract(now, { hours: 1 }) }
      const { id } = yield* store.startRun(atTerminal, newRun(filter))
      assert.deepStrictEqual((yield* run(id)).filter, filter)
      const young = yield* plant({ academyId, handler: "Statistics" })
      yield* sql`update failed_event set last_failed_at = now() + interval '1 second' where id = ${young.id}`
      yield* stepUntilNoneIsLeft
      expect(yield* run(id)).toMatchObject({ status: "DONE", total: 1, done: 1, skipped: 0 })
      expect(yield* state(wanted.id)).toMatchObject({ status: "REPLAYING", replays: 1 })
      for (const other of [...others, young]) expect(yield* state(other.id)).toMatchObject({ replays: 0 })
    }))

  it.effect("leaves what others finished or took meanwhile, and counts it", () =>
    Effect.gen(function*() {
      const { plant, store } = yield* Stores
      const academyId = someAcademy()
      const [first, second] = yield* several(5, academyId)
      const { id } = yield* store.startRun(atTerminal, newRun({ academyId }))
      assert.isDefined(first)
      assert.isDefined(second)
      yield* store.replay(atTerminal, first.id)
      yield* store.discard(atTerminal, second.id, "why")
      yield* plant({ academyId, status: "RESOLVED" })
      yield* stepUntilNoneIsLeft
      expect(yield* run(id)).toMatchObject({ status: "DONE", total: 5, done: 3, skipped: 2 })
      expect(yield* state(first.id)).toMatchObject({ replays: 1 })
      expect(yield* state(second.id)).toMatchObject({ status: "DISCARDED", replays: 0 })
    }))

  it.effect("does nothing twice when processes step it at once", () =>
    Effect.gen(function*() {
      const { other, sql, store } = yield* Stores
      const academyId = someAcademy()
      const planted = yield* several(60, academyId)
      const [one, two] = yield* Effect.all([
        store.startRun(atTerminal, newRun({ academyId }, { rate: 20 })),
        other.startRun(atTerminal, newRun({ academyId }, { rate: 20 }))
      ])
      const began = yield* Clock.currentTimeMillis
      for (let second = 1; second <= 4; second++) {
        const steps = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? store : other).stepRuns)
        // Two runs over the same rows may lock each other out; the next step goes on.
        yield* Effect.forEach(steps, (step) => Effect.ignore(step), { concurrency: "unbounded" })
        const allowed = 20 * (second + ((yield* Clock.currentTimeMillis) - began) / 1000)
        for (const { done } of [yield* run(one.id), yield* run(two.id)]) assert.isAtMost(done, allowed)
        yield* aSecondLater
      }
      yield* stepUntilNoneIsLeft
      const [a, b] = [yield* run(one.id), yield* run(two.id)]
      assert.deepStrictEqual([a.status, b.status, a.done + b.done, a.done + a.skipped], ["DONE", "DONE", 60, 60])
      for (const { eventId, id } of planted) {
        expect(yield* state(id)).toMatchObject({ status: "REPLAYING", replays: 1 })
        assert.lengthOf(yield* deliveriesOf(eventId), 1)
        assert.lengthOf(yield* audit(`failed_event/${id}`), 1)
      }
      const named = yield* sql`select 1 from audit_entry where reason = ${`run ${one.id}`}`
      assert.lengthOf(named, a.done)
    }))

  it.effect("ends when it is aborted; what it did stays done, and an ended one cannot be aborted", () =>
    Effect.gen(function*() {
      const { store } = yield* Stores
      const academyId = someAcademy()
      const by = managerOf(academyId)
      const planted = yield* several(4, academyId)
      const { id } = yield* store.startRun(atTerminal, newRun({ academyId }, { rate: 2 }))
      yield* store.stepRuns
      assert.isFalse(yield* store.abortRun(managerOf(someAcademy()), id))
      assert.isTrue(yield* store.abortRun(by, id))
      yield* aSecondLater
      assert.strictEqual(yield* store.stepRuns, 0)
      const ended = yield* run(id)
      expect(ended).toMatchObject({ status: "ABORTED", total: 4, done: 2 })
      assert.isNotNull(ended.finishedAt)
      const states = yield* Effect.forEach(planted, (one) => Effect.map(state(one.id), ({ status }) => status))
      assert.deepStrictEqual(states, ["REPLAYING", "REPLAYING", "OPEN", "OPEN"])
      assert.isFalse(yield* store.abortRun(by, id))
      expect(yield* audit(`failed_event_run/${id}`)).toMatchObject([
        { action: "failed-event-run.start", actor: null },
        { action: "failed-event-run.abort", actor: by.actorId }
      ])
    }))

  it.effect("over nothing is done at once", () =>
    Effect.gen(function*() {
      const { store } = yield* Stores
      const made = yield* store.startRun(atTerminal, newRun({ academyId: someAcademy() }))
      expect(made).toMatchObject({ status: "DONE", total: 0, done: 0 })
      assert.isNotNull(made.finishedAt)
    }))

  it.effect("is found by its own academy, newest first, page after page", () =>
    Effect.gen(function*() {
      const { store } = yield* Stores
      const academyId = someAcademy()
      const by = managerOf(academyId)
      const made = yield* Effect.forEach([1, 2, 3], () => store.startRun(by, newRun({ academyId })))
      const everywhere = yield* store.startRun(atTerminal, newRun({ academyId: null, handler: "Nobody" }))
      const newest = made.toReversed()
      assert.deepStrictEqual(yield* store.runs(academyId, { limit: 10 }), newest)
      const [first] = newest
      assert.isDefined(first)
      assert.deepStrictEqual(yield* store.runs(academyId, { limit: 1, after: first.id }), newest.slice(1, 2))
      assert.deepStrictEqual(yield* store.runs(null, { limit: 1 }), [everywhere])
      assert.deepStrictEqual(yield* store.findRun(academyId, first.id), Option.some(first))
      assert.isTrue(Option.isNone(yield* store.findRun(someAcademy(), first.id)))
      assert.isTrue(Option.isNone(yield* store.findRun(academyId, everywhere.id)))
      assert.isTrue(Option.isNone(yield* store.findRun(null, FailedEventRunId.make(randomUUID()))))
    }))
})
