import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Latch, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { CommandSql } from "../../../../src/adapters/out/postgres/Clients.ts"
import { keep } from "../../../../src/adapters/out/postgres/PostgresUnitOfWork.ts"
import { AcademyId, type MemberId } from "../../../../src/domain/Ids.ts"
import { EventBus } from "../../../../src/ports/EventBus.ts"
import { Idempotency, type KeptAnswer } from "../../../../src/ports/Idempotency.ts"
import { Transaction, UnitOfWork } from "../../../../src/ports/UnitOfWork.ts"
import { makeAcademy } from "../../../support/academy.ts"
import { core } from "../../../support/app.ts"

const newId = () => AcademyId.make(randomUUID())
const answerOf = (said: string): KeptAnswer => ({
  status: 201,
  headers: { location: `/${said}` },
  body: new TextEncoder().encode(said)
})
const row = (sql: SqlClient.SqlClient, id: string, registration = id) =>
  sql`insert into academy (id, name, registration_number, time_zone, status, check_in_opens_before_minutes,
    late_after_minutes, version) values (${id}, 'n', ${registration}, 'Asia/Seoul', 'ACTIVE', 30, 10, 1)`

/** A unit of work that makes an academy. */
const found = (id: AcademyId, registration?: string) =>
  Effect.gen(function*() {
    const uow = yield* UnitOfWork
    const sql = yield* CommandSql
    yield* uow.run(
      { academyId: id, actor: null },
      Effect.gen(function*() {
        yield* keep(sql, row(sql, id, registration))
        yield* (yield* Transaction).append({
          type: "AcademyCreated",
          aggregate: { type: "academy", id, version: 1 },
          payload: {}
        })
      })
    )
  })

const state = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [is] = yield* sql<{ academies: number; events: number; deliveries: number }>`
      select (select count(*)::int from academy where id = ${id}) as academies,
        (select count(*)::int from event where aggregate_id = ${id}) as events,
        (select count(*)::int from event_delivery d join event e on e.id = d.event_id where e.aggregate_id = ${id})
          as deliveries`
    return { ...is }
  })
const nothing = { academies: 0, events: 0, deliveries: 0 }
const everything = { academies: 1, events: 1, deliveries: 1 }

const someone = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [one] = yield* sql<{ id: MemberId }>`select id from member limit 1`
  return one === undefined ? (yield* makeAcademy({ students: 0 })).manager.memberId : one.id
})
const request = Effect.map(someone, (memberId) => ({ memberId, key: randomUUID(), content: "content" }))

describe("PostgresIdempotency", () => {
  layer(core(), { excludeTestServices: true })((it) => {
    it.effect("publishes what a unit of work did when the answer is committed, and not before", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const bus = yield* EventBus
        const id = newId()
        const its = yield* request
        const held = bus.size()
        const act = Effect.gen(function*() {
          yield* found(id)
          assert.strictEqual(bus.size(), held)
          assert.deepStrictEqual(yield* state(id), nothing)
          return answerOf("made")
        })
        assert.deepStrictEqual(yield* once(its, act), { answer: answerOf("made"), replayed: false })
        assert.deepStrictEqual(yield* state(id), everything)
        assert.isAbove(bus.size(), held)
      }))

    it.effect.each(["fails", "dies", "is interrupted"])(
      "leaves no row, event, delivery or place when what follows the unit of work %s",
      (how) =>
        Effect.gen(function*() {
          const { once } = yield* Idempotency
          const bus = yield* EventBus
          const id = newId()
          const its = yield* request
          const room = bus.room("ReadModelSync").places
          const end = how === "fails" ? Effect.fail("no") : how === "dies" ? Effect.die("no") : Effect.interrupt
          const exit = yield* Effect.exit(once(its, Effect.andThen(found(id), end)))
          assert.strictEqual(exit._tag, "Failure")
          assert.deepStrictEqual(yield* state(id), nothing)
          assert.strictEqual(bus.room("ReadModelSync").places, room)
          // The key is free.
          const answer = yield* once(its, Effect.as(found(id), answerOf("made")))
          assert.isFalse(answer.replayed)
          assert.deepStrictEqual(yield* state(id), everything)
        })
    )

    it.effect("tells of a refusal where the unit of work ends; what its caller does instead counts", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const [taken, refused, instead] = [newId(), newId(), newId()]
        yield* found(taken)
        const its = yield* request
        const act = found(refused, taken).pipe(
          Effect.catchTag("RegistrationNumberTaken", () => found(instead)),
          Effect.as(answerOf("instead"))
        )
        assert.isFalse((yield* once(its, act)).replayed)
        assert.deepStrictEqual([yield* state(refused), yield* state(instead)], [nothing, everything])
        assert.deepStrictEqual(yield* once(its, Effect.die("again")), { answer: answerOf("instead"), replayed: true })
      }))

    it.effect.each(["before it sends anything", "behind a statement"])(
      "what a unit of work wanted to write is gone with it when it fails %s",
      (when) =>
        Effect.gen(function*() {
          const { once } = yield* Idempotency
          const uow = yield* UnitOfWork
          const command = yield* CommandSql
          const [dropped, instead] = [newId(), newId()]
          const failing = uow.run(
            { academyId: null, actor: null },
            Effect.gen(function*() {
              if (when === "behind a statement") yield* command`select 1`
              yield* keep(command, row(command, dropped))
              return yield* Effect.fail("no" as const)
            })
          )
          const act = failing.pipe(Effect.catch(() => found(instead)), Effect.as(answerOf("instead")))
          yield* once(yield* request, act)
          assert.deepStrictEqual([yield* state(dropped), yield* state(instead)], [nothing, everything])
        })
    )

    it.effect("a collision runs the unit of work again, and nothing else", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const uow = yield* UnitOfWork
        const command = yield* CommandSql
        const sql = yield* SqlClient.SqlClient
        const id = newId()
        yield* found(id)
        let [asked, tried] = [0, 0]
        const rename = uow.run(
          { academyId: id, actor: null },
          Effect.gen(function*() {
            tried++
            const [before] = yield* command<{ version: number }>`select version from academy where id = ${id}`
            const version = before?.version ?? 0
            if (tried === 1) yield* sql`update academy set version = version + 1 where id = ${id}`
            yield* keep(
              command,
              command`update academy set name = 'renamed', version = ${version + 1}
                where id = ${id} and version = ${version}`,
              1
            )
          })
        )
        const act = Effect.as(Effect.tap(rename, () => Effect.sync(() => asked++)), answerOf("renamed"))
        yield* once(yield* request, act)
        assert.deepStrictEqual([asked, tried], [1, 2])
        const [after] = yield* sql`select name, version from academy where id = ${id}`
        assert.deepStrictEqual({ ...after }, { name: "renamed", version: 3 })
      }))

    it.effect("two that die of each other's locks are both done in the end", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const uow = yield* UnitOfWork
        const command = yield* CommandSql
        const sql = yield* SqlClient.SqlClient
        const [one, other] = [newId(), newId()]
        yield* found(one)
        yield* found(other)
        const both = yield* Latch.make()
        let inside = 0
        const lockBoth = (first: string, second: string) =>
          Effect.as(
            uow.run(
              { academyId: null, actor: null },
              Effect.gen(function*() {
                yield* command`update academy set version = version + 1 where id = ${first}`
                if (++inside === 2) yield* both.open
                yield* both.await
                yield* command`update academy set version = version + 1 where id = ${second}`
              })
            ),
            answerOf("both")
          )
        const answers = yield* Effect.all([
          once(yield* request, lockBoth(one, other)),
          once(yield* request, lockBoth(other, one))
        ], { concurrency: 2 })
        assert.deepStrictEqual(answers.map(({ replayed }) => replayed), [false, false])
        assert.isAbove(inside, 2)
        const versions = yield* sql<{ version: number }>`select version from academy where id in (${one}, ${other})`
        assert.deepStrictEqual(versions.map(({ version }) => version), [3, 3])
      }))

    it.effect("while one is running nobody else runs, and its end is everybody's", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const its = yield* request
        const [begun, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const act = Effect.as(
          Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(go)),
          answerOf("done")
        )
        const running = yield* Effect.forkChild(once(its, act))
        yield* Deferred.await(begun)
        assert.strictEqual((yield* Effect.flip(once(its, Effect.die("twice"))))._tag, "StillRunning")
        const free = yield* once({ ...its, key: randomUUID() }, Effect.succeed(answerOf("other")))
        assert.isFalse(free.replayed)
        yield* Deferred.succeed(go, undefined)
        assert.isFalse((yield* Fiber.join(running)).replayed)
        assert.deepStrictEqual(yield* once(its, Effect.die("twice")), { answer: answerOf("done"), replayed: true })
        const otherwise = yield* Effect.flip(once({ ...its, content: "otherwise" }, Effect.die("twice")))
        assert.strictEqual(otherwise._tag, "KeyUsedOtherwise")
      }))

    it.effect("keeps neither the key nor the content, which may hold a password", () =>
      Effect.gen(function*() {
        const { once } = yield* Idempotency
        const sql = yield* SqlClient.SqlClient
        const its = { ...yield* request, content: "the password" }
        yield* once(its, Effect.succeed(answerOf("x")))
        const rows = yield* sql<{ all: string }>`select encode(key, 'escape') || encode(fingerprint, 'escape') as all
          from idempotency_key where member_id = ${its.memberId}`
        for (const { all } of rows) {
          assert.notInclude(all, its.key)
          assert.notInclude(all, "password")
        }
      }))

    const Step = Schema.Struct({
      key: Schema.Literals([0, 1, 2]),
      content: Schema.Literals(["a", "b"]),
      ends: Schema.Literals(["well", "well", "badly", "interrupted"]),
      yields: Schema.Literals([0, 1, 2, 5])
    })
    it.effect.prop(
      "whatever comes in whatever order: each key acts at most once, and has one answer",
      [Schema.Array(Step).check(Schema.isMaxLength(12))],
      ([steps]) =>
        Effect.gen(function*() {
          const { once } = yield* Idempotency
          const memberId = yield* someone
          const keys = [randomUUID(), randomUUID(), randomUUID()]
          const made: Array<{ readonly key: number; readonly content: string; readonly id: AcademyId }> = []
          const run = ({ content, ends, key, yields }: typeof Step.Type) =>
            Effect.gen(function*() {
              const id = newId()
              made.push({ key, content, id })
              yield* Effect.replicateEffect(Effect.yieldNow, yields)
              const act = Effect.gen(function*() {
                yield* found(id)
                if (ends === "badly") return yield* Effect.fail("badly" as const)
                if (ends === "interrupted") return yield* Effect.interrupt
                return answerOf(`${content} ${id}`)
              })
              return yield* once({ memberId, key: keys[key] ?? "", content }, act)
            }).pipe(Effect.exit, Effect.map((exit) => ({ key, content, exit })))
          const ended = yield* Effect.forEach(steps, run, { concurrency: "unbounded" })
          for (const key of [0, 1, 2]) {
            const its = yield* Effect.filter(
              made.filter((one) => one.key === key),
              ({ id }) => Effect.map(state(id), ({ academies }) => academies === 1)
            )
            assert.isAtMost(its.length, 1)
            const answers = ended.flatMap((one) => (one.key === key && one.exit._tag === "Success" ? [one] : []))
            const [only] = its
            for (const { content, exit } of answers) {
              if (exit._tag !== "Success") continue
              assert.strictEqual(content, only?.content)
              assert.strictEqual(new TextDecoder().decode(exit.value.answer.body), `${only?.content} ${only?.id}`)
            }
            assert.strictEqual(
              answers.filter(({ exit }) => exit._tag === "Success" && !exit.value.replayed).length,
              its.length
            )
          }
        }),
      { arbitrary: { runs: 40 } }
    )
  })
})
