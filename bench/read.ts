/**
 * What is looked at all day: the register of a session with its 30 students and who was told, and an academy's figures of
 * a day (20 classes). AMS beside the same by hand in Fastify 5, on the same documents in the same store: PostgreSQL with
 * pg, MongoDB with its driver. AMS writes the documents of both before, as it does on an empty read side.
 */
import { Effect, Redacted } from "effect"
import { MongoClient } from "mongodb"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import { AcademyId, MemberId } from "../src/domain/Ids.ts"
import { startOwnMongo } from "../test/support/mongodb/start.ts"
import { type Contestant, fresh, heading, round, rounds, rowsOf } from "./beside.ts"
import { postmasterOf } from "./cpu.ts"
import { type Press, serve, stop, tokensFor } from "./http.ts"
import { query, table } from "./support.ts"
import { type Held, students, term } from "./term.ts"

const load = {
  connections: 64,
  warmSeconds: Number(process.env["BENCH_WARM"] ?? 20),
  seconds: Number(process.env["BENCH_SECONDS"] ?? 8)
}
const times = Number(process.env["BENCH_ROUNDS"] ?? 3)
const size = { academies: 10, classes: 20, days: Number(process.env["BENCH_DAYS"] ?? 10) }

type Env = Readonly<Record<string, string>>

/** Has AMS write a read side; `written` says when it has. */
const write = async (env: Env, written: () => Promise<boolean>) => {
  const server = await serve("AMS", "../src/main.ts", { ...env, AMS_ROLE: "api" })
  while (!(await written())) await new Promise((resolve) => setTimeout(resolve, 200))
  await stop(server)
}

const inPostgres = async (env: Env, url: string) => {
  await write(env, () => query(url, "select from read.epoch").then((rows) => rows.length > 0))
  await query(url, "vacuum analyze")
}

const inMongo = async (env: Env, mongoUrl: string) => {
  const client = new MongoClient(mongoUrl)
  const epochs = client.db("ams").collection("meta")
  await write(env, () => epochs.countDocuments().then((count) => count > 0))
  await client.close()
}

/** Both kinds of calls, each by the manager of the academy. */
const calls = async (held: ReadonlyArray<Held>, key: Redacted.Redacted) => {
  const managers = new Map(held.map(({ academyId, managerId }) => [academyId, managerId]))
  const tokens = await Effect.runPromise(tokensFor(
    key,
    [...managers].map(([academyId, managerId]) => ({
      academyId: AcademyId.make(academyId),
      memberId: MemberId.make(managerId)
    }))
  ))
  const tokenOf = new Map([...managers.keys()].map((academyId, n) => [academyId, tokens[n] ?? ""]))
  const get = (path: (one: Held) => string) =>
    held.map((one): Press => ({ method: "GET", path: path(one), token: tokenOf.get(one.academyId) ?? "" }))
  return {
    [`register of ${students}`]: get(({ sessionId }) => `/sessions/${sessionId}/register`),
    "figures of a day": get(({ academyId, day }) =>
      `/statistics?of=ACADEMY&id=${academyId}&by=DAY&dateFrom=${day}&dateTo=${day}`
    )
  }
}

export const read = Effect.fnUntraced(function*(serverUrl: string) {
  const mongo = yield* Effect.acquireRelease(
    Effect.promise(startOwnMongo),
    (mongo) => Effect.promise(mongo.stop)
  )
  const key = yield* Jwt.generateKey
  const postmaster = yield* Effect.promise(() => postmasterOf(serverUrl))
  return yield* fresh(serverUrl, (url) =>
    Effect.gen(function*() {
      const shared = { DATABASE_URL: url, AMS_ENV: "production", JWT_PRIVATE_KEY: Redacted.value(key) }
      const stores: ReadonlyArray<{ readonly store: string; readonly driver: string; readonly env: Env }> = [
        { store: "PostgreSQL", driver: "pg", env: {} },
        { store: "MongoDB", driver: "mongodb", env: { MONGODB_URL: mongo.url } }
      ]
      const presses = yield* Effect.promise(async () => {
        const held = await term(url, size)
        await inPostgres(shared, url)
        await inMongo({ ...shared, MONGODB_URL: mongo.url }, mongo.url)
        return calls(held, key)
      })
      const rows: Array<ReadonlyArray<string | number>> = []
      for (const [what, list] of Object.entries(presses)) {
        for (const { driver, env, store } of stores) {
          const peer = `${what}, ${store}: Fastify 5 + ${driver}`
          const contestants: ReadonlyArray<Contestant> = [
            { name: `${what}, ${store}: AMS`, script: "../src/main.ts", env: { ...env, AMS_ROLE: "api" } },
            { name: peer, script: "fastify-read.ts", env }
          ]
          let at = 0
          const next = () => list[at++ % list.length] ?? { path: "/", token: "" }
          const results = yield* rounds(contestants, times, (contestant) =>
            Effect.promise(() =>
              round(contestant, shared, postmaster, next, load)
            ))
          rows.push(...rowsOf(results, peer))
        }
      }
      return table([heading("read over HTTP", "Fastify"), ...rows])
    }))
}, Effect.scoped)
