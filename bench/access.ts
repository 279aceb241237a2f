/**
 * Getting in: logins and refreshes over HTTP, queries beside fifty people who log in at once, and what the look at who asks
 * costs a query: signature, login with its roles, and rate, as each request has them. BENCH_SECONDS (10) of each.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { Agent, request } from "node:http"
import { text } from "node:stream/consumers"
import { Pool } from "pg"
import * as Clients from "../src/adapters/out/postgres/Clients.ts"
import * as Academies from "../src/adapters/out/postgres/PostgresAcademyRepository.ts"
import * as Members from "../src/adapters/out/postgres/PostgresMemberRepository.ts"
import * as Rates from "../src/adapters/out/postgres/PostgresRateLimits.ts"
import * as Argon2 from "../src/adapters/out/security/Argon2Passwords.ts"
import * as Jwt from "../src/adapters/out/security/JwtTokens.ts"
import * as ThreadPool from "../src/adapters/workers/ThreadPool.ts"
import { Authorize } from "../src/application/Authorize.ts"
import { AcademyId, MemberId } from "../src/domain/Ids.ts"
import { Passwords } from "../src/ports/Passwords.ts"
import { RateLimits } from "../src/ports/RateLimits.ts"
import { Tokens } from "../src/ports/Tokens.ts"
import { fresh } from "./beside.ts"
import { type Press, press, serve, type Server, stop, tokensFor } from "./http.ts"
import { offer } from "./offer.ts"
import { percentile, query, table } from "./support.ts"
import { term } from "./term.ts"

const seconds = Number(process.env["BENCH_SECONDS"] ?? 10)
const connections = 16
/** As many as may wait for their password to be looked at. */
const people = 50
/** Milliseconds within which they come; thereafter all of them wait at any time. */
const arriving = 1_000
/** Registers a second, each at its time: what an academy of some thousand asks for, and a third of what two cores can. */
const rate = 100
/** Of registers alone and of registers beside logins. */
const turns = 3
const password = "bench password"
const cost = { memory: 19_456, passes: 2 }

const isThere = <A>(one: A | undefined): one is A => one !== undefined

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({
  data: Schema.Struct({ refreshToken: Schema.String })
})))

const ask = (agent: Agent, { port }: Server, path: string, body: unknown) =>
  new Promise<string>((resolve, reject) => {
    const sent = request({
      agent,
      host: "127.0.0.1",
      port,
      method: "POST",
      path: `/api/v1/auth/${path}`,
      headers: { "content-type": "application/json" }
    }, (answer) => {
      text(answer).then((said) => {
        if (answer.statusCode === 200) resolve(said)
        else reject(new Error(`${path}: ${answer.statusCode} ${said}`))
      }, reject)
    })
    sent.on("error", reject)
    sent.end(JSON.stringify(body))
  })

/**
 * So many at once, each one after the other, for as long as that; how long each took, in ms. The first ones come within
 * `within` ms.
 */
const closedLoop = async (atOnce: number, one: (lane: number) => Promise<void>, within = 0) => {
  const took: Array<number> = []
  const end = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: atOnce }, async (_, lane) => {
    await new Promise((resolve) => setTimeout(resolve, (within * lane) / atOnce))
    while (performance.now() < end) {
      const began = performance.now()
      await one(lane)
      took.push(performance.now() - began)
    }
  }))
  return took
}

const row = (name: string, took: ReadonlyArray<number>, turns = 1) => [
  name,
  took.length / seconds / turns,
  percentile(took, 50),
  percentile(took, 99)
]

/** What one request pays before its use case: microseconds, all in this process but a look at the login each second. */
const authorization = Effect.fnUntraced(function*(tokens: ReadonlyArray<string>) {
  const { verify } = yield* Tokens
  const { identify } = yield* Authorize
  const { take } = yield* RateLimits
  const one = Effect.fnUntraced(function*(token: string) {
    const { memberId } = yield* identify(yield* verify(Redacted.make(token)), Option.none())
    yield* take("MEMBER", memberId)
  })
  const all = Effect.forEach(tokens, one, { discard: true })
  yield* all
  const end = performance.now() + seconds * 1000
  let done = 0
  const began = performance.now()
  while (performance.now() < end) {
    yield* all
    done += tokens.length
  }
  return ((performance.now() - began) * 1000) / done
})

export const access = Effect.fnUntraced(function*(serverUrl: string) {
  const key = yield* Jwt.generateKey
  return yield* fresh(serverUrl, (url) =>
    Effect.gen(function*() {
      const held = yield* Effect.promise(() => term(url, { academies: 2, classes: 20, days: 5 }))
      const hash = yield* Effect.flatMap(Passwords, (passwords) => passwords.hash(Redacted.make(password))).pipe(
        Effect.provide(
          Argon2.layer(cost).pipe(
            Layer.provide(
              ThreadPool.layer({ threads: 1, mayWait: 0, timeLimit: "10 seconds", entry: ThreadPool.hashing })
            ),
            Layer.provide(NodeCrypto.layer)
          )
        )
      )
      yield* Effect.promise(() =>
        query(
          url,
          `update member m set login_id = 'bench.' || n, password_hash = $1
           from (select id, row_number() over (order by id) - 1 as n from member where name like 'parent %') p
           where p.id = m.id and p.n < ${people}`,
          [Redacted.value(hash)]
        )
      )
      const managers = [...new Map(held.map((one) => [one.managerId, one])).values()]
      const who = managers.map((one) => ({
        academyId: AcademyId.make(one.academyId),
        memberId: MemberId.make(one.managerId)
      }))
      const tokens = yield* tokensFor(key, who)
      const tokenOf = new Map(managers.map(({ academyId }, n) => [academyId, tokens[n] ?? ""]))
      const looks = held.map((one): Press => ({
        method: "GET",
        path: `/sessions/${one.sessionId}/register`,
        token: tokenOf.get(one.academyId) ?? ""
      }))
      const env = { DATABASE_URL: url, AMS_ENV: "production", AMS_ROLE: "api", JWT_PRIVATE_KEY: Redacted.value(key) }
      const over = yield* Effect.promise(async () => {
        const ams = await serve("AMS", "../src/main.ts", env)
        const agent = new Agent({ keepAlive: true })
        while ((await query(url, "select from read.epoch")).length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
        let at = 0
        const look = async () => {
          const what = looks[at++ % looks.length]
          if (what === undefined) throw new Error("no session")
          const status = await press(agent, ams, what)
          if (status !== 200) throw new Error(`a register: ${status}`)
        }
        // Whoever logs in often is slowed down, which is not what is measured.
        const database = new Pool({ connectionString: url, max: 1 })
        const login = async (lane: number) => {
          await database.query("delete from rate_counter")
          return await ask(agent, ams, "login", { loginId: `bench.${lane % people}`, password })
        }
        const looking = async () => {
          const due = Array.from({ length: rate * seconds }, (_, n) => looks[n % looks.length] ?? looks[0]).filter(
            isThere
          )
          const { outcomes } = await offer([ams], due, rate)
          const wrong = outcomes.find(({ status }) => status !== 200)
          if (wrong !== undefined) throw new Error(`a register: ${wrong.status}`)
          return outcomes.map(({ took }) => took)
        }
        await closedLoop(connections, look)
        const full = await closedLoop(connections, look)
        await closedLoop(people, (lane) => login(lane).then(() => undefined))
        const quiet: Array<number> = []
        const busy: Array<number> = []
        const logins: Array<number> = []
        const loggingIn = (lane: number) => {
          const began = performance.now()
          return login(lane).then(() => void logins.push(performance.now() - began))
        }
        // In turns, since what else the machine does changes from one half minute to the next.
        for (let turn = 0; turn < turns; turn++) {
          quiet.push(...(await looking()))
          const [beside] = await Promise.all([looking(), closedLoop(people, loggingIn, arriving)])
          busy.push(...beside)
        }
        const alone = await closedLoop(2, (lane) => login(lane).then(() => undefined))
        const held = await Promise.all(Array.from({ length: connections }, (_, lane) => login(lane)))
        const refreshTokens = held.map((said) => decode(said).data.refreshToken)
        const refreshed = await closedLoop(connections, async (lane) => {
          if (Math.random() < 0.05) await database.query("delete from rate_counter")
          refreshTokens[lane] = decode(await ask(agent, ams, "refresh", { refreshToken: refreshTokens[lane] })).data
            .refreshToken
        })
        agent.destroy()
        await database.end()
        await stop(ams)
        return { full, quiet, busy, logins, alone, refreshed }
      })
      const micros = yield* authorization(tokens).pipe(
        Effect.provide(
          Authorize.layer.pipe(
            Layer.provideMerge(Layer.mergeAll(
              Members.layer,
              Academies.layer,
              Jwt.layer(key),
              Rates.layer({ member: 1e9, address: 1e9, codes: { address: 1, academy: 1, all: 1 } }, key)
            )),
            Layer.provide(
              Clients.layer({
                url: Redacted.make(url),
                commandConnections: 4,
                backgroundConnections: 1,
                otherConnections: 4
              })
            ),
            Layer.provide(NodeCrypto.layer)
          )
        )
      )
      const p50 = percentile(over.quiet, 50)
      return [
        table([
          ["over HTTP", "a second", "p50 ms", "p99 ms"],
          row(`a register of 30, ${connections} at once`, over.full),
          row(`the same, ${rate} a second`, over.quiet, turns),
          row(`the same while ${people} log in at once`, over.busy, turns),
          row(`logins, ${people} at once, beside it`, over.logins, turns),
          row("logins, 2 at once", over.alone),
          row(`refreshes, ${connections} at once`, over.refreshed)
        ]),
        table([
          ["who asks", "", ""],
          ["µs a request", micros, ""],
          ["part of a register's p50", micros / 1000 / p50, "goal 0.1"],
          ["p99 beside logins, ratio", percentile(over.busy, 99) / percentile(over.quiet, 99), "goal 1.1"]
        ])
      ].join("\n\n")
    }))
})
