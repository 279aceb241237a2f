/** Whoever asks too often, guesses passwords or codes, or makes AMS send texts: what stops them, and whom it does not stop. */
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { password, person, withLogin } from "../../../support/academy.ts"
import { Ams, World } from "../../../support/http.ts"
import { problemOf } from "./problem.ts"

const Sent = Schema.decodeUnknownSync(Schema.Struct({ data: Schema.Struct({ verificationId: Schema.String }) }))

const limits = { memberRate: 60, addressRate: 60, codesPerAddress: 12, codesPerAcademy: 8, codesPerDay: 30 }
/** The one who asks says to come from here. */
const from = (address: string) => ({ "x-forwarded-for": address })
const proxied = { ...limits, trustedProxies: Option.some("127.0.0.0/8") }

/** Everybody begins anew. */
const forget = Effect.flatMap(Ams, ({ sql }) => sql("truncate rate_counter, login_delay"))

layer(World.layerOf(limits), { excludeTestServices: true })("rates", (it) => {
  it.effect("let a member ask as often as the policy says, which stands on each answer, and the next one wait", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { b } = yield* World
      const ask = ams.call("GET", "/api/v1/auth/me", { token: b.manager.token })
      const first = yield* ask
      assert.strictEqual(first.headers["ratelimit-policy"], "\"member\";q=60;w=60")
      assert.match(String(first.headers["ratelimit"]), /^"member";r=\d+;t=\d+$/)
      // On a slow machine a second of the window may go by meanwhile, which grants one more.
      let granted = 1
      let refused = yield* ask
      while (refused.status === 200 && granted < 100) {
        granted++
        refused = yield* ask
      }
      assert.isAtMost(granted, 65)
      problemOf(refused, 429, "COMMON_TOO_MANY_REQUESTS")
      assert.match(String(refused.headers["ratelimit"]), /^"member";r=0;t=\d+$/)
      assert.isAtLeast(Number(refused.headers["retry-after"]), 1)
      assert.isAtMost(Number(refused.headers["retry-after"]), 60)
      // Somebody else is not held up.
      assert.strictEqual((yield* ams.call("GET", "/api/v1/auth/me", { token: b.own.parent.token })).status, 200)
    }))
})

layer(World.layerOf({ ...proxied, memberRate: 1_000_000 }), { excludeTestServices: true })("an attack", (it) => {
  it.effect("on a password is over after five tries a minute, and nobody else is locked out", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      yield* forget
      yield* ams.make("/api/v1/members", { ...person("PARENT"), ...plain("attacked") }, a.office)
      const login = (password: string, address: string, loginId = "attacked") =>
        ams.call("POST", "/api/v1/auth/login", { body: { loginId, password }, headers: from(address) })
      const attacker = "203.0.113.66"
      const statuses: Array<number> = []
      for (let guess = 0; guess < 8; guess++) statuses.push((yield* login(`guess ${guess} of many`, attacker)).status)
      assert.deepStrictEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429])
      // Also the right one, for who has failed so often: it looks like a wrong one.
      yield* ams.sql("truncate rate_counter")
      problemOf(yield* login(password, attacker), 401, "AUTH_LOGIN_REFUSED")
      // From home it works.
      assert.strictEqual((yield* login(password, "198.51.100.1")).status, 200)
      // And for a login id that does not exist it looks the same.
      yield* forget
      const unknown: Array<number> = []
      for (let guess = 0; guess < 6; guess++) unknown.push((yield* login("any", attacker, "nobody.at.all")).status)
      assert.deepStrictEqual(unknown, [401, 401, 401, 401, 401, 429])
    }))

  it.effect("on many login ids from one address is over as well", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      yield* forget
      const answers = yield* Effect.forEach(Array.from({ length: 64 }, (_, n) => n), (n) =>
        ams.call("POST", "/api/v1/auth/refresh", {
          body: { refreshToken: String(n).padStart(43, "a") },
          headers: from("203.0.113.67")
        }))
      assert.lengthOf(
        answers.filter(({ status }) =>
          status === 401
        ),
        60
      )
      assert.lengthOf(answers.filter(({ status }) => status === 429), 4)
      assert.strictEqual(answers[0]?.headers["ratelimit-policy"], "\"address\";q=60;w=60")
    }))

  it.effect("is not made easier by the 2^64 addresses that one client has over IPv6", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      yield* forget
      const times = Array.from({ length: 14 }, (_, n) => n)
      const statuses = (ask: (address: string, n: number) => ReturnType<typeof ams.call>) =>
        Effect.map(
          Effect.forEach(times, (n) => ask(`2001:db8:66:1::${n + 1}`, n)),
          (answers) => answers.map(({ status }) => status)
        )
      const guesses = yield* statuses((address, n) =>
        ams.call("POST", "/api/v1/auth/login", {
          body: { loginId: "over.ipv6", password: `guess ${n} of many` },
          headers: from(address)
        })
      )
      assert.deepStrictEqual(guesses, times.map((n) => (n < 5 ? 401 : 429)))
      const codes = yield* statuses((address, n) =>
        ams.call("POST", "/api/v1/auth/phone/send-code", {
          body: { phone: `010-4001-${String(n).padStart(4, "0")}`, purpose: "SIGN_UP" },
          headers: from(address)
        })
      )
      assert.deepStrictEqual(codes, times.map((n) => (n < 12 ? 202 : 429)))
    }))

  it.effect("by having codes sent costs a few text messages and no more", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      const { a } = yield* World
      yield* forget
      const send = (phone: number, address: string, academyId?: string) =>
        ams.call("POST", "/api/v1/auth/phone/send-code", {
          body: {
            phone: `010-4000-${String(phone).padStart(4, "0")}`,
            purpose: "SIGN_UP",
            ...(academyId === undefined ? {} : { academyId })
          },
          headers: from(address)
        })
      const granted = (statuses: ReadonlyArray<number>) => statuses.filter((status) => status === 202).length
      const statuses = (asked: ReadonlyArray<Effect.Effect<{ readonly status: number }>>) =>
        Effect.map(Effect.all(asked), (answers) => answers.map(({ status }) => status))
      const times = (count: number) => Array.from({ length: count }, (_, n) => n)
      // To one number, from anywhere: three a minute.
      assert.strictEqual(granted(yield* statuses(times(6).map((n) => send(1, `203.0.113.${n}`)))), 3)
      // To many numbers from one address: twelve an hour.
      assert.strictEqual(granted(yield* statuses(times(15).map((n) => send(100 + n, "203.0.113.200")))), 12)
      // At one academy, from many addresses to many numbers: eight a day.
      assert.strictEqual(granted(yield* statuses(times(10).map((n) => send(200 + n, `198.51.100.${n}`, a.id)))), 8)
      // In all: thirty a day, of which 23 are gone.
      assert.strictEqual(granted(yield* statuses(times(10).map((n) => send(300 + n, `192.0.2.${n}`)))), 7)
      const { sql } = ams
      const texts = yield* sql("select from sandbox_message where recipient like '+82104000%'")
      assert.lengthOf(Array.isArray(texts) ? texts : [], 30)
    }))

  it.effect("on a code has five tries, however many are made at once", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      yield* forget
      const phone = "010-4000-9999"
      const sent = yield* ams.call("POST", "/api/v1/auth/phone/send-code", {
        body: { phone, purpose: "SIGN_UP" },
        headers: from("203.0.113.1")
      })
      const { verificationId } = Sent(sent.json).data
      // A million machines, one code each.
      const answers = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, n) => n),
        (n) =>
          ams.call("POST", "/api/v1/auth/phone/verify-code", {
            body: { verificationId, code: String(n).padStart(6, "0") },
            headers: from(`192.0.2.${n}`)
          }),
        { concurrency: "unbounded" }
      )
      assert.isTrue(answers.every(({ status }) => status === 422 || status === 200))
      const [row] = yield* ams.sql(`select tries from phone_verification where id = '${verificationId}'`).pipe(
        Effect.map(Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ tries: Schema.Int }))))
      )
      assert.strictEqual(row?.tries, 5)
    }))
})

layer(World.layerOf(limits), { excludeTestServices: true })("without a proxy of ours in front", (it) => {
  it.effect("nobody comes from elsewhere by saying so", () =>
    Effect.gen(function*() {
      const ams = yield* Ams
      yield* forget
      const send = (n: number) =>
        ams.call("POST", "/api/v1/auth/phone/send-code", {
          body: { phone: `010-4000-${String(n).padStart(4, "0")}`, purpose: "SIGN_UP" },
          headers: from(`203.0.113.${n}`)
        })
      const answers = yield* Effect.forEach(Array.from({ length: 14 }, (_, n) => n), send)
      assert.lengthOf(answers.filter(({ status }) => status === 202), 12)
      assert.lengthOf(answers.filter(({ status }) => status === 429), 2)
    }))
})

const plain = (loginId: string) => ({ ...withLogin(loginId), password })
