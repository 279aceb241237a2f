// What AMS asks of MongoDB, asked of the one the tests run against, and the ways it can go away.
import { type Collection, type Document, MongoBulkWriteError, MongoClient } from "mongodb"
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { type Mongo, type OwnMongo, startMongo, startOwnMongo } from "./start.ts"

interface Doc extends Document {
  readonly _id: string
}

describe("what the read side uses", () => {
  let mongo: Mongo
  let client: MongoClient
  let docs: Collection<Doc>
  const database = `ams_test_${randomUUID().replaceAll("-", "")}`

  beforeAll(async () => {
    mongo = await startMongo()
    client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 5_000 })
  }, 240_000)
  beforeEach(() => {
    docs = client.db(database).collection<Doc>(randomUUID())
  })
  afterAll(async () => {
    await client.db(database).dropDatabase()
    await client.close()
    await mongo.stop()
  })

  it("says hello and its status", async () => {
    expect(await client.db().command({ hello: 1 })).toMatchObject({ isWritablePrimary: true, ok: 1 })
    expect(await client.db("admin").command({ serverStatus: 1 })).toMatchObject({ version: expect.any(String), ok: 1 })
  })

  it("has unique indexes, also partial ones", async () => {
    const partialFilterExpression = { email: { $type: "string" } }
    await docs.createIndex({ email: 1 }, { unique: true, partialFilterExpression })
    await docs.insertMany([{ _id: "1", email: "a@example.com" }, { _id: "2" }, { _id: "3" }])
    await expect(docs.insertOne({ _id: "4", email: "a@example.com" })).rejects.toMatchObject({ code: 11_000 })
  })

  it("tells an older write in an unordered batch by E11000 and does the others", async () => {
    const guarded = (_id: string, asOf: number) => ({
      updateOne: { filter: { _id, asOf: { $lt: asOf } }, update: { $set: { asOf } }, upsert: true }
    })
    const first = await docs.bulkWrite([guarded("1", 5), guarded("2", 5)], { ordered: false })
    expect(first).toMatchObject({ upsertedCount: 2 })

    const error = await docs.bulkWrite([guarded("1", 3), guarded("2", 7), guarded("3", 1)], { ordered: false })
      .then(() => undefined, (reason: unknown) => reason)
    if (!(error instanceof MongoBulkWriteError)) throw new Error(`not the expected error: ${error}`)
    expect(error.code).toBe(11_000)
    expect([error.writeErrors].flat()).toEqual([expect.objectContaining({ index: 0, code: 11_000 })])
    expect(error.result).toMatchObject({ matchedCount: 1, modifiedCount: 1, upsertedCount: 1 })
    expect(await asOf()).toEqual({ 1: 5, 2: 7, 3: 1 })
  })

  const newer = (doc: Doc & { readonly asOf: number }) => ({
    updateOne: {
      filter: { _id: doc._id },
      update: [{
        $replaceWith: { $cond: [{ $gt: [doc.asOf, { $ifNull: ["$asOf", -1] }] }, { $literal: doc }, "$$ROOT"] }
      }],
      upsert: true
    }
  })
  const asOf = async () => Object.fromEntries((await docs.find().toArray()).map((doc) => [doc._id, doc["asOf"]]))

  it("replaces a document by a newer one only, with a pipeline and without an error", async () => {
    await docs.bulkWrite([newer({ _id: "1", asOf: 5 }), newer({ _id: "2", asOf: 5 })], { ordered: false })
    const again = [
      newer({ _id: "1", asOf: 3 }),
      newer({ _id: "2", asOf: 7, name: "$asOf" }),
      newer({ _id: "3", asOf: 1 })
    ]
    const result = await docs.bulkWrite(again, { ordered: false })
    expect(result).toMatchObject({ matchedCount: 2, modifiedCount: 1, upsertedCount: 1 })
    expect(await docs.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: "1", asOf: 5 },
      { _id: "2", asOf: 7, name: "$asOf" },
      { _id: "3", asOf: 1 }
    ])
  })

  it("keeps the newest when many write one document at a time", async () => {
    const writes = Array.from({ length: 50 }, (_, n) => docs.bulkWrite([newer({ _id: "1", asOf: (n * 7) % 50 })]))
    await Promise.all(writes)
    expect(await asOf()).toEqual({ 1: 49 })
  })

  it("reads a page in order through an index", async () => {
    await docs.createIndex({ academy: 1, n: -1, _id: 1 })
    await docs.insertMany(Array.from({ length: 2_000 }, (_, n) => ({ _id: `${n}`, academy: n % 4, n })))
    const page = docs.find({ academy: 3, n: { $lt: 1_000 } }).sort({ n: -1, _id: 1 }).limit(3)
    expect((await page.toArray()).map((doc) => doc["n"])).toEqual([999, 995, 991])
    const explained = await page.clone().explain("executionStats")
    expect(explained["executionStats"]).toMatchObject({ totalKeysExamined: 3, totalDocsExamined: 3 })
    expect(await docs.find({ academy: 3 }).batchSize(100).toArray()).toHaveLength(500)
  })

  it("finds text by a regular expression", async () => {
    await docs.insertMany([{ _id: "1", name: "김민수" }, { _id: "2", name: "Kim Minsu" }, { _id: "3", name: "이수민" }])
    const found = ($regex: string) => docs.countDocuments({ name: { $regex, $options: "i" } })
    expect(await found("민수")).toBe(1)
    expect(await found("^KIM")).toBe(1)
    expect(await found("수")).toBe(2)
  })

  it("puts a collection into another's place", async () => {
    const written = client.db(database).collection<Doc>(`${docs.collectionName}-next`)
    await docs.insertOne({ _id: "old" })
    await written.insertOne({ _id: "new" })
    await written.rename(docs.collectionName, { dropTarget: true })
    expect(await docs.find().toArray()).toEqual([{ _id: "new" }])
  })
})

describe("a MongoDB that goes away", () => {
  let mongo: OwnMongo
  let client: MongoClient
  let docs: Collection<Doc>

  beforeEach(async () => {
    mongo = await startOwnMongo()
    client = new MongoClient(mongo.url, {
      serverSelectionTimeoutMS: 1_000,
      connectTimeoutMS: 500,
      socketTimeoutMS: 500,
      heartbeatFrequencyMS: 500
    })
    docs = client.db("ams").collection<Doc>("docs")
    await docs.createIndex({ n: 1 }, { unique: true })
    await docs.insertOne({ _id: "1", n: 1 })
  }, 240_000)
  afterEach(async () => {
    await client.close()
    await mongo.stop()
  })

  const folderOf = (url: string) => dirname(decodeURIComponent(url.replace(/^mongodb:\/\/|\/\?.*$/g, "")))
  const expectSame = async () => {
    expect(await docs.find().toArray()).toEqual([{ _id: "1", n: 1 }])
    await expect(docs.insertOne({ _id: "2", n: 1 })).rejects.toMatchObject({ code: 11_000 })
  }

  it("comes back at the same address with its data after an orderly stop", async () => {
    await mongo.shutdown()
    await expect(docs.findOne()).rejects.toThrow(/ECONNREFUSED|ENOENT/)
    await mongo.restart()
    await expectSame()
    await mongo.restart()
    await expectSame()
  })

  it("comes back after a crash with what it had confirmed as journaled", async () => {
    await docs.updateOne({ _id: "1" }, { $set: { n: 2 } })
    await docs.updateOne({ _id: "1" }, { $set: { n: 1 } }, { writeConcern: { w: 1, j: true } })
    await mongo.kill()
    await expect(docs.findOne()).rejects.toThrow(/ECONNREFUSED|ENOENT/)
    await mongo.restart()
    await expectSame()
  })

  it("answers nothing while paused and goes on afterwards", async () => {
    mongo.pause()
    await expect(docs.findOne()).rejects.toThrow(/timed out/)
    mongo.resume()
    await expectSame()
    mongo.pause()
    await mongo.restart()
    await expectSame()
  })

  it("leaves nothing behind, stopped in any state and more than once", async () => {
    const folder = folderOf(mongo.url)
    expect(existsSync(folder)).toBe(true)
    mongo.pause()
    await Promise.all([mongo.stop(), mongo.stop()])
    expect(existsSync(folder)).toBe(false)
  })

  it("leaves nothing behind when the test run is killed", async () => {
    const script = `
      import { startOwnMongo } from ${JSON.stringify(join(import.meta.dirname, "start.ts"))}
      const mongo = await startOwnMongo()
      mongo.pause()
      console.log(mongo.url)
      setInterval(() => {}, 1_000)`
    const runner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [chunk]: ReadonlyArray<unknown> = await once(runner.stdout, "data")
    const folder = folderOf(String(chunk).trim())
    expect(existsSync(folder)).toBe(true)
    runner.kill("SIGKILL")
    for (let i = 0; i < 100 && existsSync(folder); i++) await setTimeout(50)
    expect(existsSync(folder)).toBe(false)
  })
})

describe("where it cannot start", () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it("says why and what to do", async () => {
    vi.stubEnv("TMPDIR", "/nowhere")
    await expect(startOwnMongo()).rejects.toThrow(/^No MongoDB for the tests: .*nowhere.*\nSet MONGODB_URL to /)
  })

  it("takes the one that is named", async () => {
    vi.stubEnv("MONGODB_URL", "mongodb://example.invalid:27017")
    const mongo = await startMongo()
    expect(mongo.url).toBe("mongodb://example.invalid:27017")
    await mongo.stop()
  })
})
