/** Devices on PostgreSQL: one owner each, ten at most, and a token that nobody reads again. */
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomBytes, randomUUID } from "node:crypto"
import { MemberNotificationCommands } from "../../../../src/application/commands/MemberNotificationCommands.ts"
import { MemberNotificationQueries } from "../../../../src/application/queries/MemberNotificationQueries.ts"
import type { Actor } from "../../../../src/domain/Permission.ts"
import { mostPushTargets } from "../../../../src/domain/PushTarget.ts"
import { PushTargetRepository } from "../../../../src/ports/PushTargetRepository.ts"
import { as, makeAcademy } from "../../../support/academy.ts"
import { core } from "../../../support/app.ts"

const register = (by: Actor, token: string) =>
  Effect.flatMap(
    MemberNotificationCommands,
    (commands) => commands.register({ platform: "WEB", token: Redacted.make(token) }).pipe(as(by))
  )
const owned = (by: Actor) => Effect.flatMap(MemberNotificationQueries, (queries) => queries.pushTargets.pipe(as(by)))
const tokens = Array.from({ length: mostPushTargets + 2 }, (_, n) => `${randomUUID()}-${String(n).padStart(5, "0")}`)

layer(core(), { excludeTestServices: true })("a device", (it) => {
  it.effect("has a token of any length and any signs, no two devices the same one", () =>
    Effect.gen(function*() {
      const { manager, teacher } = yield* makeAcademy({ students: 0 })
      const long = randomBytes(3072).toString("base64")
      assert.lengthOf(long, 4096)
      for (const token of [long, `\\x${"0".repeat(20)}`, `\\\\'";--${"0".repeat(20)}`]) {
        const [one, again, taken] = [
          yield* register(teacher, token),
          yield* register(teacher, token),
          yield* register(manager, token)
        ]
        assert.deepStrictEqual([again.id, taken.id], [one.id, one.id])
        assert.strictEqual(taken.tokenEnding, token.slice(-6))
      }
      assert.lengthOf(yield* owned(teacher), 0)
      assert.lengthOf(yield* owned(manager), 3)
    }))

  it.effect("beyond the tenth takes the place of the one that registered the longest ago", () =>
    Effect.gen(function*() {
      const { manager, teacher } = yield* makeAcademy({ students: 0 })
      yield* register(manager, tokens.join())
      const [first = "", ...others] = tokens
      for (const token of [first, ...others.slice(0, -2), first]) yield* register(teacher, token)
      assert.lengthOf(yield* owned(teacher), mostPushTargets)
      // The first one has registered again since.
      for (const token of others.slice(-2)) yield* register(teacher, token)
      const expected = [...others.slice(-2).toReversed(), first, ...others.slice(2, -2).toReversed()]
      assert.deepStrictEqual(
        (yield* owned(teacher)).map(({ tokenEnding }) => tokenEnding),
        expected.map((token) => token.slice(-6))
      )
      assert.lengthOf(yield* owned(manager), 1)
    }))

  it.effect("is one of ten also when many register at once, each by two people", () =>
    Effect.gen(function*() {
      const { manager, teacher } = yield* makeAcademy({ students: 0 })
      const both = [...tokens, ...tokens].map((token, n) =>
        register(n % 2 === 0 ? manager : teacher, `${token}-at-once`)
      )
      yield* Effect.all(both, { concurrency: 8 })
      for (const  of of[manager, teacher]) assert.isAtMost((yield* owned(of)).length, mostPushTargets)
    }))

  it.effect("that its provider has forgotten is dropped, unless it has another token by now", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const targets = yield* PushTargetRepository
      const { teacher } = yield* makeAcademy({ students: 0 })
      const token = randomUUID()
      const { id } = yield* register(teacher, token)
      yield* targets.drop({ id, token: `${token}-before` })
      assert.lengthOf(yield* owned(teacher), 1)
      yield* targets.drop({ id, token })
      assert.deepStrictEqual(yield* owned(teacher), [])
      assert.lengthOf(yield* sql`select 1 from push_target where id = ${id}`, 0)
    }))

  it.effect("is removed by its owner only", () =>
    Effect.gen(function*() {
      const targets = yield* PushTargetRepository
      const { manager, teacher } = yield* makeAcademy({ students: 0 })
      const { id } = yield* register(teacher, randomUUID())
      assert.isFalse(yield* targets.remove(manager.memberId, id))
      assert.isTrue(yield* targets.remove(teacher.memberId, id))
      assert.isFalse(yield* targets.remove(teacher.memberId, id))
    }))
})
