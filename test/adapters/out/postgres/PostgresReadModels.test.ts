import { expect, it, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as PostgresReadModels from "../../../../src/adapters/out/postgres/PostgresReadModels.ts"
import { ReadModels } from "../../../../src/ports/ReadModels.ts"
import { newAcademy } from "../../../contract/documents.ts"
import { readModelsContract } from "../../../contract/ReadModels.contract.ts"
import { clients, freshDatabase } from "../../../support/postgres.ts"

readModelsContract("PostgreSQL", PostgresReadModels.layer.pipe(Layer.provide(freshDatabase)))

layer(PostgresReadModels.layer.pipe(Layer.provideMerge(freshDatabase)), { excludeTestServices: true })(
  "in trouble",
  (it) => {
    it.effect("does not show a document that it cannot read", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const models = yield* ReadModels
        const [id, academyId] = [randomUUID(), newAcademy()]
        yield* sql`insert into read.member (id, as_of, doc) values (${id}, 1, ${JSON.stringify({ academyId })}::jsonb)`
        const error = yield* Effect.flip(models.get("member", academyId, id))
        expect(error).toMatchObject({ _tag: "ReadSideUnavailable", rule: "postgres-document" })
      }))

    it.effect("gives up a read after 2 s", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const models = yield* ReadModels
        const held = yield* Deferred.make<void>()
        const lock = Effect.andThen(
          sql`lock table read.epoch in access exclusive mode`,
          Deferred.succeed(held, undefined)
        )
        const holder = yield* Effect.forkChild(sql.withTransaction(Effect.andThen(lock, Effect.never)))
        yield* Deferred.await(held)
        const [took, error] = yield* Effect.timed(Effect.flip(models.epoch))
        yield* Fiber.interrupt(holder)
        expect(error.rule).toBe("postgres-timeout")
        expect(Duration.toSeconds(took)).toBeCloseTo(2, 0)
        expect(yield* models.epoch).toEqual(Option.none())
      }))
  }
)

it.live("says that the server is not there", () =>
  Effect.gen(function*() {
    const models = yield* ReadModels
    const error = yield* Effect.flip(models.epoch)
    expect(error).toMatchObject({ _tag: "ReadSideUnavailable", rule: "postgres-connection" })
  }).pipe(
    Effect.provide(
      PostgresReadModels.layer.pipe(Layer.provide(clients(Redacted.make("postgres://ams@127.0.0.1:1/ams"))))
    )
  ))
