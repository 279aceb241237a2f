import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, Duration, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { MongoClient } from "mongodb"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as MongoReadModels from "../../../../src/adapters/out/mongodb/MongoReadModels.ts"
import { SessionId } from "../../../../src/domain/Ids.ts"
import { kinds, placeOf } from "../../../../src/domain/ReadModel.ts"
import { ReadModels } from "../../../../src/ports/ReadModels.ts"
import { member, newAcademy, session } from "../../../contract/documents.ts"
import { readModelsContract } from "../../../contract/ReadModels.contract.ts"
import { startOwnMongo } from "../../../support/mongodb/start.ts"

const connected = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new MongoClient(url, { serverSelectionTimeoutMS: 2000 })),
    (client) => Effect.promise(() => client.close())
  )

/** A database of its own on the server that the whole run shares. */
const freshDatabase = Effect.gen(function*() {
  const url = inject("mongoUrl")
  const database = `test_${randomUUID().replaceAll("-", "")}`
  const client = yield* connected(url)
  yield* Effect.addFinalizer(() => Effect.promise(() => client.db(database).dropDatabase()))
  return { client, settings: { url: Redacted.make(url), database } }
})

const fresh = Layer.unwrap(Effect.map(freshDatabase, ({ settings }) => MongoReadModels.layer(settings)))
readModelsContract("MongoDB", fresh)

const read = Effect.flatMap(ReadModels, (models) =>
  models.find("member", {
    academyId: newAcademy(),
    where: {},
    order: "ascending",
    limit: 1
  }))
const write = Effect.flatMap(ReadModels, (models) => {
  const doc = member(newAcademy(), 0)
  return models.put("member", [{ id: doc.id, asOf: 1, doc }])
})

describe("documents and indexes", () => {
  // The embedded server cannot sort that many, so that this fails without an index.
  it.live("lists thousands of sessions in their order without sorting them", () =>
    Effect.gen(function*() {
      const { settings } = yield* freshDatabase
      const academyId = newAcademy()
      yield* Effect.gen(function*() {
        const models = yield* ReadModels
        const docs = Array.from(
          { length: 4000 },
          (_, n) => ({ ...session(academyId, n % 27), id: SessionId.make(randomUUID()) })
        )
        for (const some of Arr.chunksOf(docs, 500)) {
          yield* models.put("session", some.map((doc) => ({ id: doc.id, asOf: 1, doc })))
        }
        const seen: Array<string> = []
        let after: string | undefined
        do {
          const page = yield* models.find("session", {
            academyId,
            where: {},
            order: "ascending",
            limit: 500,
            ...(after === undefined ? {} : { after })
          })
          seen.push(...page.map(placeOf))
          after = page.length < 500 ? undefined : seen.at(-1)
        } while (after !== undefined)
        expect(seen).toHaveLength(4000)
        expect(seen).toEqual(seen.toSorted())
      }).pipe(Effect.provide(MongoReadModels.layer(settings)))
    }))

  it.live("does not show a document that it cannot read", () =>
    Effect.gen(function*() {
      const { client, settings } = yield* freshDatabase
      const [id, academyId] = [randomUUID(), newAcademy()]
      yield* Effect.promise(() =>
        client.db(settings.database).collection<{ readonly _id: string; readonly asOf: number; readonly doc: unknown }>(
          "member"
        )
          .insertOne({ _id: id, asOf: 1, doc: { academyId } })
      )
      const error = yield* Effect.flatMap(ReadModels, (models) => Effect.flip(models.get("member", academyId, id)))
        .pipe(
          Effect.provide(MongoReadModels.layer(settings))
        )
      expect(error).toMatchObject({ _tag: "ReadSideUnavailable", rule: "mongodb-document" })
    }))

  it.live("answers a page from an index", () =>
    Effect.gen(function*() {
      const { client, settings } = yield* freshDatabase
      yield* Layer.build(MongoReadModels.layer(settings))
      const collection = client.db(settings.database).collection<{ _id: string }>("attendance")
      yield* indexed(client, settings.database)
      const plan = yield* Effect.promise(() =>
        collection.find({ "doc.academyId": newAcademy(), "doc.studentId": { $eq: "x" }, _id: { $gt: "x" } })
          .sort({ _id: 1 }).explain("queryPlanner")
      )
      const stages = JSON.stringify(plan["queryPlanner"].winningPlan)
      expect(stages).toContain(`"stage":"IXSCAN"`)
      expect(stages).not.toContain(`"stage":"SORT"`)
    }))
})

/** Waits until each collection has all of its indexes. */
const indexed = (client: MongoClient, database: string) =>
  Effect.forEach(kinds, (kind) =>
    Effect.tryPromise(async () => {
      const found = await client.db(database).collection(kind).indexes()
      if (found.length < 3) throw new Error(`${kind} has no indexes yet`)
    }).pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.timeout("10 seconds")), { discard: true })

describe("a MongoDB that goes away", () => {
  const ownMongo = Effect.acquireRelease(Effect.promise(startOwnMongo), (mongo) => Effect.promise(mongo.stop))

  it.live("is not needed at the start, and gets its indexes when it comes", () =>
    Effect.gen(function*() {
      const mongo = yield* ownMongo
      yield* Effect.promise(mongo.shutdown)
      const [took, models] = yield* Effect.timed(
        Layer.build(MongoReadModels.layer({ url: Redacted.make(mongo.url), database: "ams" }))
      )
      expect(Duration.toMillis(took)).toBeLessThan(500)
      for (const request of [read, write]) {
        const [took, error] = yield* Effect.timed(Effect.flip(Effect.provide(request, models)))
        expect(error).toMatchObject({ _tag: "ReadSideUnavailable", rule: "mongodb-network" })
        expect(Duration.toSeconds(took)).toBeLessThan(3)
      }
      yield* Effect.promise(mongo.restart)
      yield* Effect.provide(Effect.andThen(write, read), models)
      yield* indexed(yield* connected(mongo.url), "ams")
      // Gone again while it is in use, and back.
      yield* Effect.promise(mongo.kill)
      expect((yield* Effect.flip(Effect.provide(write, models))).rule).toBe("mongodb-network")
      yield* Effect.promise(mongo.restart)
      yield* Effect.provide(Effect.andThen(write, read), models)
    }))

  it.live("is given up when it does not answer, and asked again", () =>
    Effect.gen(function*() {
      const mongo = yield* ownMongo
      const models = yield* Layer.build(MongoReadModels.layer({ url: Redacted.make(mongo.url), database: "ams" }))
      yield* Effect.provide(Effect.andThen(write, read), models)
      mongo.pause()
      for (const [request, limit] of [[read, 2], [write, 5]] as const) {
        const [took, error] = yield* Effect.timed(Effect.flip(Effect.provide(request, models)))
        expect(error).toMatchObject({ _tag: "ReadSideUnavailable", rule: expect.stringMatching(/timeout|network/) })
        expect(Duration.toSeconds(took)).toBeLessThan(limit + 1)
      }
      // Interrupted in the middle: an unhandled rejection afterwards would fail this run.
      for (const request of [read, write]) {
        const fiber = yield* Effect.forkChild(Effect.provide(request, models))
        yield* Effect.sleep("100 millis")
        const [took] = yield* Effect.timed(Fiber.interrupt(fiber))
        expect(Duration.toMillis(took)).toBeLessThan(500)
      }
      mongo.resume()
      yield* Effect.provide(Effect.andThen(write, read), models).pipe(
        Effect.retry({ times: 20, schedule: Schedule.spaced("200 millis") })
      )
    }))

  it.live("is left in time, also when it does not answer", () =>
    Effect.gen(function*() {
      const mongo = yield* ownMongo
      const used = Effect.provide(
        Effect.andThen(write, Effect.sync(mongo.pause)),
        MongoReadModels.layer({ url: Redacted.make(mongo.url), database: "ams" })
      )
      const [took] = yield* Effect.timed(used)
      expect(Duration.toSeconds(took)).toBeLessThan(4)
    }))
})
