/** The access token: how it is asked for, how long it is kept, and that a crowd asks once. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import * as Client from "../../../../../src/adapters/out/http/Client.ts"
import * as Token from "../../../../../src/adapters/out/notification/fcm/Token.ts"
import { at, limits, type Reply } from "../server.ts"
import { publicKey, serving } from "./fcm.ts"

const asking = Effect.fnUntraced(function*(...replies: ReadonlyArray<Reply>) {
  const fcm = yield* serving({ tokens: replies })
  const exchange = yield* Client.make(limits)
  const { get, refuse } = yield* Token.make(fcm.serviceAccount, exchange)
  return { ...fcm, get: Effect.map(get, Redacted.value), getRedacted: get, refuse }
})

describe("a token", () => {
  it.effect("is asked for with an assertion signed by the service account, good for an hour", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(at.epochMilliseconds)
      const { get, journal, serviceAccount } = yield* asking()
      assert.strictEqual(yield* get, "access-1")
      const form = new URLSearchParams(journal[0]?.body)
      assert.strictEqual(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer")
      assert.include(journal[0]?.headers["content-type"], "application/x-www-form-urlencoded")
      const currentDate = new Date(at.epochMilliseconds)
      const { payload, protectedHeader } = yield* Effect.promise(() =>
        jose.jwtVerify(form.get("assertion") ?? "", publicKey, { currentDate })
      )
      assert.strictEqual(protectedHeader.alg, "RS256")
      assert.deepStrictEqual(payload, {
        iss: serviceAccount.clientEmail,
        scope: "https://www.googleapis.com/auth/firebase.messaging",
        aud: serviceAccount.tokenUrl,
        iat: at.epochMilliseconds / 1000,
        exp: at.epochMilliseconds / 1000 + 3600
      })
    }))

  it.effect("is kept until five minutes before its end", () =>
    Effect.gen(function*() {
      const { get } = yield* asking()
      assert.strictEqual(yield* get, "access-1")
      yield* TestClock.adjust("54 minutes")
      assert.strictEqual(yield* get, "access-1")
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* get, "access-2")
    }))

  it.live("is asked for once by all who come meanwhile", () =>
    Effect.gen(function*() {
      const { get, tokensAsked } = yield* asking()
      const all = yield* Effect.all(Array.from({ length: 20 }, () => get), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(all)], ["access-1"])
      assert.strictEqual(tokensAsked(), 1)
    }))

  it.live("that is refused is asked for anew, once for all to whom it was refused", () =>
    Effect.gen(function*() {
      const { getRedacted, refuse } = yield* asking()
      const [first, same] = [yield* getRedacted, yield* getRedacted]
      yield* refuse(first)
      const second = yield* getRedacted
      yield* refuse(same)
      assert.strictEqual(Redacted.value(yield* getRedacted), "access-2")
      assert.strictEqual(Redacted.value(second), "access-2")
    }))

  it.live.each<readonly [Reply, string]>([
    [{ status: 400, json: { error: "invalid_grant" } }, "Account fcm-token-http-400"],
    [{ status: 401 }, "Account fcm-token-http-401"],
    [{ status: 503, text: "<html>" }, "NotSent fcm-token-http-503"],
    [{ status: 429, headers: { "retry-after": "3" } }, "NotSent fcm-token-http-429"],
    [{ text: "{\"access_token\"" }, "NotSent fcm-token-unreadable"],
    ["hang", "NotSent fcm-token-read-timeout"],
    ["reset", "NotSent fcm-token-reset"]
  ])("that is not given (%j) is asked for again by the next one: %s", ([reply, expected]) =>
    Effect.gen(function*() {
      const { get } = yield* asking(reply)
      const { retryAfter, rule, tag } = yield* Effect.flip(get)
      assert.strictEqual(`${tag} ${rule}`, expected)
      assert.strictEqual(Option.isSome(retryAfter), rule === "fcm-token-http-429")
      assert.strictEqual(yield* get, "access-2")
    }))

  it.live("is never to be had with a key that is none, which is found at the start", () =>
    Effect.gen(function*() {
      const { serviceAccount } = yield* serving()
      const exchange = yield* Client.make({ ...limits, total: Duration.seconds(1) })
      const privateKey = Redacted.make("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----")
      const failure = yield* Effect.flip(Token.make({ ...serviceAccount, privateKey }, exchange))
      assert.strictEqual(failure._tag, "NotAServiceAccount")
    }))
})
